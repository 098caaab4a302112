//! The agent's side: a user's token for a provider, or the consent that it needs.
//!
//! Amazon Bedrock AgentCore, "Obtain OAuth 2.0 access token" and "OAuth 2.0 authorization URL
//! session binding": a workload access token names agent and user, and with it the vault gives
//! the user's token or begins an Authorization Code Grant.

use std::collections::BTreeSet;

use aws_sdk_bedrockagentcore::{
    Client, operation::get_resource_oauth2_token::GetResourceOauth2TokenOutput,
    types::Oauth2FlowType,
};
use identity::UserId;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    error::{Cause, VaultError},
    names::{ProviderName, Scope, WorkloadName},
    secret::{AccessToken, AuthorizationUrl},
    session_uri::SessionUri,
    state::FlowState,
};

/// AgentCore Identity as the agentic workload sees it.
#[derive(Debug, Clone)]
pub struct TokenVault {
    client: Client,
    workload: WorkloadName,
    return_url: Url,
}

/// What a tool needs.
#[derive(Debug)]
pub struct AccessRequest<'a> {
    /// Whose token.
    pub user: &'a UserId,
    /// Which credential provider.
    pub provider: &'a ProviderName,
    /// What the token must allow.
    pub scopes: &'a BTreeSet<Scope>,
    /// The state of the flow that begins if consent is required; fresh for each request.
    pub state: &'a FlowState,
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
        Self { client, workload, return_url }
    }

    /// The user's token, or the consent that it needs.
    ///
    /// # Errors
    /// When AgentCore Identity fails or refuses this service.
    pub async fn access(&self, request: &AccessRequest<'_>) -> Result<Access, VaultError> {
        let token = self.workload_access_token(request.user).await?;
        let scopes = request.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let call = self
            .client
            .get_resource_oauth2_token()
            .workload_identity_token(token.as_str())
            .resource_credential_provider_name(request.provider.as_str())
            .set_scopes(Some(scopes))
            .oauth2_flow(Oauth2FlowType::UserFederation)
            .resource_oauth2_return_url(self.return_url.as_str())
            .custom_state(request.state.expose());
        access(call.send().await.map_err(|error| VaultError::of(&error))?)
    }

    async fn workload_access_token(&self, user: &UserId) -> Result<Zeroizing<String>, VaultError> {
        let call = self
            .client
            .get_workload_access_token_for_user_id()
            .workload_name(self.workload.as_str())
            .user_id(user.as_str());
        let answer = call.send().await.map_err(|error| VaultError::of(&error))?;
        Ok(Zeroizing::new(answer.workload_access_token))
    }
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
