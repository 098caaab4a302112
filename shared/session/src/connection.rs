//! What is known of a user's connection to one provider: when they disconnected it, and what they have
//! consented to.
//!
//! AgentCore Identity has no operation that deletes a user's grant, so a disconnect is remembered here.
//! After it a stored token counts only for a set of scopes that was consented to again, by a flow that
//! began after the disconnect. A token is never in the record: what the vault had before is known by
//! fingerprints.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::error::SessionError;

/// The version of the saved shape; a record of a newer one is not read and never overwritten.
const SCHEMA: u32 = 1;
/// How many flows are remembered; the oldest goes first, and then brings nothing.
const MOST_BEGUN: usize = 3;
/// How many fingerprints are remembered: a provider has three sets of scopes at most, and so three tokens.
const MOST_FORGOTTEN: usize = 48;

/// A user's connection to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    schema: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disconnected_at: Option<Moment>,
    /// By the set of scopes that was asked for.
    #[serde(default)]
    grants: BTreeMap<String, Grant>,
    /// Since the last disconnect, the newest last.
    #[serde(default)]
    begun: Vec<BegunFlow>,
    /// The newest last.
    #[serde(default)]
    forgotten: Vec<String>,
}

/// A set of scopes that the user has consented to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Grant {
    since: Moment,
}

/// A flow that began after the last disconnect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BegunFlow {
    /// The set of scopes that it asks for, as text.
    pub scopes: String,
    /// Which flow: its session URI, sealed.
    pub session: String,
    at: Moment,
}

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Moment(u64);

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Moment> for SystemTime {
    fn from(Moment(milliseconds): Moment) -> Self {
        UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
    }
}

impl BegunFlow {
    /// The flow of the sealed `session`, begun at `at` for `scopes`.
    #[must_use]
    pub fn new(scopes: String, session: String, at: SystemTime) -> Self {
        Self { scopes, session, at: at.into() }
    }
}

impl Default for Connection {
    /// Nothing is known: never disconnected.
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            disconnected_at: None,
            grants: BTreeMap::new(),
            begun: Vec::new(),
            forgotten: Vec::new(),
        }
    }
}

impl Connection {
    /// When the user disconnected last; `None` if they never did.
    #[must_use]
    pub fn disconnected_at(&self) -> Option<SystemTime> {
        self.disconnected_at.map(SystemTime::from)
    }

    /// Whether the user has disconnected since it was as in `earlier`.
    #[must_use]
    pub fn was_disconnected_since(&self, earlier: &Self) -> bool {
        self.disconnected_at != earlier.disconnected_at
    }

    /// Whether the token that the vault has for the set `scopes` may be used.
    #[must_use]
    pub fn is_usable(&self, scopes: &str) -> bool {
        self.disconnected_at.is_none() || self.grants.contains_key(scopes)
    }

    /// Since when the user has consented to the set `scopes`, if that is known.
    #[must_use]
    pub fn since(&self, scopes: &str) -> Option<SystemTime> {
        self.grants.get(scopes).map(|grant| grant.since.into())
    }

