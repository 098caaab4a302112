//! The binding side: completes a flow for the user it belongs to.
//!
//! Amazon Bedrock AgentCore, "OAuth 2.0 authorization URL session binding": the application
//! verifies that the user who consented is the user who asked, then calls
//! `CompleteResourceTokenAuth`; only then is the code exchanged and the token stored.

use std::{
    error::Error,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_sdk_bedrockagentcore::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::FinalizerInterceptorContextRef,
    },
    error::{BoxError, ProvideErrorMetadata, SdkError},
    operation::complete_resource_token_auth::CompleteResourceTokenAuthError,
};

use crate::{
    error::{Cause, VaultError},
    principal::Principal,
    session_uri::SessionUri,
};

/// AgentCore Identity as the Session Binding Service sees it.
#[derive(Debug, Clone)]
pub struct SessionBinder {
    client: Client,
}

/// Why a flow was not completed.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The session is unknown, used, expired or another user's; the service does not say which.
    #[error("AgentCore Identity refuses the session")]
    SessionRefused(#[source] Cause),
    /// An attempt ended without a definite answer. A session can be completed once, so a later answer
    /// that it is used does not tell who completed it.
    #[error("it is not known whether AgentCore Identity has bound the token")]
    Unclear(#[source] Cause),
    /// AgentCore Identity can't be asked, or refuses this service itself.
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

    /// Stores the token that `session` was consented to in `user`'s vault. The caller must have
    /// checked person, browser and state.
    ///
    /// # Errors
    /// See [`BindError`]; nothing is bound then, unless it is [`BindError::Unclear`].
    pub async fn complete(&self, user: &Principal, session: &SessionUri) -> Result<(), BindError> {
        let user = user.identifier();
        let call = self.client.complete_resource_token_auth();
        let call = call.user_identifier(user).session_uri(session.as_str());
        let unclear = Unclear::default();
        let bound = call.customize().interceptor(unclear.clone()).send().await;
        bound.map(|_| ()).map_err(|error| match unclear.0.load(Ordering::Relaxed) {
            true => BindError::Unclear(Cause::from_sdk_error(&error).without(session)),
            false => bind_error(&error, session),
        })
    }
}

/// Set once an attempt ended without a definite answer (time-out, 5xx, dropped connection). The SDK
/// retries most of them, and is told that the session is used if the first attempt had succeeded.
#[derive(Debug, Clone, Default)]
struct Unclear(Arc<AtomicBool>);

impl Intercept for Unclear {
    fn name(&self) -> &'static str {
        "unclear"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_unclear = match (context.response(), context.output_or_error()) {
            (Some(answer), _) => answer.status().is_server_error(),
            (None, Some(Err(error))) => {
                !error.as_connector_error().is_some_and(|error| was_not_connected(error))
            }
            (None, _) => true,
        };
        if is_unclear {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn was_not_connected(error: &(dyn Error + 'static)) -> bool {
    let is_refusal = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    std::iter::successors(Some(error), |error| (*error).source())
        .any(|error| error.downcast_ref().is_some_and(is_refusal))
}

/// AWS has one exception for a dead session and for a missing permission: `AccessDeniedException`.
/// "Invalid or expired session" is for the visitor. Every other message, such as IAM's "is not
/// authorized to perform: …", is an error for the operator.
fn bind_error(error: &SdkError<CompleteResourceTokenAuthError>, session: &SessionUri) -> BindError {
    let says = error.message().unwrap_or_default().to_lowercase();
    let is_refusal = error.raw_response().is_some_and(|answer| answer.status().is_client_error());
    if is_refusal && says.contains("invalid or expired session") {
        return BindError::SessionRefused(Cause::from_sdk_error(error).without(session));
    }
    VaultError::from_sdk_error(error).map(|cause| cause.without(session)).into()
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrockagentcore::{
        Client,
        config::{BehaviorVersion, Config, Credentials, Region, http::HttpResponse},
        error::{ErrorMetadata, SdkError},
        operation::complete_resource_token_auth::CompleteResourceTokenAuthError,
        primitives::SdkBody,
    };
    use identity::UserId;
    use tokio::net::TcpListener;

    use super::{BindError, SessionBinder, bind_error};
    use crate::{
        error::VaultError,
        principal::{Name, Principal},
        session_uri::SessionUri,
    };

    async fn complete(endpoint: String) -> Result<(), BindError> {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .endpoint_url(endpoint);
        let alice = Principal(Name::Id(UserId::parse("alice").unwrap()));
        let session = SessionUri::parse("urn:ietf:params:oauth:request_uri:abc".to_owned());
        let binder = SessionBinder::new(Client::from_conf(config.build()));
        binder.complete(&alice, &session.unwrap()).await
    }

    #[tokio::test]
    async fn a_refused_connection_binds_nothing_and_a_dropped_one_is_unclear() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let hangs_up = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                drop(connection);
            }
        });
        let unclear = complete(endpoint.clone()).await;
        assert!(matches!(unclear, Err(BindError::Unclear(_))), "{unclear:?}");
        hangs_up.abort();
        let _it_is_gone = hangs_up.await;
        let nothing = complete(endpoint).await;
        assert!(
            matches!(nothing, Err(BindError::Vault(VaultError::Unavailable(_)))),
            "{nothing:?}"
        );
    }

    #[test]
    fn a_session_is_refused_by_the_words_and_the_status_and_else_the_operator_is_told() {
        let bind_error = |status: u16, message: &str| {
            let metadata = ErrorMetadata::builder().message(message).build();
            let error = CompleteResourceTokenAuthError::generic(metadata);
            let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
            let session = SessionUri::parse("urn:ietf:params:oauth:request_uri:abc").unwrap();
            bind_error(&SdkError::service_error(error, answer), &session)
        };
        let refused = bind_error(403, "Invalid or expired session abc");
        assert!(
            matches!(&refused, BindError::SessionRefused(it) if !it.to_string().contains("abc"))
        );
        let denied = bind_error(403, "User is not authorized to perform: abc");
        assert!(matches!(denied, BindError::Vault(VaultError::Misconfigured(_))), "{denied:?}");
        let failing = bind_error(500, "Invalid or expired session");
        assert!(matches!(failing, BindError::Vault(VaultError::Unavailable(_))), "{failing:?}");
    }
}
