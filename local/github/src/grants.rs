//! Apps, and what was issued to them: authorization codes, access tokens, refresh tokens.
//!
//! Source: GitHub's "Authorizing OAuth apps" (codes last 10 minutes and are used once),
//! "Refreshing user access tokens" (a GitHub App's tokens last 8 hours, its refresh tokens about 6
//! months; a refresh ends both old tokens) and "Rate limits for the REST API" (5,000 requests an
//! hour for a user).

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime},
};

use stand_in::random_token;
use url::Url;

use super::{
    accounts::{Account, OwnedRepository},
    installations::{AppRights, Installations, PERMISSIONS},
    scopes::Scopes,
};

/// How long a code can be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How long a GitHub App's user access token lasts.
const TOKEN_LIFETIME: Duration = Duration::from_secs(28_800);
/// How long its refresh token lasts.
const REFRESH_LIFETIME: Duration = Duration::from_secs(15_897_600);
/// How many requests a user has in one window.
pub(super) const REQUESTS_PER_WINDOW: u32 = 5_000;
/// The window of the rate limit.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// The two kinds of app that act for a user.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AppKind {
    /// Its tokens have the scopes that the person consented to, and last until they are revoked.
    OAuth,
    /// Its tokens have the app's own permissions, no scopes, and expire.
    GitHubApp,
}

/// A registered app.
pub(super) struct App {
    kind: AppKind,
    secret: String,
    callback: Url,
    /// A GitHub App's.
    permissions: Vec<String>,
    installations: Installations,
}

impl App {
    /// An app and the one callback that it may be redirected to.
    pub(super) fn new(kind: AppKind, secret: &str, callback: Url) -> Self {
        let permissions = PERMISSIONS.map(str::to_owned).to_vec();
        let installations = Installations::default();
        Self { kind, secret: secret.to_owned(), callback, permissions, installations }
    }
}

/// What a person has consented to.
#[derive(Clone)]
pub(super) struct Consent {
    pub(super) account: &'static Account,
    pub(super) scopes: Scopes,
}

/// A code that one app can exchange.
struct Code {
    client_id: String,
    consent: Consent,
    expires: SystemTime,
}

/// An access token and how often it was used.
struct Token {
    client_id: String,
    consent: Consent,
    expires: Option<SystemTime>,
    window_start: SystemTime,
    used: u32,
}

/// A refresh token's entry: what a new access token is issued for.
struct Refresh {
    client_id: String,
    consent: Consent,
    access_token: String,
    expires: SystemTime,
}

/// What a request with a valid token may do, and what is left of its rate limit.
pub(super) struct Usage {
    pub(super) token: String,
    pub(super) consent: Consent,
    /// A GitHub App's, which has no scopes.
    pub(super) app: Option<AppRights>,
    pub(super) used: u32,
    pub(super) resets: SystemTime,
}

impl Usage {
    /// Whether the token has a scope for this.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.app.is_none() && self.consent.scopes.allow(scope)
    }

    /// Whether a repository is shown: a private one to its owner and to members, with the scope `repo` or
    /// where the GitHub App is installed.
    pub(super) fn reads(&self, it: &OwnedRepository) -> bool {
        let is_allowed = || match &self.app {
            None => self.consent.scopes.allow("repo"),
            Some(app) => app.has_chosen(it),
        };
        !it.repository.private || (it.is_of(self.consent.account.login) && is_allowed())
    }
}

/// A new access token.
pub(super) struct Issued {
    pub(super) access_token: String,
    /// `None` for a GitHub App's token.
    pub(super) scopes: Option<Scopes>,
    /// A GitHub App's token expires, and is issued with a refresh token.
    pub(super) refresh: Option<RefreshToken>,
}

/// A refresh token, its lifetime, and the lifetime of the access token that was issued with it.
pub(super) struct RefreshToken {
    pub(super) token: String,
    pub(super) expires_in: Duration,
    pub(super) access_token_expires_in: Duration,
}

