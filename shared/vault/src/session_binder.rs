//! The binding side: completes a flow for the user it belongs to.
//!
//! Amazon Bedrock AgentCore, "OAuth 2.0 authorization URL session binding": the application
//! verifies that the user who consented is the user who asked, then calls
//! `CompleteResourceTokenAuth`; only then is the code exchanged and the token stored.

use aws_sdk_bedrockagentcore::{
    Client, error::SdkError,
    operation::complete_resource_token_auth::CompleteResourceTokenAuthError,
};

use crate::{error::VaultError, principal::Principal, session_uri::SessionUri};

/// AgentCore Identity as the Session Binding Service sees it.
#[derive(Debug, Clone)]
pub struct SessionBinder {
    client: Client,
}

/// Why a flow was not completed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The session is unknown, used, expired or another user's; the service does not say which.
    #[error("AgentCore Identity refuses the session")]
    SessionRefused,
    /// AgentCore Identity failed, or refuses this service itself.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl SessionBinder {
    /// A binder that calls through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client, with the connection that this uses.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Stores the token that `session` was consented to in `user`'s vault. Whoever calls this
    /// has checked person, browser and state.
    ///
    /// # Errors
    /// See [`BindError`]; nothing is bound then.
    pub async fn complete(&self, user: &Principal, session: &SessionUri) -> Result<(), BindError> {
        let user = user.identifier();
        let call = self.client.complete_resource_token_auth();
        let call = call.user_identifier(user).session_uri(session.as_str());
        call.send().await.map(|_| ()).map_err(|error| bind_error(&error))
    }
}

/// AWS names a dead session and a missing permission alike: `AccessDeniedException`. The
/// first is the visitor's, the second ("is not authorized to perform: …", as IAM says it) the
/// operator's. A resource that is not found can only be the session.
fn bind_error(error: &SdkError<CompleteResourceTokenAuthError>) -> BindError {
    match error.as_service_error() {
        Some(CompleteResourceTokenAuthError::AccessDeniedException(denied))
            if !denied.message().unwrap_or_default().contains("is not authorized to perform") =>
        {
            BindError::SessionRefused
        }
        Some(CompleteResourceTokenAuthError::ResourceNotFoundException(_)) => {
            BindError::SessionRefused
        }
        _ => VaultError::of(error).into(),
    }
}
