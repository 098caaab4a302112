//! Workload identities.

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        AgentCore,
        input::Input,
        limits::{ReturnUrl, WorkloadName},
        refusal::{ApiRefusal, OperationResult},
        workload::WorkloadIdentity,
    },
    Listing, list, seconds,
};
use stand_in::{ACCOUNT, REGION};

/// The most that a page of the list holds.
const PAGE: usize = 20;

/// The operations.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/identities/CreateWorkloadIdentity", post(create))
        .route("/identities/GetWorkloadIdentity", post(get))
        .route("/identities/UpdateWorkloadIdentity", post(update))
        .route("/identities/DeleteWorkloadIdentity", post(delete))
        .route("/identities/ListWorkloadIdentities", post(list_all))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    name: WorkloadName,
    allowed_resource_oauth2_return_urls: Option<Vec<ReturnUrl>>,
}

impl Definition {
    fn return_urls(&self) -> Option<Vec<String>> {
        let urls = self.allowed_resource_oauth2_return_urls.as_ref()?;
        Some(urls.iter().map(|url| url.to_string()).collect())
    }
}

#[derive(Deserialize)]
struct Name {
    name: WorkloadName,
}

/// `CreateWorkloadIdentity`.
async fn create(
    State(core): State<AgentCore>,
    Input(input): Input<Definition>,
) -> Result<(StatusCode, Json<Value>), ApiRefusal> {
    Ok((StatusCode::CREATED, Json(core.add_identity(&input)?)))
}

impl AgentCore {
    /// Creates a workload identity. Returns the response of the operation.
    pub(crate) fn add_identity(&self, definition: &Definition) -> Result<Value, ApiRefusal> {
        let urls = definition.return_urls().unwrap_or_default();
        let identity = WorkloadIdentity::new(urls, self.now());
        let mut state = self.state();
        if state.identities.contains_key(&*definition.name) {
            return Err(ApiRefusal::exists("Workload identity", &definition.name));
        }
        let answer = identify(&definition.name, &identity);
        state.identities.insert(definition.name.to_string(), identity);
        Ok(answer)
    }
}

/// `GetWorkloadIdentity`.
async fn get(State(core): State<AgentCore>, Input(input): Input<Name>) -> OperationResult {
    let state = core.state();
    Ok(Json(describe(&input.name, state.identity(&input.name)?)))
}

/// `UpdateWorkloadIdentity`: a list of return URLs replaces the earlier one.
async fn update(State(core): State<AgentCore>, Input(input): Input<Definition>) -> OperationResult {
    let updated = core.now();
    let mut state = core.state();
    let old = state.identity(&input.name)?;
    let allowed_return_urls =
        input.return_urls().unwrap_or_else(|| old.allowed_return_urls.clone());
    let identity = WorkloadIdentity { allowed_return_urls, created: old.created, updated };
    let answer = describe(&input.name, &identity);
    state.identities.insert(input.name.to_string(), identity);
    Ok(Json(answer))
}

/// `DeleteWorkloadIdentity`, and with it the workload's tokens, flows and part of the vault.
async fn delete(
    State(core): State<AgentCore>,
    Input(input): Input<Name>,
) -> Result<StatusCode, ApiRefusal> {
    let mut state = core.state();
    state.identity(&input.name)?;
    state.identities.remove(&*input.name);
    state.workload_tokens.forget(&input.name);
    state.forget(|key| key.workload == *input.name);
    Ok(StatusCode::NO_CONTENT)
}

/// `ListWorkloadIdentities`.
async fn list_all(
    State(core): State<AgentCore>,
    Input(listing): Input<Listing>,
) -> OperationResult {
    list(
        &core.state().identities,
        &listing,
        PAGE,
        "workloadIdentities",
        |name, _| json!({ "name": name, "workloadIdentityArn": arn(name) }),
    )
}

fn describe(name: &str, identity: &WorkloadIdentity) -> Value {
    let mut described = identify(name, identity);
    described["createdTime"] = seconds(identity.created).into();
    described["lastUpdatedTime"] = seconds(identity.updated).into();
    described
}

/// The response to the creation of an identity, which has no times.
fn identify(name: &str, identity: &WorkloadIdentity) -> Value {
    json!({
        "name": name,
        "workloadIdentityArn": arn(name),
        "allowedResourceOauth2ReturnUrls": identity.allowed_return_urls,
    })
}

fn arn(name: &str) -> String {
    format!(
        "arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:workload-identity-directory/default/\
         workload-identity/{name}"
    )
}