/// Why the token endpoint refuses; the names are GitHub's.
pub(super) enum GrantRefusal {
    IncorrectClientCredentials,
    BadVerificationCode,
    BadRefreshToken,
    RedirectUriMismatch,
}

/// All apps, codes and tokens.
#[derive(Default)]
pub(super) struct Grants {
    apps: HashMap<String, App>,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
    refreshes: HashMap<String, Refresh>,
}

impl Grants {
    /// Registers an app, or replaces it.
    pub(super) fn register(&mut self, client_id: &str, app: App) {
        self.apps.insert(client_id.to_owned(), app);
    }

    /// Which kind of app it is.
    pub(super) fn kind(&self, client_id: &str) -> Option<AppKind> {
        self.apps.get(client_id).map(|app| app.kind)
    }

    /// Where a GitHub App is installed.
    pub(super) fn installations(&mut self, client_id: &str) -> Option<&mut Installations> {
        let app = self.apps.get_mut(client_id).filter(|app| app.kind == AppKind::GitHubApp);
        app.map(|app| &mut app.installations)
    }

    /// Changes what an app may do where it is installed.
    pub(super) fn permit(&mut self, client_id: &str, permissions: &[&str]) {
        if let Some(app) = self.apps.get_mut(client_id) {
            app.permissions = permissions.iter().map(|it| (*it).to_owned()).collect();
        }
    }

    /// The callback of an app, if the app exists and `redirect_uri` is that callback or left out.
    pub(super) fn callback(&self, client_id: &str, redirect_uri: Option<&str>) -> Option<&Url> {
        let callback = &self.apps.get(client_id)?.callback;
        redirect_uri.is_none_or(|uri| uri == callback.as_str()).then_some(callback)
    }

    /// Issues a code for what a person has consented to.
    pub(super) fn issue_code(
        &mut self,
        client_id: &str,
        consent: Consent,
        now: SystemTime,
    ) -> String {
        self.codes.retain(|_, code| now < code.expires);
        let code = random_token();
        let client_id = client_id.to_owned();
        let expires = now + CODE_LIFETIME;
        self.codes.insert(code.clone(), Code { client_id, consent, expires });
        code
    }

    /// Exchanges a code. The first attempt of an authenticated app uses it up.
    pub(super) fn redeem(
        &mut self,
        client: (&str, &str),
        code: &str,
        redirect_uri: Option<&str>,
        now: SystemTime,
    ) -> Result<Issued, GrantRefusal> {
        let app = self.authenticate(client)?;
        let kind = app.kind;
        if redirect_uri.is_some_and(|uri| uri != app.callback.as_str()) {
            return Err(GrantRefusal::RedirectUriMismatch);
        }
        let code = self
            .codes
            .remove(code)
            .filter(|code| code.client_id == client.0 && now < code.expires)
            .ok_or(GrantRefusal::BadVerificationCode)?;
        Ok(self.issue(client.0, kind, code.consent, now))
    }

    /// Exchanges a refresh token. It and the access token that was issued with it become invalid.
    pub(super) fn refresh(
        &mut self,
        client: (&str, &str),
        refresh_token: &str,
        now: SystemTime,
    ) -> Result<Issued, GrantRefusal> {
        let kind = self.authenticate(client)?.kind;
        let old = self
            .refreshes
            .remove(refresh_token)
            .filter(|old| old.client_id == client.0 && now < old.expires)
            .ok_or(GrantRefusal::BadRefreshToken)?;
        self.tokens.remove(&old.access_token);
        Ok(self.issue(client.0, kind, old.consent, now))
    }

    fn authenticate(&self, (client_id, secret): (&str, &str)) -> Result<&App, GrantRefusal> {
        let app = self.apps.get(client_id).filter(|app| app.secret == secret);
        app.ok_or(GrantRefusal::IncorrectClientCredentials)
    }

