//! The back channel: an authorization code for a token.
//!
//! Source: RFC 6749, sections 4.1.3 and 5.1, with the client's secret in the body. GitHub answers
//! JSON only if asked to, and its errors have status 200.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use reqwest::{header::ACCEPT, redirect::Policy};
use serde::Deserialize;
use url::Url;

use super::{limits::Scope, provider::Provider, vault::StoredToken};

/// What a token endpoint answers, of which only an error is certain to be without a token.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    scope: Option<String>,
    expires_in: Option<u64>,
}

/// Why there is no token.
pub(super) enum Failure {
    /// The provider could not be asked: the code is unused.
    Unreachable,
    /// The provider has no token for this code.
    Refused,
}

/// Exchanges a code.
pub(super) async fn exchange(
    provider: &Provider,
    base: &Url,
    code: &str,
    asked: &[Scope],
    now: SystemTime,
) -> Result<StoredToken, Failure> {
    let answer = ask(provider, base, code).await.map_err(|error| {
        let failure = if error.is_connect() { Failure::Unreachable } else { Failure::Refused };
        let error = error.without_url();
        tracing::warn!(%error, "stand-in for AgentCore Identity: a token endpoint gave no token");
        failure
    })?;
    let access_token = answer.access_token.filter(|token| !token.is_empty());
    let access_token = access_token.ok_or(Failure::Refused)?;
    let granted = answer.scope.unwrap_or_default();
    let granted = granted.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned);
    let scopes: BTreeSet<String> = granted.chain(asked.iter().map(|it| it.to_string())).collect();
    let expires = answer.expires_in.and_then(|it| now.checked_add(Duration::from_secs(it)));
    Ok(StoredToken { access_token, scopes, expires })
}

async fn ask(provider: &Provider, base: &Url, code: &str) -> reqwest::Result<Answer> {
    let callback = provider.callback(base);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &provider.client_id),
        ("client_secret", &provider.client_secret),
        ("code", code),
        ("redirect_uri", callback.as_str()),
    ];
    // Loopback addresses are never behind a proxy, and a token endpoint never redirects.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(10))
        .build()?;
    let request = client.post(provider.endpoints.token.clone()).header(ACCEPT, "application/json");
    request.form(&form).send().await?.json().await
}
