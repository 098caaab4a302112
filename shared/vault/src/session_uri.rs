//! The URI that names one consent flow at AgentCore Identity.

use std::fmt;

use aws_lc_rs::digest;

use crate::{
    consent_key::{ConsentKeys, Purpose},
    sealed::{self, SealError},
};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const MAX_BYTES: usize = 1024;

/// A `sessionUri`: `urn:ietf:params:oauth:request_uri:` and at least one of `A-Z a-z 0-9 - . _ ~`,
/// at most 1,024 bytes together (service model of `bedrock-agentcore`; the form is RFC 9126's
/// `request_uri`).
///
/// Anybody who knows it can try to finish the flow, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionUri(String);

impl SessionUri {
    /// The only way to a session URI.
    ///
    /// # Errors
    /// When `text` has another form or is too long.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidSessionUri> {
        let text = text.into();
        let id = text.strip_prefix(PREFIX).ok_or(InvalidSessionUri)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let is_valid = !id.is_empty() && text.len() <= MAX_BYTES && id.bytes().all(allowed);
        if is_valid { Ok(Self(text)) } else { Err(InvalidSessionUri) }
    }

    /// The URI, for AgentCore Identity alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI as only [`open`](Self::open) with one of `keys` can read it, to be saved.
    ///
    /// # Errors
    /// When it can't be sealed.
    pub fn seal(&self, keys: &ConsentKeys) -> Result<String, SealError> {
        sealed::seal(&self.0, Purpose::Begun, keys)
    }

    /// The URI in `sealed`, if one of `keys` sealed it.
    #[must_use]
    pub fn open(sealed: &str, keys: &ConsentKeys) -> Option<Self> {
        Self::parse(sealed::open::<String>(sealed, Purpose::Begun, keys)?).ok()
    }

    /// What follows the prefix that all of them have.
    pub(crate) fn id(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or(&self.0)
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref());
        hash
    }

    /// 16 hexadecimal digits that stand for this flow where the URI itself must not show: in a
    /// cookie's name and in the audit log.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.sha256()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for SessionUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionUri({}…)", self.fingerprint())
    }
}

/// A string that is no [`SessionUri`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session URI of AgentCore Identity")]
pub struct InvalidSessionUri;

#[cfg(test)]
mod tests {
    use super::{PREFIX, SessionUri};
    use crate::ConsentKeys;

    #[test]
    fn only_the_service_models_form_is_a_session_uri() {
        let uri = format!("{PREFIX}aZ0-._~");
        assert_eq!(SessionUri::parse(uri.clone()).unwrap().as_str(), uri);
        for id in ["", "a b", "a/b", "ä", "a%2Fb", "a\n", &"a".repeat(1024)] {
            assert!(SessionUri::parse(format!("{PREFIX}{id}")).is_err(), "{id:?}");
        }
        assert!(SessionUri::parse("https://example.com/").is_err());
    }

    #[test]
    fn m7_a_sealed_uri_opens_by_its_keys_alone() {
        let keys = |text: &str| ConsentKeys::parse(text).unwrap();
        let (own, other) = (keys("a key of at least 32 characters of ours"), keys(&"x".repeat(32)));
        let longest = "a".repeat(1024 - PREFIX.len());
        for id in ["of-a-flow-of-alices", &longest] {
            let uri = SessionUri::parse(format!("{PREFIX}{id}")).unwrap();
            let sealed = uri.seal(&own).unwrap();
            assert!(!sealed.contains(id) && !sealed.contains("urn:"));
            assert_eq!(SessionUri::open(&sealed, &own), Some(uri));
            assert_eq!(SessionUri::open(&sealed, &other), None);
        }
        assert_eq!(SessionUri::open("no such thing", &own), None);
    }

    #[test]
    fn debug_shows_the_fingerprint_alone() {
        let uri = SessionUri::parse(format!("{PREFIX}secret")).unwrap();
        assert!(!format!("{uri:?}").contains("secret"));
        assert_eq!(uri.fingerprint().len(), 16);
    }
}
