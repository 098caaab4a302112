//! `GetResourceOauth2Token`: returns the stored token, refreshed if it has expired, or begins a
//! consent flow.
//!
//! Source: the service model of `bedrock-agentcore`. Only the flow `USER_FEDERATION` is there.

use std::collections::BTreeMap;

use axum::{Json, Router, extract::State, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AgentCore, GrantLookup,
    exchange::{ExchangeFailure, Grant, exchange},
    flows::{Purpose, Status},
    input::Input,
    limits::{
        CustomState, ParameterName, ParameterValue, ProviderName, ReturnUrl, Scope, SessionUri,
        WorkloadAccessToken,
    },
    refusal::{ApiRefusal, OperationResult},
    vault::{Key, Request},
};

/// The operation.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new().route("/identities/oauth2/token", post(resource_token))
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

/// `GetResourceOauth2Token`: returns the stored token, or the status of its flow, or a new flow.
async fn resource_token(
    State(core): State<AgentCore>,
    Input(mut input): Input<ForResource>,
) -> OperationResult {
    // "Whether to always initiate a new flow, regardless of any existing session".
    let is_forced = input.force_authentication;
    let session = input.session_uri.take();
    let purpose = core.purpose(input)?;
    let (key, now) = (&purpose.key, core.now());
    if !is_forced {
        if let Some(uri) = &session {
            let status = core.state().flows.status(uri, &purpose, now);
            match status.ok_or_else(ApiRefusal::session)? {
                Status::InProgress => return Ok(core.in_progress(uri)),
                Status::Failed => {
                    return Ok(Json(json!({ "sessionUri": **uri, "sessionStatus": "FAILED" })));
                }
                Status::Completed => {}
            }
        }
        core.refresh(key).await?;
        let state = core.state();
        if let Some(token) = state.vault.token(key, &purpose.scopes, core.grant_lookup, now) {
            return Ok(Json(json!({ "accessToken": token })));
        }
    }
    tracing::info!(
        user = purpose.identifier.name(),
        provider = purpose.key.provider,
        scopes = purpose.scopes.iter().map(|scope| &**scope).collect::<Vec<_>>().join(" "),
        "a consent flow begins"
    );
    let uri = core.state().flows.begin(purpose, core.settings.session, now);
    Ok(core.in_progress(&uri))
}

impl AgentCore {
    /// Checks that everything that a request names exists. Returns what it is for.
    fn purpose(&self, input: ForResource) -> Result<Purpose, ApiRefusal> {
        if input.oauth2_flow != Oauth2Flow::UserFederation {
            return Err(ApiRefusal::validation(
                "The stand-in for AgentCore Identity has no oauth2Flow but USER_FEDERATION",
            ));
        }
        if !input.resources.is_empty() || !input.audiences.is_empty() {
            return Err(ApiRefusal::validation(
                "The stand-in for AgentCore Identity has no resources and no audiences",
            ));
        }
        let (now, state) = (self.now(), self.state());
        let bearer = state.workload_tokens.bearer(&input.workload_identity_token, now)?;
        let user = bearer.user.ok_or_else(|| {
            ApiRefusal::validation("USER_FEDERATION needs a workload access token for a user")
        })?;
        let provider = input.resource_credential_provider_name.to_string();
        state.provider(&provider)?;
        let identity = state.identity(&bearer.workload)?;
        let return_url = identity.check_return_url(
            input.resource_oauth2_return_url,
            &self.settings.default_return_urls,
        )?;
        let request = (self.grant_lookup == GrantLookup::ByRequest).then(|| Request {
            scopes: input.scopes.iter().cloned().collect(),
            custom_parameters: input.custom_parameters.clone(),
        });
        Ok(Purpose {
            key: Key { workload: bearer.workload, user: user.vault_user, provider, request },
            identifier: user.identifier,
            scopes: input.scopes,
            return_url,
            custom_state: input.custom_state,
            custom_parameters: input.custom_parameters,
        })
    }

    /// Refreshes the stored token if it has expired and has a refresh token. If the provider refuses,
    /// the token is removed; if it can't be reached, the next request tries again.
    async fn refresh(&self, key: &Key) -> Result<(), ApiRefusal> {
        let due = || {
            let state = self.state();
            let due = state.vault.refreshable(key, self.now())?;
            Some((due, state.provider(&key.provider).ok()?.clone()))
        };
        if due().is_none() {
            return Ok(());
        }
        let _one_at_a_time = self.refreshing.lock().await;
        let Some((expired, provider)) = due() else { return Ok(()) };
        let grant = Grant::RefreshToken(&expired.refresh_token);
        let token = match exchange(&provider, &self.base, grant, expired.scopes, self.now()).await {
            Ok(token) => Some(token),
            Err(ExchangeFailure::Refused) => None,
            Err(ExchangeFailure::NotAsked | ExchangeFailure::Unclear) => {
                return Err(ApiRefusal::provider_unreachable());
            }
        };
        tracing::info!(
            refreshed = token.is_some(),
            "stand-in for AgentCore Identity: a token had expired"
        );
        self.state().vault.finish_refresh(key, &expired.refresh_token, token);
        Ok(())
    }

    /// The response while the consent is pending.
    fn in_progress(&self, uri: &str) -> Json<Value> {
        let mut url = self.base.clone();
        url.set_path("/identities/oauth2/authorize");
        url.query_pairs_mut().append_pair("request_uri", uri);
        Json(json!({
            "authorizationUrl": url, "sessionUri": uri, "sessionStatus": "IN_PROGRESS",
        }))
    }
}