    fn issue(
        &mut self,
        client_id: &str,
        kind: AppKind,
        consent: Consent,
        now: SystemTime,
    ) -> Issued {
        let (prefix, expires) = match kind {
            AppKind::OAuth => ("gho", None),
            AppKind::GitHubApp => ("ghu", Some(now + TOKEN_LIFETIME)),
        };
        let access_token = format!("{prefix}_{}", random_token());
        let scopes = (kind == AppKind::OAuth).then(|| consent.scopes.clone());
        let refresh = expires.map(|_| {
            let token = format!("ghr_{}", random_token());
            let (client_id, expires) = (client_id.to_owned(), now + REFRESH_LIFETIME);
            let (consent, access_token) = (consent.clone(), access_token.clone());
            let kept = Refresh { client_id, consent, access_token, expires };
            self.refreshes.insert(token.clone(), kept);
            let expires_in = REFRESH_LIFETIME;
            RefreshToken { token, expires_in, access_token_expires_in: TOKEN_LIFETIME }
        });
        let client_id = client_id.to_owned();
        let token = Token { client_id, consent, expires, window_start: now, used: 0 };
        self.tokens.insert(access_token.clone(), token);
        Issued { access_token, scopes, refresh }
    }

    /// Counts a request with this token. `None` if the token is unknown, expired or revoked.
    pub(super) fn use_token(&mut self, text: &str, now: SystemTime) -> Option<Usage> {
        let token = self.tokens.get_mut(text)?;
        if token.expires.is_some_and(|expires| now >= expires) {
            return None;
        }
        if now >= token.window_start + WINDOW {
            token.window_start = now;
            token.used = 0;
        }
        token.used = token.used.saturating_add(1);
        let app = self.apps.get(&token.client_id).filter(|app| app.kind == AppKind::GitHubApp);
        let app = app.map(|app| AppRights {
            permissions: app.permissions.clone(),
            installations: app.installations.clone(),
            needed: &[],
        });
        let consent = token.consent.clone();
        let resets = token.window_start + WINDOW;
        let text = text.to_owned();
        Some(Usage { token: text, consent, app, used: token.used, resets })
    }

    /// Revokes a token of any kind. Returns whose it was, and what it was; `None` if it is unknown or
    /// has expired. A refresh token outlives the access token that was issued with it.
    pub(super) fn revoke(
        &mut self,
        text: &str,
        now: SystemTime,
    ) -> Option<(&'static str, &'static str)> {
        if let Some(Refresh { consent, expires, .. }) = self.refreshes.remove(text) {
            return (now < expires).then_some((consent.account.login, "a refresh token"));
        }
        let Token { consent, expires, .. } = self.tokens.remove(text)?;
        let kind = match expires {
            None => "an access token of an OAuth app",
            Some(_) => "a user access token of a GitHub App",
        };
        expires.is_none_or(|expires| now < expires).then_some((consent.account.login, kind))
    }

    /// Who has authorized which app, and for which scopes; a GitHub App has none.
    pub(super) fn authorized(
        &self,
        now: SystemTime,
    ) -> BTreeMap<(&'static str, String), Vec<String>> {
        let mut all: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for token in self.tokens.values() {
            if token.expires.is_some_and(|expires| now >= expires) {
                continue;
            }
            let scopes = all.entry((token.consent.account.login, token.client_id.clone()));
            let scopes = scopes.or_default();
            if self.kind(&token.client_id) == Some(AppKind::OAuth) {
                scopes.extend(token.consent.scopes.iter().map(str::to_owned));
            }
            scopes.sort_unstable();
            scopes.dedup();
        }
        all
    }

    /// Ends what `account` has authorized an app for: every token of it. Returns whether there was any.
    pub(super) fn end(&mut self, account: &str, client_id: &str) -> bool {
        let before = self.tokens.len() + self.refreshes.len();
        let is_it = |client: &str, consent: &Consent| {
            client == client_id && consent.account.login == account
        };
        self.tokens.retain(|_, token| !is_it(&token.client_id, &token.consent));
        self.refreshes.retain(|_, refresh| !is_it(&refresh.client_id, &refresh.consent));
        self.tokens.len() + self.refreshes.len() < before
    }

    /// Forgets every token.
    pub(super) fn revoke_all(&mut self) {
        self.tokens.clear();
        self.refreshes.clear();
    }
}
