//! What a browser carries of a flow that is over, sealed: that it was bound, and how a visit ended.
//!
//! Neither decides about a token. Sealing stops others from forging what our pages and the audit
//! trail say by a cookie of their own or a link that they send.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time;
use identity::{BrowserHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    consent_key::{ConsentKeys, Purpose},
    flow::{Flow, since_epoch},
    sealed::{self, SealError},
    session_uri::SessionUri,
};

/// That a flow was bound for a user, so that a reload can say so.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bound {
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "s")]
    session: [u8; 32],
    #[serde(rename = "e")]
    expires: u64,
}

impl Bound {
    /// `session` was bound for `user` at `now`.
    #[must_use]
    pub fn new(user: UserId, session: &SessionUri, now: SystemTime) -> Self {
        let expires = since_epoch(now + Flow::LIFETIME);
        Self { user, session: session.sha256(), expires }
    }

    /// As only [`Bound::open`] with one of `keys` can read it.
    ///
    /// # Errors
    /// When it can't be sealed.
    pub fn seal(&self, keys: &ConsentKeys) -> Result<String, SealError> {
        sealed::seal(self, Purpose::Bound, keys)
    }

    /// What is in `sealed`, if one of `keys` sealed it. It may have expired.
    #[must_use]
    pub fn open(sealed: &str, keys: &ConsentKeys) -> Option<Self> {
        sealed::open(sealed, Purpose::Bound, keys)
    }

    /// Whether it was bound for `user`.
    #[must_use]
    pub fn is_of_user(&self, user: &UserId) -> bool {
        self.user == *user
    }

    /// Whether it is the flow that `session` names.
    #[must_use]
    pub fn is_of_session(&self, session: &SessionUri) -> bool {
        constant_time::verify_slices_are_equal(&self.session, &session.sha256()).is_ok()
    }

    /// Until when it is remembered.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.expires)
    }

    /// Returns whether it has expired at `now`.
    #[must_use]
    pub fn has_expired(&self, now: SystemTime) -> bool {
        since_epoch(now) >= self.expires
    }
}

/// How a visit of a user ended, for the page that says so and for a reload of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "b")]
    browser: Option<BrowserHash>,
    #[serde(rename = "c")]
    code: String,
    #[serde(rename = "e")]
    expires: u64,
}

impl Ended {
    /// How long a page can be reloaded.
    pub const LIFETIME: Duration = Duration::from_secs(300);

    /// A visit of `user` in `browser` ended as `code` at `now`.
    #[must_use]
    pub fn new(user: UserId, browser: Option<BrowserHash>, code: &str, now: SystemTime) -> Self {
        let expires = since_epoch(now + Self::LIFETIME);
        Self { user, browser, code: code.to_owned(), expires }
    }

    /// As only [`Ended::is_proven`] with one of `keys` can read it.
    ///
    /// # Errors
    /// When it can't be sealed.
    pub fn seal(&self, keys: &ConsentKeys) -> Result<String, SealError> {
        sealed::seal(self, Purpose::Ended, keys)
    }

    /// Whether `sealed` says that a visit of `user` in `browser` ended as `code` shortly before
    /// `now`.
    #[must_use]
    pub fn is_proven(
        sealed: &str,
        user: &UserId,
        browser: Option<BrowserHash>,
        code: &str,
        now: SystemTime,
        keys: &ConsentKeys,
    ) -> bool {
        let Some(ended) = sealed::open::<Self>(sealed, Purpose::Ended, keys) else { return false };
        ended.user == *user
            && ended.browser == browser
            && ended.code == code
            && since_epoch(now) < ended.expires
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use identity::{BrowserSecret, UserId};

    use super::{Bound, Ended, Flow};
    use crate::{consent_key::ConsentKeys, session_uri::SessionUri};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn keys() -> ConsentKeys {
        ConsentKeys::parse("a key of at least 32 characters for tests").unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    #[test]
    fn a_binding_is_remembered_for_one_user_one_session_and_ten_minutes() {
        let session = |id| SessionUri::parse(format!("urn:ietf:params:oauth:request_uri:{id}"));
        let (one, other) = (session("one").unwrap(), session("other").unwrap());
        let sealed = Bound::new(user("alice"), &one, NOW).seal(&keys()).unwrap();
        let bound = Bound::open(&sealed, &keys()).unwrap();
        assert!(bound.is_of_user(&user("alice")) && bound.is_of_session(&one));
        assert!(!bound.is_of_user(&user("bob")) && !bound.is_of_session(&other));
        assert!(!bound.has_expired(NOW) && bound.has_expired(NOW + Flow::LIFETIME));
        assert_eq!(bound.expires_at(), NOW + Flow::LIFETIME);
        assert!(Bound::open("done", &keys()).is_none());
        assert!(Flow::open(&sealed, &keys()).is_none(), "it is no flow");
    }

    #[test]
    fn an_end_is_proven_to_the_same_user_in_the_same_browser_for_five_minutes() {
        let browser = Some(BrowserSecret::generate().unwrap().hash());
        let other = Some(BrowserSecret::generate().unwrap().hash());
        let ended = Ended::new(user("alice"), browser, "connected", NOW).seal(&keys()).unwrap();
        let proven = |user: &UserId, browser, code, now| {
            Ended::is_proven(&ended, user, browser, code, now, &keys())
        };
        let (alice, later) = (user("alice"), NOW + Ended::LIFETIME);
        assert!(proven(&alice, browser, "connected", NOW));
        assert!(!proven(&user("bob"), browser, "connected", NOW));
        assert!(!proven(&alice, other, "connected", NOW));
        assert!(!proven(&alice, None, "connected", NOW));
        assert!(!proven(&alice, browser, "declined", NOW));
        assert!(!proven(&alice, browser, "connected", later));
        assert!(!Ended::is_proven("", &alice, browser, "connected", NOW, &keys()));
    }
}
