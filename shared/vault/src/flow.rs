//! One consent flow as the workload began it, sealed for the binder.
//!
//! It is all that the binder knows about who asked: it has no store of its own. The browser
//! that asked carries it in a cookie, and can neither read nor change it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time;
use identity::{BrowserHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    consent_key::{ConsentKeys, Purpose},
    secret::AuthorizationUrl,
    session_uri::SessionUri,
    state::StateHash,
};

/// A cookie with its attributes must fit 4,096 bytes (RFC 6265, section 6.1).
const MAX_SEALED_BYTES: usize = 3_800;

/// Who asked, in which browser, for which flow.
#[derive(Debug)]
pub struct Flow {
    sealed: Sealed,
    authorization_url: AuthorizationUrl,
}

#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "b")]
    browser: Option<BrowserHash>,
    #[serde(rename = "s")]
    session: [u8; 32],
    #[serde(rename = "n")]
    state: StateHash,
    #[serde(rename = "e")]
    expires: u64,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a, S> {
    #[serde(flatten)]
    sealed: S,
    #[serde(rename = "a")]
    authorization_url: std::borrow::Cow<'a, str>,
}

impl Flow {
    /// How long AgentCore Identity keeps a flow open.
    pub const LIFETIME: Duration = Duration::from_secs(600);

    /// The flow that `user` began at `now` in `browser`, if flows are tied to browsers.
    #[must_use]
    pub fn begin(
        user: UserId,
        browser: Option<BrowserHash>,
        session: &SessionUri,
        state: StateHash,
        authorization_url: AuthorizationUrl,
        now: SystemTime,
    ) -> Self {
        let expires = since_epoch(now + Self::LIFETIME);
        let session = session.sha256();
        Self { sealed: Sealed { user, browser, session, state, expires }, authorization_url }
    }

    /// The flow as only [`Flow::open`] with one of `keys` can read it: base64url, at most 3,800
    /// bytes.
    ///
    /// # Errors
    /// When the authorization URL is so long that no cookie could carry the flow.
    pub fn seal(&self, keys: &ConsentKeys) -> Result<String, FlowTooLong> {
        let authorization_url = self.authorization_url.expose().into();
        let wire = Wire { sealed: &self.sealed, authorization_url };
        let plaintext = serde_json::to_vec(&wire).map_err(|_| FlowTooLong)?;
        let sealed = keys.seal(Purpose::Flow, &plaintext).map_err(|_| FlowTooLong)?;
        if sealed.len() <= MAX_SEALED_BYTES { Ok(sealed) } else { Err(FlowTooLong) }
    }

    /// The flow in `sealed`, if one of `keys` sealed it. It may have expired.
    #[must_use]
    pub fn open(sealed: &str, keys: &ConsentKeys) -> Option<Self> {
        let plaintext = keys.open(Purpose::Flow, sealed)?;
        let wire: Wire<'_, Sealed> = serde_json::from_slice(&plaintext).ok()?;
        let authorization_url = AuthorizationUrl::parse(&wire.authorization_url).ok()?;
        Some(Self { sealed: wire.sealed, authorization_url })
    }

    /// Whether `user` is the person who asked.
    #[must_use]
    pub fn is_of_user(&self, user: &UserId) -> bool {
        self.sealed.user == *user
    }

    /// Whether `browser` is the browser that asked. None is, if the flow was not tied to one.
    #[must_use]
    pub fn is_of_browser(&self, browser: &BrowserHash) -> bool {
        self.sealed.browser == Some(*browser)
    }

    /// Whether this is the flow that `session` names.
    #[must_use]
    pub fn is_of_session(&self, session: &SessionUri) -> bool {
        constant_time::verify_slices_are_equal(&self.sealed.session, &session.sha256()).is_ok()
    }

    /// Whether `state` is what only the browser that consented could bring.
    #[must_use]
    pub fn is_of_state(&self, state: &str) -> bool {
        self.sealed.state == StateHash::of(state)
    }

    /// Whether the flow is over by the time of `now`.
    #[must_use]
    pub fn has_expired(&self, now: SystemTime) -> bool {
        since_epoch(now) >= self.sealed.expires
    }

    /// When the flow is over.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.sealed.expires)
    }

    /// Where the user consents.
    #[must_use]
    pub fn authorization_url(&self) -> &AuthorizationUrl {
        &self.authorization_url
    }

    /// 16 hexadecimal digits that stand for the flow; see [`SessionUri::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.sealed.session[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(crate) fn since_epoch(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A flow that no cookie can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authorization URL is too long for a cookie")]
pub struct FlowTooLong;
