//! Sessions, and sign-ins that are in progress.
//!
//! AWS's load balancer keeps no state and puts all of it, encrypted, into cookies; here a cookie
//! is the key of an entry in memory, so a restart signs everybody out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use axum::http::{HeaderMap, header};
use cookie::{Cookie, SameSite};
use openidconnect::{Nonce, PkceCodeVerifier, core::CoreProviderMetadata};
use serde_json::Value;

use super::Proof;

/// AWS: a sign-in must be finished within 15 minutes.
const SIGN_IN_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// `SessionTimeout`'s default: 7 days.
const SESSION_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const MAX_SIGN_INS: usize = 10_000;

/// The cookie of a session.
pub(super) const SESSION_COOKIE: &str = "AWSELBAuthSessionCookie-0";
/// The cookie of a browser in which a sign-in is in progress.
pub(super) const NONCE_COOKIE: &str = "AWSALBAuthNonce";

/// A person who is signed in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) subject: String,
    pub(super) claims: Value,
    pub(super) access_token: String,
    pub(super) id_token: String,
    /// When that token expires.
    pub(super) expires: SystemTime,
}

/// A sign-in in progress: the person is at the identity provider.
pub(super) struct Pending {
    /// The browser's own cookie: a sign-in is finished in the browser that started it.
    pub(super) browser: String,
    pub(super) provider: CoreProviderMetadata,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
    /// The path and query of the request that started it.
    pub(super) requested: String,
}

/// All sessions and sign-ins.
#[derive(Default)]
pub(super) struct Sessions(Mutex<State>);

#[derive(Default)]
struct State {
    signed_in: HashMap<String, (Session, SystemTime)>,
    pending: HashMap<String, (Pending, SystemTime)>,
}

impl Sessions {
    pub(super) fn find(&self, headers: &HeaderMap, now: SystemTime) -> Option<Session> {
        let id = cookie(headers, SESSION_COOKIE)?;
        let state = self.state();
        let (session, expires) = state.signed_in.get(&id)?;
        (now < *expires).then(|| session.clone())
    }

    pub(super) fn begin(&self, state: String, pending: Pending, now: SystemTime) {
        let mut all = self.state();
        all.pending.retain(|_, (_, expires)| now < *expires);
        if all.pending.len() < MAX_SIGN_INS {
            all.pending.insert(state, (pending, now + SIGN_IN_LIFETIME));
        }
    }

    /// Removes and returns the sign-in of this `state`.
    pub(super) fn take(&self, state: &str, now: SystemTime) -> Option<Pending> {
        let (pending, expires) = self.state().pending.remove(state)?;
        (now < expires).then_some(pending)
    }

    pub(super) fn sign_in(&self, id: String, session: Session, proof: Proof, now: SystemTime) {
        let expires = match proof {
            Proof::SignedHeader => now + SESSION_LIFETIME,
            Proof::BearerToken => session.expires,
        };
        let mut state = self.state();
        state.signed_in.retain(|_, (_, expires)| now < *expires);
        state.signed_in.insert(id, (session, expires));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of the cookie `name`.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// A cookie of the load balancer's, as a `Set-Cookie` line.
pub(super) fn set_cookie(name: &'static str, value: String, lifetime: Lifetime) -> String {
    let lifetime = match lifetime {
        Lifetime::SignIn => SIGN_IN_LIFETIME,
        Lifetime::Session => SESSION_LIFETIME,
    };
    let cookie = Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax);
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    cookie.max_age(cookie::time::Duration::seconds(seconds)).build().to_string()
}

/// How long a cookie lasts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lifetime {
    SignIn,
    Session,
}
