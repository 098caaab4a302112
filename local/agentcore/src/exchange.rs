//! Exchanges an authorization code or a refresh token for an access token.
//!
//! Source: RFC 6749, sections 2.3.1, 4.1.3, 5.1 and 6. GitHub responds with JSON only if asked to, and
//! its errors have status 200.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use reqwest::{Client, StatusCode, header::ACCEPT, redirect::Policy};
use serde::Deserialize;
use url::{Host, Url};

use super::{
    provider::{ClientAuthentication, Provider},
    vault::StoredToken,
};

/// The grant that is sent to a token endpoint.
#[derive(Clone, Copy)]
pub(super) enum Grant<'a> {
    Code(&'a str),
    RefreshToken(&'a str),
}

/// The response of a token endpoint. Without an access token it is an error, even with status 200.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    scope: Option<String>,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
}

/// Why there is no token.
pub(super) enum ExchangeFailure {
    /// The provider was not reached: the grant is unused.
    NotAsked,
    /// The provider refused the grant.
    Refused,
    /// The provider may have received the request, but gave no usable response.
    Unclear,
}

/// Exchanges a grant. The token gets `scopes` and those that the provider names.
pub(super) async fn exchange(
    provider: &Provider,
    base: &Url,
    grant: Grant<'_>,
    mut scopes: BTreeSet<String>,
    now: SystemTime,
) -> Result<StoredToken, ExchangeFailure> {
    let answer = ask(provider, base, grant).await.map_err(|error| {
        let failure =
            if error.is_connect() { ExchangeFailure::NotAsked } else { ExchangeFailure::Unclear };
        let error = error.without_url();
        tracing::warn!(%error, "stand-in for AgentCore Identity: a token endpoint gave no token");
        failure
    })?;
    let access_token = answer.access_token.filter(|token| !token.is_empty());
    let access_token = access_token.ok_or(ExchangeFailure::Refused)?;
    let granted = answer.scope.unwrap_or_default();
    let granted = granted.split([' ', ',']).filter(|scope| !scope.is_empty());
    scopes.extend(granted.map(str::to_owned));
    let expires = answer.expires_in.and_then(|it| now.checked_add(Duration::from_secs(it)));
    let refresh_token = answer.refresh_token.or_else(|| match grant {
        Grant::Code(_) => None,
        Grant::RefreshToken(token) => Some(token.to_owned()),
    });
    Ok(StoredToken { access_token, scopes, expires, refresh_token })
}

async fn ask(provider: &Provider, base: &Url, grant: Grant<'_>) -> reqwest::Result<TokenAnswer> {
    let callback = provider.callback(base);
    let mut form = match grant {
        Grant::Code(code) => vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback.as_str()),
        ],
        Grant::RefreshToken(token) => {
            vec![("grant_type", "refresh_token"), ("refresh_token", token)]
        }
    };
    let request = client(&provider.endpoints.token)?.post(provider.endpoints.token.clone());
    let (id, secret) = (provider.client_id.as_str(), provider.client_secret.as_str());
    let request = match provider.client_authentication {
        ClientAuthentication::Basic => {
            request.basic_auth(form_encoded(id), Some(form_encoded(secret)))
        }
        ClientAuthentication::Post => {
            form.extend([("client_id", id), ("client_secret", secret)]);
            request
        }
    };
    let answer = request.header(ACCEPT, "application/json").form(&form).send().await?;
    // Too much to do, or broken: that says nothing of the grant.
    let says_nothing =
        answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS;
    if says_nothing { answer.error_for_status()? } else { answer }.json().await
}

/// Returns a client for `url`. It uses no proxy for a loopback address, and follows no redirects,
/// because neither a token endpoint nor a discovery document has any.
pub(super) fn client(url: &Url) -> reqwest::Result<Client> {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let builder = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(10));
    if is_loopback { builder.no_proxy().build() } else { builder.build() }
}

fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
