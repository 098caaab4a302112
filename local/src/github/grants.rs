//! What was given to whom: OAuth apps, authorization codes, access tokens.
//!
//! Source: GitHub's "Authorizing OAuth apps" (codes last 10 minutes and are used once) and "Rate
//! limits for the REST API" (5,000 requests an hour for a user).

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use openidconnect::CsrfToken;
use url::Url;

use super::{accounts::Account, scopes::Scopes};

/// How long a code can be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How many requests a user has in one window.
pub(super) const REQUESTS_PER_WINDOW: u32 = 5_000;
/// The window of the rate limit.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// A registered OAuth app.
pub(super) struct App {
    secret: String,
    callback: Url,
}

impl App {
    /// An app and the one callback that it may be redirected to.
    pub(super) fn new(secret: &str, callback: Url) -> Self {
        Self { secret: secret.to_owned(), callback }
    }
}

/// What a person agreed to.
#[derive(Clone)]
pub(super) struct Consent {
    pub(super) account: &'static Account,
    pub(super) scopes: Scopes,
}

/// A code that waits to be exchanged by one app.
struct Code {
    client_id: String,
    consent: Consent,
    expires: SystemTime,
}

/// A live access token and its use.
struct Token {
    consent: Consent,
    window_start: SystemTime,
    used: u32,
}

/// What a request with a live token may do, and what is left of its rate limit.
pub(super) struct Usage {
    pub(super) consent: Consent,
    pub(super) used: u32,
    pub(super) resets: SystemTime,
}

/// A freshly exchanged access token.
pub(super) struct Issued {
    pub(super) access_token: String,
    pub(super) scopes: Scopes,
}

/// Why the token endpoint refuses, in GitHub's words.
pub(super) enum Refusal {
    IncorrectClientCredentials,
    BadVerificationCode,
    RedirectUriMismatch,
}

/// Everything that this GitHub remembers.
#[derive(Default)]
pub(super) struct Grants {
    apps: HashMap<String, App>,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
}

impl Grants {
    /// Registers an app, or replaces it.
    pub(super) fn register(&mut self, client_id: &str, app: App) {
        self.apps.insert(client_id.to_owned(), app);
    }

    /// The callback of an app, if the app exists and `redirect_uri` is that callback or left out.
    pub(super) fn callback(&self, client_id: &str, redirect_uri: Option<&str>) -> Option<&Url> {
        let callback = &self.apps.get(client_id)?.callback;
        redirect_uri.is_none_or(|uri| uri == callback.as_str()).then_some(callback)
    }

    /// A code for what a person agreed to.
    pub(super) fn issue_code(
        &mut self,
        client_id: &str,
        consent: Consent,
        now: SystemTime,
    ) -> String {
        self.codes.retain(|_, code| now < code.expires);
        let code = CsrfToken::new_random().into_secret();
        let client_id = client_id.to_owned();
        let expires = now + CODE_LIFETIME;
        self.codes.insert(code.clone(), Code { client_id, consent, expires });
        code
    }

    /// Exchanges a code, which is gone from the first try of its app on.
    pub(super) fn redeem(
        &mut self,
        (client_id, client_secret): (&str, &str),
        code: &str,
        redirect_uri: Option<&str>,
        now: SystemTime,
    ) -> Result<Issued, Refusal> {
        let app = self.apps.get(client_id).filter(|app| app.secret == client_secret);
        let app = app.ok_or(Refusal::IncorrectClientCredentials)?;
        if redirect_uri.is_some_and(|uri| uri != app.callback.as_str()) {
            return Err(Refusal::RedirectUriMismatch);
        }
        let code = self
            .codes
            .remove(code)
            .filter(|code| code.client_id == client_id && now < code.expires)
            .ok_or(Refusal::BadVerificationCode)?;
        let access_token = format!("gho_{}", CsrfToken::new_random_len(27).into_secret());
        let scopes = code.consent.scopes.clone();
        let token = Token { consent: code.consent, window_start: now, used: 0 };
        self.tokens.insert(access_token.clone(), token);
        Ok(Issued { access_token, scopes })
    }

    /// Counts a request with this token; nothing if the token is unknown or revoked.
    pub(super) fn use_token(&mut self, token: &str, now: SystemTime) -> Option<Usage> {
        let token = self.tokens.get_mut(token)?;
        if now >= token.window_start + WINDOW {
            token.window_start = now;
            token.used = 0;
        }
        token.used = token.used.saturating_add(1);
        let consent = token.consent.clone();
        Some(Usage { consent, used: token.used, resets: token.window_start + WINDOW })
    }

    /// Forgets every token.
    pub(super) fn revoke_all(&mut self) {
        self.tokens.clear();
    }
}
