//! The agent's side: a user's token for a provider, or the consent that it needs.
//!
//! Amazon Bedrock AgentCore, "Obtain OAuth 2.0 access token" and "OAuth 2.0 authorization URL
//! session binding": a workload access token names agent and user, and with it the vault gives
//! the user's token or begins an Authorization Code Grant.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use aws_sdk_bedrockagentcore::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_resource_oauth2_token::{
        GetResourceOauth2TokenError, GetResourceOauth2TokenOutput,
    },
    types::Oauth2FlowType,
};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    error::{Cause, VaultError},
    names::{ProviderName, Scope, WorkloadName},
    principal::{Name, Principal},
    secret::{AccessToken, AuthorizationUrl},
    session_uri::SessionUri,
    state::FlowState,
    workload_tokens::{WorkloadToken, WorkloadTokens},
};

/// AgentCore Identity as the agentic workload sees it.
#[derive(Debug)]
pub struct TokenVault {
    client: Client,
    workload: WorkloadName,
    return_url: Url,
    workload_tokens: WorkloadTokens,
}

/// Whose token, and for what.
#[derive(Debug)]
pub struct AccessRequest<'a> {
    /// Whose token.
    pub user: &'a Principal,
    /// Which credential provider.
    pub provider: &'a ProviderName,
    /// What the token must allow.
    pub scopes: &'a BTreeSet<Scope>,
}

/// The flow that begins if consent is required.
#[derive(Debug)]
pub struct NewFlow<'a> {
    /// Its state; fresh for each request.
    pub state: &'a FlowState,
    /// Not the token that the vault has (`forceAuthentication`), because it must not be used. The
    /// vault begins a flow, or returns a token: a new one, or the same again.
    pub force: bool,
}

/// Which token is meant.
#[derive(Clone, Copy)]
enum Meant<'a> {
    /// The one that is stored, or one by a new flow.
    Any(&'a NewFlow<'a>),
    /// The one that this flow has brought.
    OfFlow(&'a SessionUri),
}

/// The vault's answer.
#[derive(Debug)]
pub enum Access {
    /// The user has consented before.
    Granted(AccessToken),
    /// A flow has begun; its state is the request's.
    ConsentRequired(ConsentRequired),
}

/// A flow that waits for the user.
#[derive(Debug)]
pub struct ConsentRequired {
    /// Where the user consents.
    pub authorization_url: AuthorizationUrl,
    /// Which flow it is.
    pub session: SessionUri,
}

impl TokenVault {
    /// The vault of the agent `workload`, whose flows end at `return_url`.
    #[must_use]
    pub fn new(client: Client, workload: WorkloadName, return_url: Url) -> Self {
        Self { client, workload, return_url, workload_tokens: WorkloadTokens::new() }
    }

    /// The user's token, or the consent that it needs, as of `now`. A workload access token that
    /// has expired is fetched again, once.
    ///
    /// # Errors
    /// When AgentCore Identity fails or refuses this service.
    pub async fn access(
        &self,
        request: &AccessRequest<'_>,
        flow: &NewFlow<'_>,
        now: SystemTime,
    ) -> Result<Access, VaultError> {
        access(self.ask(request, Meant::Any(flow), now).await?)
    }

    /// The token that the flow `session` has brought; `None` if it has not been completed, has failed,
    /// or is no longer known. No other flow begins. With `sessionUri`, AgentCore Identity tells of that
    /// flow alone, as AWS's Python SDK asks while it waits for a consent (`bedrock-agentcore`,
    /// `services/identity.py`).
    ///
    /// # Errors
    /// When AgentCore Identity fails.
    pub async fn token_of_flow(
        &self,
        request: &AccessRequest<'_>,
        session: &SessionUri,
        now: SystemTime,
    ) -> Result<Option<AccessToken>, VaultError> {
        match self.ask(request, Meant::OfFlow(session), now).await {
            Ok(answer) => Ok(answer.access_token.map(AccessToken::new)),
            // The flow is not known any more. If it is this service that is refused, the next
            // request says so.
            Err(VaultError::Misconfigured(_)) => Ok(None),
            Err(error) => Err(error.map(|cause| cause.without(session))),
        }
    }

    async fn ask(
        &self,
        request: &AccessRequest<'_>,
        meant: Meant<'_>,
        now: SystemTime,
    ) -> Result<GetResourceOauth2TokenOutput, VaultError> {
        let token = self.workload_token(request.user, now).await?;
        let mut answer = self.resource_token(&token, request, meant).await;
        if answer.as_ref().is_err_and(is_expired) {
            self.workload_tokens.forget(&request.user.key(), &token);
            let token = self.workload_token(request.user, now).await?;
            answer = self.resource_token(&token, request, meant).await;
        }
        answer.map_err(|error| VaultError::from_sdk_error(&error))
    }

