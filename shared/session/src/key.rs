//! Where a conversation lives: `{encoded sub}/{session id}.json`, which can be read back.
//!
//! Amazon S3, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use identity::UserId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::segment::SegmentId;

/// A conversation's id: 1 to 128 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

impl SessionId {
    /// The only way to a session id.
    ///
    /// # Errors
    /// When `text` is empty, too long, or holds another character.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidSessionId> {
        let text = text.into();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let is_valid = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
        if is_valid { Ok(Self(text)) } else { Err(InvalidSessionId) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, InvalidSessionId> {
        Self::parse(text)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

/// A string that can't be a [`SessionId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a session id has 1 to 128 of A-Z a-z 0-9 _ -")]
pub struct InvalidSessionId;

const READABLE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
const MAX_READABLE_BYTES: usize = 200;

const SUFFIX: &str = ".json";

/// The object's key.
pub(crate) fn object_key(user: &UserId, session: &SessionId) -> String {
    format!("{}/{session}{SUFFIX}", segment(user))
}

/// The prefix of the segments of the conversation whose head is at `head`. No conversation can have it,
/// because no session id has a dot or a slash.
pub(crate) fn segments_prefix(head: &str) -> String {
    let (user, name) = head.rsplit_once('/').unwrap_or(("", head));
    format!("{user}/.segments/{}/", name.strip_suffix(SUFFIX).unwrap_or(name))
}

/// The key of a segment of the conversation whose head is at `head`.
pub(crate) fn segment_key(head: &str, segment: &SegmentId) -> String {
    format!("{}{}{SUFFIX}", segments_prefix(head), segment.as_str())
}

/// The key of a call that a client has made and that waits, or whose result does. No conversation can have
/// it, because no session id has a dot or a slash.
pub(crate) fn call_key(user: &UserId, call: &SessionId) -> String {
    format!("{}/.calls/{call}{SUFFIX}", segment(user))
}

/// The key of the record of a user's connection to `provider`. No conversation can have it, because no
/// session id has a dot or a slash.
pub(crate) fn connection_key(user: &UserId, provider: &str) -> String {
    let provider = utf8_percent_encode(provider, READABLE);
    format!("{}/.connections/{provider}{SUFFIX}", segment(user))
}

/// The prefix of all keys of `user`, and of no other user's.
pub(crate) fn user_prefix(user: &UserId) -> String {
    format!("{}/", segment(user))
}

/// The user and the session that `key` belongs to. `None` if it is no conversation's key.
pub(crate) fn parse(key: &str) -> Option<(UserId, SessionId)> {
    let (segment, name) = key.split_once('/')?;
    let sub = match segment.strip_prefix('~') {
        Some(encoded) => String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?,
        None => percent_decode_str(segment).decode_utf8().ok()?.into_owned(),
    };
    let user = UserId::parse(sub).ok()?;
    let session = SessionId::parse(name.strip_suffix(SUFFIX)?).ok()?;
    (object_key(&user, &session) == key).then_some((user, session))
}

/// A user id as one path segment: percent-encoded while that is short, else `~` and base64url.
/// Injective, because `~` itself is always escaped and both encodings can be undone.
fn segment(user: &UserId) -> String {
    let mut readable = utf8_percent_encode(user.as_str(), READABLE).to_string();
    // Clients that tidy paths take "." and ".." for directories.
    if readable.starts_with('.') {
        readable.replace_range(..1, "%2E");
    }
    if readable.len() <= MAX_READABLE_BYTES {
        return readable;
    }
    format!("~{}", URL_SAFE_NO_PAD.encode(user.as_str()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use identity::UserId;
    use proptest::prelude::*;

    use super::{
        SessionId, call_key, connection_key, object_key, parse, segment_key, segments_prefix,
        user_prefix,
    };
    use crate::segment::SegmentId;

    /// Amazon S3's limit.
    const MAX_KEY_BYTES: usize = 1_024;

    fn key(sub: &str) -> String {
        object_key(&UserId::parse(sub).unwrap(), &SessionId::parse("s").unwrap())
    }

    /// Any user id that identity accepts; many are hard to tell apart.
    fn user() -> impl Strategy<Value = UserId> {
        let close = "[aA~%./2Fe\\\\+ -]{1,128}";
        let subs = prop_oneof![close, "\\PC{1,128}", "[aä😀]{120,128}"];
        subs.prop_filter_map("identity refuses it", |sub| UserId::parse(sub).ok())
    }

    fn session() -> impl Strategy<Value = SessionId> {
        "[A-Za-z0-9_-]{1,128}".prop_map(|id| SessionId::parse(id).unwrap())
    }

    proptest! {
        #[test]
        fn a_key_can_be_read_back(user in user(), session in session()) {
            let key = object_key(&user, &session);
            prop_assert!(key.len() <= MAX_KEY_BYTES && key.starts_with(&user_prefix(&user)));
            prop_assert_eq!(parse(&key), Some((user, session)));
        }

        #[test]
        fn one_users_prefix_never_leads_to_another(a in user(), b in user(), session in session()) {
            prop_assert_eq!(object_key(&b, &session).starts_with(&user_prefix(&a)), a == b);
        }

        #[test]
        fn m12_a_connections_key_is_its_users_alone_and_no_conversations(
            user in user(), other in user(), provider in "[a-c._/%-]{1,3}", else_ in "[a-c._/%-]{1,3}",
        ) {
            let key = connection_key(&user, &provider);
            prop_assert!(key.len() <= MAX_KEY_BYTES && key.starts_with(&user_prefix(&user)));
            prop_assert_eq!(parse(&key), None);
            let same = user == other && provider == else_;
            prop_assert_eq!(connection_key(&other, &else_) == key, same);
        }

        #[test]
        fn m12_a_calls_key_is_its_users_alone_and_no_conversations(
            user in user(), other in user(), call in session(), provider in "[a-c._/%-]{1,3}",
        ) {
            let key = call_key(&user, &call);
            prop_assert!(key.len() <= MAX_KEY_BYTES && key.starts_with(&user_prefix(&user)));
            prop_assert_eq!(parse(&key), None);
            prop_assert_eq!(call_key(&other, &call) == key, user == other);
            prop_assert!(connection_key(&user, &provider) != key);
        }

        #[test]
        fn m12_a_segments_key_is_its_conversations_alone_and_no_conversations(
            user in user(), other in user(), session in session(), else_ in session(),
        ) {
            let segment = SegmentId::try_from("A".repeat(43)).unwrap();
            let key = segment_key(&object_key(&user, &session), &segment);
            prop_assert!(key.len() <= MAX_KEY_BYTES && key.starts_with(&user_prefix(&user)));
            prop_assert_eq!(parse(&key), None);
            let theirs = segments_prefix(&object_key(&other, &else_));
            prop_assert_eq!(key.starts_with(&theirs), user == other && session == else_);
            prop_assert!(call_key(&user, &session) != key);
        }

        #[test]
        fn parse_accepts_only_keys(text in "[a%2E~/.json-]{0,40}") {
            if let Some((user, session)) = parse(&text) {
                prop_assert_eq!(object_key(&user, &session), text);
            }
        }
    }

    #[test]
    fn plain_ids_stay_readable() {
        assert_eq!(key("alice"), "alice/s.json");
        assert_eq!(key("3c1e9a60-8f4b.x_y"), "3c1e9a60-8f4b.x_y/s.json");
    }

    #[test]
    fn no_two_users_share_a_key_and_none_leaves_the_prefix() {
        let long = "ä".repeat(128);
        let subs = ["a", "A", "a/b", "a%2Fb", ".", "..", "../a", "~", "~YQ", "%7E", "😀", &long];
        let keys: HashSet<String> = subs.iter().map(|sub| key(sub)).collect();
        assert_eq!(keys.len(), subs.len());
        for key in keys {
            assert_eq!(key.matches('/').count(), 1, "{key}");
            assert!(!key.starts_with('.') && key.len() <= MAX_KEY_BYTES, "{key}");
        }
    }

    #[test]
    fn a_session_id_can_not_be_a_path() {
        for id in ["", "a/b", "..", "a b", "ä", &"a".repeat(129)] {
            assert!(SessionId::parse(id).is_err(), "{id:?}");
        }
    }
}
