//! Apps, and what was issued to them: authorization codes, access tokens, refresh tokens.
//!
//! Source: RFC 6749, sections 4.1.2 (a code is used once, within 10 minutes, and a second use ends what was
//! issued for it), 6 (a refresh, whose scopes are not more than were granted) and 10.4; RFC 9700, section
//! 4.14.2 (a refresh token is used once, too); RFC 7636 (PKCE).

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use stand_in::random_token;
use url::Url;

use super::{people::Person, pkce::Challenge, scopes::Scopes};

/// How long a code can be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How long an access token lasts.
pub(super) const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// How long a refresh token lasts that nobody uses.
const REFRESH_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A registered app.
struct App {
    secret: String,
    callback: Url,
}

/// What a person has consented to, and for which app. Everything issued for one consent has its number.
#[derive(Clone)]
pub(super) struct Consent {
    pub(super) client_id: String,
    pub(super) person: Person,
    pub(super) scopes: Scopes,
}

/// A code or a refresh token: it is exchanged once, and remembered after that.
struct Exchangeable {
    consent: Consent,
    number: u64,
    challenge: Option<Challenge>,
    expires: SystemTime,
    is_used: bool,
}

struct AccessToken {
    person: Person,
    scopes: Scopes,
    number: u64,
    expires: SystemTime,
}

/// The tokens of a response.
pub(super) struct Issued {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) scopes: Scopes,
}

/// What a valid access token stands for.
#[derive(Clone)]
pub(super) struct Bearer {
    pub(super) person: Person,
    pub(super) scopes: Scopes,
}

/// What is invalid, so that nothing is issued (RFC 6749, section 5.2).
pub(super) enum GrantRefusal {
    Client,
    Grant(&'static str),
    Scope,
}

/// An app that has proved who it is.
pub(super) struct AuthenticatedClient(String);

/// All apps, codes and tokens.
#[derive(Default)]
pub(super) struct Grants {
    apps: HashMap<String, App>,
    codes: HashMap<String, Exchangeable>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, Exchangeable>,
    consents: u64,
}

impl Grants {
    /// Registers an app, or replaces it.
    pub(super) fn register(&mut self, client_id: &str, secret: &str, callback: Url) {
        self.apps.insert(client_id.to_owned(), App { secret: secret.to_owned(), callback });
    }

    /// Returns the callback of an app, if the app exists and `redirect_uri` is exactly that callback.
    pub(super) fn callback(&self, client_id: &str, redirect_uri: &str) -> Option<&Url> {
        let callback = &self.apps.get(client_id)?.callback;
        (redirect_uri == callback.as_str()).then_some(callback)
    }

    /// Checks the secret of an app.
    pub(super) fn authenticate(
        &self,
        client_id: &str,
        secret: &str,
    ) -> Result<AuthenticatedClient, GrantRefusal> {
        let app = self.apps.get(client_id).filter(|app| app.secret == secret);
        app.map(|_| AuthenticatedClient(client_id.to_owned())).ok_or(GrantRefusal::Client)
    }

    /// Issues a code for what a person has consented to.
    pub(super) fn issue_code(
        &mut self,
        consent: Consent,
        challenge: Option<Challenge>,
        now: SystemTime,
    ) -> String {
        self.codes.retain(|_, code| now < code.expires);
        self.consents += 1;
        let (number, expires) = (self.consents, now + CODE_LIFETIME);
        let code = random_token();
        let kept = Exchangeable { consent, number, challenge, expires, is_used: false };
        self.codes.insert(code.clone(), kept);
        code
    }

    /// Exchanges a code. The first attempt of its app uses it up, and a second one ends what was issued.
    pub(super) fn redeem(
        &mut self,
        client: &AuthenticatedClient,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: SystemTime,
    ) -> Result<Issued, GrantRefusal> {
        use GrantRefusal::Grant;
        let callback = self.callback(&client.0, redirect_uri).is_some();
        let code = self.codes.get_mut(code).filter(|code| code.consent.client_id == client.0);
        let code = code.ok_or(Grant("The code is unknown."))?;
        if std::mem::replace(&mut code.is_used, true) {
            let number = code.number;
            self.end(number);
            return Err(Grant("The code was used before."));
        }
        if now >= code.expires {
            return Err(Grant("The code has expired."));
        }
        if !callback {
            return Err(Grant("The redirect_uri is not the one of the request."));
        }
        if !Challenge::is_met(code.challenge.as_ref(), verifier) {
            return Err(Grant("The code_verifier does not match the code_challenge."));
        }
        let (consent, number) = (code.consent.clone(), code.number);
        let scopes = consent.scopes.clone();
        Ok(self.issue(consent, scopes, number, now))
    }

    /// Exchanges a refresh token for an access token with `scopes` (`None`: all that were granted) and the next
    /// refresh token. A second use ends everything that was issued for that consent.
    pub(super) fn refresh(
        &mut self,
        client: &AuthenticatedClient,
        refresh_token: &str,
        scopes: Option<Scopes>,
        now: SystemTime,
    ) -> Result<Issued, GrantRefusal> {
        use GrantRefusal::Grant;
        let old = self.refresh_tokens.get_mut(refresh_token);
        let old = old.filter(|old| old.consent.client_id == client.0 && now < old.expires);
        let old = old.ok_or(Grant("The refresh token is unknown or has expired."))?;
        let scopes = scopes.unwrap_or_else(|| old.consent.scopes.clone());
        if !scopes.are_within(&old.consent.scopes) {
            return Err(GrantRefusal::Scope);
        }
        let (consent, number) = (old.consent.clone(), old.number);
        if std::mem::replace(&mut old.is_used, true) {
            self.end(number);
            return Err(Grant("The refresh token was used before."));
        }
        Ok(self.issue(consent, scopes, number, now))
    }

    fn issue(&mut self, consent: Consent, scopes: Scopes, number: u64, now: SystemTime) -> Issued {
        self.access_tokens.retain(|_, token| now < token.expires);
        self.refresh_tokens.retain(|_, token| now < token.expires);
        let access_token = format!("cal_at_{}", random_token());
        let expires = now + TOKEN_LIFETIME;
        let (person, kept) = (consent.person, scopes.clone());
        let token = AccessToken { person, scopes: kept, number, expires };
        self.access_tokens.insert(access_token.clone(), token);
        let refresh_token = format!("cal_rt_{}", random_token());
        let (challenge, expires) = (None, now + REFRESH_LIFETIME);
        let next = Exchangeable { consent, number, challenge, expires, is_used: false };
        self.refresh_tokens.insert(refresh_token.clone(), next);
        Issued { access_token, refresh_token, scopes }
    }

    /// Ends every token that was issued for one consent.
    fn end(&mut self, number: u64) {
        self.access_tokens.retain(|_, token| token.number != number);
        self.refresh_tokens.retain(|_, token| token.number != number);
    }

    /// Returns what an access token stands for. `None` if it is unknown, expired or revoked.
    pub(super) fn bearer(&self, token: &str, now: SystemTime) -> Option<Bearer> {
        let token = self.access_tokens.get(token).filter(|token| now < token.expires)?;
        Some(Bearer { person: token.person, scopes: token.scopes.clone() })
    }

    /// Forgets every token.
    pub(super) fn revoke_all(&mut self) {
        self.access_tokens.clear();
        self.refresh_tokens.clear();
    }
}