    /// Whether the user has consented to something, as far as that is known, and has not disconnected since.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.grants.is_empty()
    }

    /// The flows that began after the last disconnect, the newest last.
    #[must_use]
    pub fn begun(&self) -> &[BegunFlow] {
        &self.begun
    }

    /// Whether the token with this fingerprint was in the vault when the user disconnected.
    #[must_use]
    pub fn is_forgotten(&self, fingerprint: &str) -> bool {
        self.forgotten.iter().any(|forgotten| forgotten == fingerprint)
    }

    /// The user has consented to the set `scopes`.
    pub fn grant(&mut self, scopes: &str, now: SystemTime) {
        self.begun.retain(|flow| flow.scopes != scopes);
        self.grants.insert(scopes.to_owned(), Grant { since: now.into() });
    }

    /// A flow has begun.
    pub fn begin(&mut self, flow: BegunFlow) {
        self.begun.retain(|other| *other != flow);
        self.begun.push(flow);
        self.begun.drain(..self.begun.len().saturating_sub(MOST_BEGUN));
    }

    /// The user disconnects, while the vault has tokens with these fingerprints. Later than any disconnect
    /// before, even if a clock is behind, so that no two have the same time.
    pub(crate) fn disconnect(&mut self, tokens: &[String], now: SystemTime) {
        let after_the_last =
            self.disconnected_at.map(|Moment(last)| Moment(last.saturating_add(1)));
        self.disconnected_at = after_the_last.max(Some(now.into()));
        self.grants.clear();
        self.begun.clear();
        self.forgotten.retain(|forgotten| !tokens.contains(forgotten));
        self.forgotten.extend_from_slice(tokens);
        self.forgotten.drain(..self.forgotten.len().saturating_sub(MOST_FORGOTTEN));
    }

    /// Reads a saved record.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, SessionError> {
        let read = serde_json::from_slice::<Self>(json);
        read.ok().filter(|it| it.schema == SCHEMA).ok_or(SessionError::UnreadableConnection)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{BegunFlow, Connection, MOST_FORGOTTEN};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const MILLISECOND: Duration = Duration::from_millis(1);

    fn flow(session: &str) -> BegunFlow {
        BegunFlow::new("repo".into(), session.into(), NOW)
    }

    fn sessions(connection: &Connection) -> Vec<&str> {
        connection.begun().iter().map(|flow| flow.session.as_str()).collect()
    }

    #[test]
    fn m11_after_a_disconnect_a_stored_token_counts_only_for_what_was_consented_to_again() {
        let mut connection = Connection::default();
        assert!(connection.is_usable("repo") && connection.disconnected_at().is_none());
        connection.grant("repo", NOW);
        connection.disconnect(&[], NOW);
        assert!(!connection.is_usable("repo") && !connection.is_usable("read:user"));
        assert_eq!(connection.since("repo"), None);
        connection.grant("read:user", NOW + MILLISECOND);
        assert!(connection.is_usable("read:user") && !connection.is_usable("repo"));
        assert_eq!(connection.since("read:user"), Some(NOW + MILLISECOND));
    }

    #[test]
    fn m11_a_disconnect_forgets_the_flows_and_knows_the_tokens_of_before() {
        let mut connection = Connection::default();
        connection.begin(flow("before"));
        connection.disconnect(&["one".into()], NOW);
        assert_eq!(sessions(&connection), Vec::<&str>::new());
        connection.begin(flow("between"));
        connection.disconnect(&["two".into(), "one".into()], NOW + MILLISECOND);
        assert!(connection.begun().is_empty());
        assert!(["one", "two"].iter().all(|token| connection.is_forgotten(token)));
        assert!(!connection.is_forgotten("three"));
    }

    #[test]
    fn no_two_disconnects_have_the_same_time() {
        let mut connection = Connection::default();
        connection.disconnect(&[], NOW + Duration::from_secs(9));
        let first = connection.clone();
        connection.disconnect(&[], NOW);
        assert!(connection.was_disconnected_since(&first));
        assert!(connection.disconnected_at() > first.disconnected_at());
        assert!(first.was_disconnected_since(&Connection::default()));
    }

    #[test]
    fn the_newest_three_flows_are_remembered_each_once() {
        let mut connection = Connection::default();
        for session in ["a", "b", "c", "b", "d"] {
            connection.begin(flow(session));
        }
        assert_eq!(sessions(&connection), ["c", "b", "d"]);
        connection.grant("repo", NOW);
        assert!(connection.begun().is_empty(), "what they asked for is there");
    }

    #[test]
    fn the_record_does_not_grow_with_the_number_of_disconnects() {
        let mut connection = Connection::default();
        for n in 0..2 * MOST_FORGOTTEN {
            connection.disconnect(&[n.to_string()], NOW);
        }
        assert_eq!(connection.forgotten.len(), MOST_FORGOTTEN);
        assert!(connection.is_forgotten("95") && !connection.is_forgotten("0"));
    }

    #[test]
    fn a_record_reads_as_it_was_written_and_one_of_a_newer_version_does_not() {
        let mut connection = Connection::default();
        connection.disconnect(&["one".into()], NOW);
        connection.begin(flow("sealed"));
        connection.grant("", NOW);
        let json = serde_json::to_string(&connection).unwrap();
        assert_eq!(Connection::from_json(json.as_bytes()).unwrap(), connection);
        for unreadable in
            ["", "{}", "[]", r#"{"schema":2,"grants":{}}"#, r#"{"schema":1,"begun":1}"#]
        {
            assert!(Connection::from_json(unreadable.as_bytes()).is_err(), "{unreadable}");
        }
    }
}