    async fn resource_token(
        &self,
        token: &WorkloadToken,
        request: &AccessRequest<'_>,
        meant: Meant<'_>,
    ) -> Result<GetResourceOauth2TokenOutput, SdkError<GetResourceOauth2TokenError>> {
        let scopes = request.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let call = self
            .client
            .get_resource_oauth2_token()
            .workload_identity_token(token.as_str())
            .resource_credential_provider_name(request.provider.as_str())
            .set_scopes(Some(scopes))
            .oauth2_flow(Oauth2FlowType::UserFederation)
            .resource_oauth2_return_url(self.return_url.as_str());
        let call = match meant {
            Meant::Any(NewFlow { state, force }) => {
                call.custom_state(state.expose()).set_force_authentication(force.then_some(true))
            }
            Meant::OfFlow(session) => call.session_uri(session.as_str()),
        };
        call.send().await
    }

    async fn workload_token(
        &self,
        user: &Principal,
        now: SystemTime,
    ) -> Result<WorkloadToken, VaultError> {
        let fetch = || self.fetch_workload_token(user);
        self.workload_tokens.get(&user.key(), now, fetch).await
    }

    async fn fetch_workload_token(&self, user: &Principal) -> Result<WorkloadToken, VaultError> {
        let workload = self.workload.as_str();
        let token = match &user.0 {
            Name::Id(id) => {
                let call = self.client.get_workload_access_token_for_user_id();
                let call = call.workload_name(workload).user_id(id.as_str());
                let answer = call.send().await;
                let answer = answer.map_err(|error| VaultError::from_sdk_error(&error))?;
                answer.workload_access_token
            }
            Name::Token(token) => {
                let call = self.client.get_workload_access_token_for_jwt();
                let call = call.workload_name(workload).user_token(token.expose());
                let answer = call.send().await;
                let answer = answer.map_err(|error| VaultError::from_sdk_error(&error))?;
                answer.workload_access_token
            }
        };
        Ok(Arc::new(Zeroizing::new(token)))
    }
}

/// Whether a workload access token was refused because its time is over. AWS does not document
/// how that is said: `UnauthorizedException` is the service model's word for a bad token, and any
/// other refusal has to name it.
fn is_expired(error: &SdkError<GetResourceOauth2TokenError>) -> bool {
    let Some(refusal) = error.as_service_error() else { return false };
    let message = refusal.message().unwrap_or_default().to_lowercase();
    refusal.is_unauthorized_exception()
        || (message.contains("token") && message.contains("expired"))
}

fn access(answer: GetResourceOauth2TokenOutput) -> Result<Access, VaultError> {
    if let Some(token) = answer.access_token {
        return Ok(Access::Granted(AccessToken::new(token)));
    }
    let unexpected = |what: &str| VaultError::Unexpected(Cause::new(what));
    let url = answer.authorization_url.ok_or_else(|| unexpected("neither token nor URL"))?;
    let session = answer.session_uri.ok_or_else(|| unexpected("a URL without a session"))?;
    Ok(Access::ConsentRequired(ConsentRequired {
        authorization_url: AuthorizationUrl::parse(&url)
            .map_err(|error| VaultError::Unexpected(Cause::new(error)))?,
        session: SessionUri::parse(session)
            .map_err(|error| VaultError::Unexpected(Cause::new(error)))?,
    }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrockagentcore::{
        config::http::HttpResponse,
        error::{ErrorMetadata, SdkError},
        operation::get_resource_oauth2_token::GetResourceOauth2TokenError,
        primitives::SdkBody,
        types::error::UnauthorizedException,
    };

    use super::is_expired;

    #[test]
    fn a_workload_token_has_expired_if_the_refusal_is_of_that_kind_or_says_so() {
        let answer = || HttpResponse::new(401.try_into().unwrap(), SdkBody::empty());
        let says = |message: &str| {
            let metadata = ErrorMetadata::builder().message(message).build();
            let error = GetResourceOauth2TokenError::generic(metadata);
            is_expired(&SdkError::service_error(error, answer()))
        };
        assert!(says("The workload access token has Expired"));
        for other in ["", "The workload access token is malformed", "The session has expired"] {
            assert!(!says(other), "{other}");
        }
        let unauthorized = UnauthorizedException::builder().build();
        let unauthorized = GetResourceOauth2TokenError::UnauthorizedException(unauthorized);
        assert!(is_expired(&SdkError::service_error(unauthorized, answer())));
        assert!(!is_expired(&SdkError::timeout_error("too slow")));
    }
}
