#![doc = include_str!("../README.md")]

mod authentication_request;
mod authorize;
mod codes;
mod page;
mod people;
mod tokens;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Json, Router, extract::State, routing::get};
use development_key::Keyring;
use serde_json::{Value, json};
use url::Url;

use self::codes::Codes;
use stand_in::Clock;

/// The stand-in for an OpenID provider; cheap to clone.
#[derive(Clone)]
pub struct IdentityProvider(Arc<Provider>);

struct Provider {
    base: Url,
    client_id: String,
    client_secret: String,
    redirect: Url,
    clock: Clock,
    codes: Mutex<Codes>,
    keys: Keyring,
}

impl IdentityProvider {
    /// A provider at `base` for one client, whose users are sent back to `redirect`. It signs with
    /// `keys`.
    #[must_use]
    pub fn new(
        base: Url,
        client_id: &str,
        client_secret: &str,
        redirect: Url,
        clock: Clock,
        keys: Keyring,
    ) -> Self {
        let (client_id, client_secret) = (client_id.to_owned(), client_secret.to_owned());
        let codes = Mutex::default();
        Self(Arc::new(Provider { base, client_id, client_secret, redirect, clock, codes, keys }))
    }

    /// The issuer: the origin, without a slash at the end.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.base.as_str().trim_end_matches('/')
    }

    /// Every endpoint.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .merge(authorize::routes())
            .merge(tokens::routes())
            .with_state(self.clone())
    }

    fn codes(&self) -> MutexGuard<'_, Codes> {
        self.0.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityProvider").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

async fn keys(State(provider): State<IdentityProvider>) -> Json<Value> {
    Json(provider.0.keys.jwk_set())
}

async fn discovery(State(provider): State<IdentityProvider>) -> Json<Value> {
    let issuer = provider.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile"],
    }))
}
