//! Reading and changing the record of a connection: one small object for each user and provider, beside
//! the user's conversations, under the same conditions as these (see [`crate::store`]).
//!
//! A change that is made a second time changes nothing, so that a writer who never heard the answer to
//! their PUT reads the object and tries again.

use std::time::SystemTime;

use identity::UserId;

use crate::{
    bucket::Object,
    connection::Connection,
    error::SessionError,
    key,
    retry::{RetryBudget, S3Failure},
    store::Sessions,
};

/// A record has a few hundred bytes; it is not read if it has more than this many.
const MOST_BYTES: usize = 64 * 1024;

/// A connection as it was when it was read.
#[derive(Debug, Clone)]
pub struct LoadedConnection {
    /// What is known of it.
    pub connection: Connection,
    key: String,
    version: Option<String>,
}

/// The result of a change that only counts if the user has not disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is saved.
    Saved,
    /// The user has disconnected since the record was read: nothing is changed.
    Disconnected,
}

impl Sessions {
    /// What is known of the connection of `user` to `provider`.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn connection(
        &self,
        user: &UserId,
        provider: &str,
    ) -> Result<LoadedConnection, SessionError> {
        self.read_connection(key::connection_key(user, provider)).await
    }

    /// Changes what was `loaded`, or what another request has made of it since, unless the user has
    /// disconnected meanwhile. Then, and after an error, `loaded` stays as it was.
    ///
    /// # Errors
    /// When it can't be saved; see [`SessionError`].
    pub async fn change_connection(
        &self,
        loaded: &mut LoadedConnection,
        change: impl Fn(&mut Connection),
    ) -> Result<Changed, SessionError> {
        let began = loaded.connection.clone();
        let changed = |connection: &Connection| {
            let mut next = connection.clone();
            change(&mut next);
            (!next.was_disconnected_since(&began)).then_some(next)
        };
        Ok(match self.write_connection(loaded.clone(), changed).await? {
            Some(saved) => {
                *loaded = saved;
                Changed::Saved
            }
            None => Changed::Disconnected,
        })
    }

    /// Remembers that `user` disconnects `provider`, where the vault has tokens with these fingerprints.
    /// Once this returns, no token and no flow of before counts.
    ///
    /// # Errors
    /// When it can't be saved; see [`SessionError`].
    pub async fn disconnect(
        &self,
        user: &UserId,
        provider: &str,
        tokens: &[String],
        now: SystemTime,
    ) -> Result<(), SessionError> {
        let loaded = self.connection(user, provider).await?;
        let disconnected = |connection: &Connection| {
            let mut next = connection.clone();
            next.disconnect(tokens, now);
            Some(next)
        };
        self.write_connection(loaded, disconnected).await.map(|_| ())
    }

    /// Replaces what was `loaded` by what `change` makes of it; reads it again and tries again when
    /// another request writes first. `None` if `change` gives up.
    async fn write_connection(
        &self,
        mut loaded: LoadedConnection,
        change: impl Fn(&Connection) -> Option<Connection>,
    ) -> Result<Option<LoadedConnection>, SessionError> {
        let mut budget = RetryBudget::default();
        loop {
            let Some(next) = change(&loaded.connection) else { return Ok(None) };
            if next == loaded.connection {
                return Ok(Some(loaded));
            }
            let json = serde_json::to_vec(&next).map_err(SessionError::NotJson)?;
            let (key, version) = (&loaded.key, loaded.version.as_deref());
            // Without the tag of a conversation: a record never expires.
            match self.bucket.put(key, version, json.into(), None).await {
                Ok(version) => {
                    return Ok(Some(LoadedConnection { connection: next, version, ..loaded }));
                }
                Err(S3Failure::Refused(cause)) => return Err(SessionError::Misconfigured(cause)),
                Err(S3Failure::TooLarge) => return Err(SessionError::TooLarge),
                Err(S3Failure::Busy(cause) | S3Failure::Unknown(cause)) => {
                    budget.after_failure(cause).await?;
                }
                Err(
                    S3Failure::ConditionFailed | S3Failure::ConflictingWrite | S3Failure::NotFound,
                ) if budget.has_no_more_races() => return Err(SessionError::Contended),
                Err(
                    S3Failure::ConditionFailed | S3Failure::ConflictingWrite | S3Failure::NotFound,
                ) => budget.after_race().await,
            }
            loaded = self.read_connection(loaded.key).await?;
        }
    }

    async fn read_connection(&self, key: String) -> Result<LoadedConnection, SessionError> {
        let Some(Object { body, version, .. }) = self.bucket.get(&key, MOST_BYTES).await? else {
            return Ok(LoadedConnection { connection: Connection::default(), key, version: None });
        };
        let connection = Connection::from_json(&body)?;
        // Without a version an existing object could be overwritten unseen.
        if version.is_none() {
            return Err(SessionError::NoVersion);
        }
        Ok(LoadedConnection { connection, key, version })
    }
}
