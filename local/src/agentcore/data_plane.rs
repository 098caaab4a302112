//! The data plane: workload access tokens, resource tokens, and the completion of a session.
//!
//! Source: the service model of `bedrock-agentcore`, which the inputs below repeat.

use std::collections::BTreeMap;

use axum::{Json, Router, extract::State, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AgentCore,
    exchange::{Failure, exchange},
    flows::{Ending, Purpose, Status},
    input::Input,
    limits::{
        CustomState, ParameterName, ParameterValue, ProviderName, ReturnUrl, Scope, SessionUri,
        UserId, UserToken, WorkloadAccessToken, WorkloadName,
    },
    refusal::Refusal,
    vault::Key,
    workload::{User, UserIdentifier},
};

type Answer = Result<Json<Value>, Refusal>;

/// The operations.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/identities/GetWorkloadAccessToken", post(workload_token))
        .route("/identities/GetWorkloadAccessTokenForUserId", post(workload_token_for_user_id))
        .route("/identities/GetWorkloadAccessTokenForJWT", post(workload_token_for_jwt))
        .route("/identities/oauth2/token", post(resource_token))
        .route("/identities/CompleteResourceTokenAuth", post(complete))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForWorkload {
    workload_name: WorkloadName,
}

/// `GetWorkloadAccessToken`.
async fn workload_token(State(core): State<AgentCore>, Input(input): Input<ForWorkload>) -> Answer {
    core.issue(&input.workload_name, None)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForUserId {
    workload_name: WorkloadName,
    user_id: UserId,
}

/// `GetWorkloadAccessTokenForUserId`.
async fn workload_token_for_user_id(
    State(core): State<AgentCore>,
    Input(input): Input<ForUserId>,
) -> Answer {
    core.issue(&input.workload_name, Some(User::of_id(input.user_id)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForJwt {
    workload_name: WorkloadName,
    user_token: UserToken,
}

/// `GetWorkloadAccessTokenForJWT`.
async fn workload_token_for_jwt(
    State(core): State<AgentCore>,
    Input(input): Input<ForJwt>,
) -> Answer {
    let user = User::of_token(input.user_token, core.now())?;
    core.issue(&input.workload_name, Some(user))
}

#[derive(Deserialize, PartialEq)]
enum Oauth2Flow {
    #[serde(rename = "USER_FEDERATION")]
    UserFederation,
    #[serde(rename = "M2M")]
    MachineToMachine,
    #[serde(rename = "ON_BEHALF_OF_TOKEN_EXCHANGE")]
    OnBehalfOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForResource {
    workload_identity_token: WorkloadAccessToken,
    resource_credential_provider_name: ProviderName,
    scopes: Vec<Scope>,
    oauth2_flow: Oauth2Flow,
    session_uri: Option<SessionUri>,
    resource_oauth2_return_url: Option<ReturnUrl>,
    #[serde(default)]
    force_authentication: bool,
    #[serde(default)]
    custom_parameters: BTreeMap<ParameterName, ParameterValue>,
    custom_state: Option<CustomState>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    audiences: Vec<String>,
}

/// `GetResourceOauth2Token`: the vault's token, or how far its flow has come, or a new flow.
async fn resource_token(State(core): State<AgentCore>, Input(input): Input<ForResource>) -> Answer {
    if input.oauth2_flow != Oauth2Flow::UserFederation {
        return Err(Refusal::validation(
            "The stand-in for AgentCore Identity has no oauth2Flow but USER_FEDERATION",
        ));
    }
    if !input.resources.is_empty() || !input.audiences.is_empty() {
        return Err(Refusal::validation(
            "The stand-in for AgentCore Identity has no resources and no audiences",
        ));
    }
    let now = core.now();
    let mut state = core.state();
    let bearer = state.workload_tokens.bearer(&input.workload_identity_token, now)?;
    let user = bearer.user.ok_or_else(|| {
        Refusal::validation("USER_FEDERATION needs a workload access token for a user")
    })?;
    let provider = input.resource_credential_provider_name.to_string();
    state.provider(&provider)?;
    let identity = state.identity(&bearer.workload)?;
    let return_url = identity.check_return_url(input.resource_oauth2_return_url)?;
    let key = Key { workload: bearer.workload, user: user.vault_user, provider };

    // "Whether to always initiate a new flow, regardless of any existing session".
    if !input.force_authentication {
        if let Some(uri) = &input.session_uri {
            match state.flows.status(uri, &key, now).ok_or_else(Refusal::session)? {
                Status::InProgress => return Ok(core.in_progress(uri)),
                Status::Failed => {
                    return Ok(Json(json!({ "sessionUri": **uri, "sessionStatus": "FAILED" })));
                }
                Status::Completed => {}
            }
        }
        if let Some(token) = state.vault.token(&key, &input.scopes, core.lesser_scopes, now) {
            return Ok(Json(json!({ "accessToken": token })));
        }
    }
    let purpose = Purpose {
        key,
        identifier: user.identifier,
        scopes: input.scopes,
        return_url,
        custom_state: input.custom_state,
        custom_parameters: input.custom_parameters,
    };
    let uri = state.flows.begin(purpose, now);
    tracing::info!("stand-in for AgentCore Identity: a consent flow begins");
    Ok(core.in_progress(&uri))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Completion {
    user_identifier: UserIdentifier,
    session_uri: SessionUri,
}

/// `CompleteResourceTokenAuth`: now, and only now, the code is exchanged.
async fn complete(State(core): State<AgentCore>, Input(input): Input<Completion>) -> Answer {
    let now = core.now();
    let (code, purpose, provider) = {
        let mut state = core.state();
        let (code, purpose) = state
            .flows
            .take_code(&input.session_uri, &input.user_identifier, now)
            .ok_or_else(Refusal::session)?;
        let provider = state.provider(&purpose.key.provider)?.clone();
        (code, purpose, provider)
    };
    let outcome = exchange(&provider, &core.base, &code, &purpose.scopes, now).await;
    let mut state = core.state();
    let (ending, answer) = match outcome {
        Ok(token) => {
            state.vault.store(purpose.key, token);
            tracing::info!("stand-in for AgentCore Identity: a session is completed");
            (Ending::Completed, Ok(Json(json!({}))))
        }
        Err(Failure::Refused) => (Ending::Refused, Err(Refusal::provider_refused())),
        Err(Failure::Unreachable) => {
            (Ending::NotAsked { code }, Err(Refusal::provider_unreachable()))
        }
    };
    state.flows.finish(&input.session_uri, ending);
    answer
}

impl AgentCore {
    /// A workload access token, if the workload exists.
    fn issue(&self, workload: &str, user: Option<User>) -> Answer {
        let now = self.now();
        let mut state = self.state();
        state.identity(workload)?;
        let token = state.workload_tokens.issue(workload, user, now);
        Ok(Json(json!({ "workloadAccessToken": token })))
    }

    /// The answer while a person has still to consent.
    fn in_progress(&self, uri: &str) -> Json<Value> {
        let mut url = self.base.clone();
        url.set_path("/identities/oauth2/authorize");
        url.query_pairs_mut().append_pair("request_uri", uri);
        Json(json!({
            "authorizationUrl": url, "sessionUri": uri, "sessionStatus": "IN_PROGRESS",
        }))
    }
}
