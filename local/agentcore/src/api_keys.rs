//! API key providers. They have no user and no flow: an agent reads the stored key.
//!
//! Source: the service models of both planes. A key in the user's own Secrets Manager is not supported.

use std::{collections::BTreeMap, time::SystemTime};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AgentCore,
    control_plane::{Listing, Name, list, seconds},
    input::Input,
    limits::{ApiKey, ProviderName, WorkloadAccessToken},
    refusal::{ApiRefusal, OperationResult},
};
use stand_in::{ACCOUNT, REGION};

/// The most that a page of the list holds.
const PAGE: usize = 100;

/// A key.
pub(super) struct ApiKeyProvider {
    key: ApiKey,
    created: SystemTime,
    updated: SystemTime,
}

/// The keys by their provider's name.
pub(super) type ApiKeyProviders = BTreeMap<String, ApiKeyProvider>;

/// The operations of both planes.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/identities/api-key", post(read))
        .route("/identities/CreateApiKeyCredentialProvider", post(create))
        .route("/identities/GetApiKeyCredentialProvider", post(get))
        .route("/identities/UpdateApiKeyCredentialProvider", post(update))
        .route("/identities/DeleteApiKeyCredentialProvider", post(delete))
        .route("/identities/ListApiKeyCredentialProviders", post(list_all))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForWorkload {
    workload_identity_token: WorkloadAccessToken,
    resource_credential_provider_name: ProviderName,
}

/// `GetResourceApiKey`.
async fn read(State(core): State<AgentCore>, Input(input): Input<ForWorkload>) -> OperationResult {
    let now = core.now();
    let state = core.state();
    state.workload_tokens.bearer(&input.workload_identity_token, now)?;
    let provider = state.api_key(&input.resource_credential_provider_name)?;
    Ok(Json(json!({ "apiKey": *provider.key })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    name: ProviderName,
    api_key: ApiKey,
}

/// `CreateApiKeyCredentialProvider`.
async fn create(
    State(core): State<AgentCore>,
    Input(input): Input<Definition>,
) -> Result<(StatusCode, Json<Value>), ApiRefusal> {
    Ok((StatusCode::CREATED, Json(core.add_api_key(input)?)))
}

impl AgentCore {
    /// Creates a provider of an API key. Returns the response of the operation.
    pub(crate) fn add_api_key(&self, definition: Definition) -> Result<Value, ApiRefusal> {
        let now = self.now();
        let mut state = self.state();
        if state.api_keys.contains_key(&*definition.name) {
            return Err(ApiRefusal::exists("Credential provider", &definition.name));
        }
        let provider = ApiKeyProvider { key: definition.api_key, created: now, updated: now };
        state.api_keys.insert(definition.name.to_string(), provider);
        Ok(identify(&definition.name))
    }
}

/// `GetApiKeyCredentialProvider`: everything but the key.
async fn get(State(core): State<AgentCore>, Input(input): Input<Name>) -> OperationResult {
    let state = core.state();
    Ok(Json(describe(&input.name, state.api_key(&input.name)?)))
}

/// `UpdateApiKeyCredentialProvider`.
async fn update(State(core): State<AgentCore>, Input(input): Input<Definition>) -> OperationResult {
    let updated = core.now();
    let mut state = core.state();
    let created = state.api_key(&input.name)?.created;
    let provider = ApiKeyProvider { key: input.api_key, created, updated };
    let answer = describe(&input.name, &provider);
    state.api_keys.insert(input.name.to_string(), provider);
    Ok(Json(answer))
}

/// `DeleteApiKeyCredentialProvider`.
async fn delete(
    State(core): State<AgentCore>,
    Input(input): Input<Name>,
) -> Result<StatusCode, ApiRefusal> {
    let mut state = core.state();
    state.api_key(&input.name)?;
    state.api_keys.remove(&*input.name);
    Ok(StatusCode::NO_CONTENT)
}

/// `ListApiKeyCredentialProviders`.
async fn list_all(
    State(core): State<AgentCore>,
    Input(listing): Input<Listing>,
) -> OperationResult {
    list(&core.state().api_keys, &listing, PAGE, "credentialProviders", |name, provider| {
        json!({
            "name": name,
            "credentialProviderArn": arn(name),
            "createdTime": seconds(provider.created),
            "lastUpdatedTime": seconds(provider.updated),
        })
    })
}

fn describe(name: &str, provider: &ApiKeyProvider) -> Value {
    let mut described = identify(name);
    described["createdTime"] = seconds(provider.created).into();
    described["lastUpdatedTime"] = seconds(provider.updated).into();
    described
}

fn identify(name: &str) -> Value {
    let secret = format!(
        "arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:bedrock-agentcore-identity!default/\
         apikey/{name}"
    );
    json!({
        "name": name,
        "credentialProviderArn": arn(name),
        "apiKeySecretArn": { "secretArn": secret },
        "apiKeySecretSource": "MANAGED",
    })
}

fn arn(name: &str) -> String {
    format!("arn:aws:acps:{REGION}:{ACCOUNT}:token-vault/default/apikeycredentialprovider/{name}")
}
