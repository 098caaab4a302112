//! What a turn knows of its user's connections, and whether the user disconnects one while it runs.
//!
//! The record of a connection is read when its provider is first needed in a turn, and again before each
//! round of calls. If the user has disconnected since the turn began, no call is made with a token that
//! it has. Amazon S3 reads are strongly consistent ("Amazon S3 data consistency model"): a round that
//! begins after a disconnect was answered sees it.

use std::collections::BTreeMap;

use identity::UserId;
use session::{Changed, Connection, LoadedConnection, SessionError, Sessions};
use vault::ProviderName;

/// The connections of one user, as one turn knows them.
#[derive(Debug)]
pub(crate) struct Connections<'a> {
    sessions: &'a Sessions,
    user: &'a UserId,
    known: BTreeMap<ProviderName, Known>,
}

#[derive(Debug)]
struct Known {
    loaded: LoadedConnection,
    /// The user has disconnected since the turn began.
    is_disconnected: bool,
    /// It was read in this round.
    is_fresh: bool,
}

/// Whether a turn may go on with what it knows of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Standing {
    /// It may: the user has not disconnected since the turn began.
    Unchanged,
    /// It may not.
    Disconnected,
}

impl<'a> Connections<'a> {
    pub(crate) fn new(sessions: &'a Sessions, user: &'a UserId) -> Self {
        Self { sessions, user, known: BTreeMap::new() }
    }

    /// Calls are to be made: what was read before is too old for them.
    pub(crate) fn begin_round(&mut self) {
        self.known.values_mut().for_each(|known| known.is_fresh = false);
    }

    /// What is known of the connection to `provider`; `None` before it was read.
    pub(crate) fn get(&self, provider: &ProviderName) -> Option<&Connection> {
        self.known.get(provider).map(|known| &known.loaded.connection)
    }

    /// Reads the record for the first time, to be kept by [`learn`](Self::learn).
    pub(crate) async fn read(
        &self,
        provider: &ProviderName,
    ) -> Result<LoadedConnection, SessionError> {
        self.sessions.connection(self.user, provider.as_str()).await
    }

    /// The turn begins with this.
    pub(crate) fn learn(&mut self, provider: &ProviderName, loaded: LoadedConnection) {
        let known = Known { loaded, is_disconnected: false, is_fresh: true };
        self.known.insert(provider.clone(), known);
    }

    /// Whether the turn may still use the tokens that it has of `provider`: reads the record, unless that
    /// was done in this round or was never done.
    pub(crate) async fn check(
        &mut self,
        provider: &ProviderName,
    ) -> Result<Standing, SessionError> {
        let (sessions, user) = (self.sessions, self.user);
        let Some(known) = self.known.get_mut(provider) else { return Ok(Standing::Unchanged) };
        if !known.is_fresh && !known.is_disconnected {
            let now = sessions.connection(user, provider.as_str()).await?;
            known.is_disconnected = now.connection.was_disconnected_since(&known.loaded.connection);
            known.loaded = now;
            known.is_fresh = true;
        }
        Ok(if known.is_disconnected { Standing::Disconnected } else { Standing::Unchanged })
    }

    /// Saves that the user has consented to `scopes`, or that a flow has begun.
    pub(crate) async fn change(
        &mut self,
        provider: &ProviderName,
        change: impl Fn(&mut Connection),
    ) -> Result<Standing, SessionError> {
        let Some(known) = self.known.get_mut(provider) else { return Ok(Standing::Unchanged) };
        if known.is_disconnected {
            return Ok(Standing::Disconnected);
        }
        let changed = self.sessions.change_connection(&mut known.loaded, change).await?;
        known.is_disconnected = changed == Changed::Disconnected;
        Ok(if known.is_disconnected { Standing::Disconnected } else { Standing::Unchanged })
    }
}
