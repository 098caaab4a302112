//! The data plane: workload access tokens, and the completion of a session.
//!
//! Source: the service model of `bedrock-agentcore`, from which the inputs below are taken.

use axum::{Json, Router, extract::State, routing::post};
use serde::Deserialize;
use serde_json::json;

use super::{
    AgentCore,
    exchange::{ExchangeFailure, Grant, exchange},
    flows::Ending,
    input::Input,
    limits::{SessionUri, UserId, UserToken, WorkloadName},
    refusal::{ApiRefusal, OperationResult},
    workload::{User, UserIdentifier},
};

/// The operations.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/identities/GetWorkloadAccessToken", post(workload_token))
        .route("/identities/GetWorkloadAccessTokenForUserId", post(workload_token_for_user_id))
        .route("/identities/GetWorkloadAccessTokenForJWT", post(workload_token_for_jwt))
        .route("/identities/CompleteResourceTokenAuth", post(complete))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForWorkload {
    workload_name: WorkloadName,
}

/// `GetWorkloadAccessToken`.
async fn workload_token(
    State(core): State<AgentCore>,
    Input(input): Input<ForWorkload>,
) -> OperationResult {
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
) -> OperationResult {
    core.issue(&input.workload_name, Some(User::from_id(input.user_id)))
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
) -> OperationResult {
    let user = User::from_token(input.user_token, core.now())?;
    core.issue(&input.workload_name, Some(user))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Completion {
    user_identifier: UserIdentifier,
    session_uri: SessionUri,
}

/// `CompleteResourceTokenAuth`.
async fn complete(
    State(core): State<AgentCore>,
    Input(input): Input<Completion>,
) -> OperationResult {
    core.complete(&input.session_uri, &input.user_identifier).await
}

impl AgentCore {
    /// Completes a session. Only now the code is exchanged.
    pub(super) async fn complete(
        &self,
        session_uri: &str,
        user: &UserIdentifier,
    ) -> OperationResult {
        let now = self.now();
        let (code, purpose, provider) = {
            let mut state = self.state();
            let (code, purpose) =
                state.flows.take_code(session_uri, user, now).ok_or_else(ApiRefusal::session)?;
            let provider = state.provider(&purpose.key.provider)?.clone();
            (code, purpose, provider)
        };
        let asked = purpose.scopes.iter().map(|scope| scope.to_string()).collect();
        let outcome = exchange(&provider, &self.base, Grant::Code(&code), asked, now).await;
        let mut state = self.state();
        let (ending, answer) = match outcome {
            Ok(token) => {
                tracing::info!(
                    user = user.name(),
                    provider = purpose.key.provider,
                    "a session is completed"
                );
                state.vault.store(purpose.key, token);
                (Ending::Completed, Ok(Json(json!({}))))
            }
            Err(ExchangeFailure::Refused) => (Ending::Refused, Err(ApiRefusal::provider_refused())),
            Err(ExchangeFailure::Unclear) => {
                (Ending::Refused, Err(ApiRefusal::provider_unreachable()))
            }
            Err(ExchangeFailure::NotAsked) => {
                (Ending::NotAsked { code }, Err(ApiRefusal::provider_unreachable()))
            }
        };
        state.flows.finish(session_uri, ending);
        answer
    }

    /// Issues a workload access token, if the workload exists.
    fn issue(&self, workload: &str, user: Option<User>) -> OperationResult {
        let now = self.now();
        let mut state = self.state();
        state.identity(workload)?;
        let token = state.workload_tokens.issue(workload, user, self.settings.workload_token, now);
        Ok(Json(json!({ "workloadAccessToken": token })))
    }
}
