//! A user's conversations: listing them, and deleting one.

use std::{fmt, str::FromStr, time::SystemTime};

use futures_util::{StreamExt, stream};
use identity::UserId;

use crate::{
    error::SessionError,
    key::{self, SessionId},
    store::Sessions,
    title,
};

/// How many titles are read at a time.
const TITLES_AT_ONCE: usize = 16;

/// One conversation of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: SessionId,
    /// What it is called: its user's first words. `None` if it was saved without, or could not be
    /// read.
    pub title: Option<String>,
    /// When something was last said in it.
    pub updated: SystemTime,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The conversations, the newest first.
    pub sessions: Vec<Listed>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// A position in a list: just after a conversation of the page before. It stays valid while
/// conversations are added and deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    milliseconds: u64,
    id: String,
}

/// What can't be a [`Cursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in the list")]
pub struct InvalidCursor;

impl From<&Listed> for Cursor {
    fn from(listed: &Listed) -> Self {
        let since = listed.updated.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self { milliseconds, id: listed.id.to_string() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.milliseconds, self.id)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (milliseconds, id) = text.split_once('.').ok_or(InvalidCursor)?;
        let id = SessionId::parse(id).map_err(|_| InvalidCursor)?.to_string();
        let milliseconds = milliseconds.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { milliseconds, id })
    }
}

impl Sessions {
    /// The conversations of `user` after `cursor`, the newest first, at most `limit`. Costs one
    /// request for every 1,000 that the user has, and one for the title of each that is returned.
    ///
    /// # Errors
    /// When S3 fails; see [`SessionError`].
    pub async fn list(
        &self,
        user: &UserId,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, SessionError> {
        let objects = self.bucket.list(&key::user_prefix(user), Some("/")).await?;
        let listed = objects.into_iter().filter_map(|(key, updated)| {
            let (owner, id) = key::parse(&key)?;
            (owner == *user).then_some(Listed { id, title: None, updated })
        });
        let mut listed: Vec<(Cursor, Listed)> = listed
            .map(|listed| (Cursor::from(&listed), listed))
            .filter(|(place, _)| cursor.is_none_or(|cursor| place < cursor))
            .collect();
        listed.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        let is_last = listed.len() <= limit;
        listed.truncate(limit);
        let last = listed.last().map(|(place, _)| place.clone());
        let titled = stream::iter(listed).map(|(_, listed)| self.titled(user, listed));
        let sessions = titled.buffered(TITLES_AT_ONCE).collect().await;
        Ok(Page { sessions, next: last.filter(|_| !is_last) })
    }

    /// With its title. A list without one title is better than none.
    async fn titled(&self, user: &UserId, listed: Listed) -> Listed {
        let key = key::object_key(user, &listed.id);
        let start = self.bucket.start(&key, title::WITHIN).await;
        let start = start.inspect_err(|error| tracing::warn!(%error, "a title can't be read"));
        let title = start.ok().flatten().and_then(|start| title::title_in(&start));
        Listed { title, ..listed }
    }

    /// Deletes a conversation, readable or not. Returns `false` if there was none.
    ///
    /// # Errors
    /// When S3 fails; see [`SessionError`].
    pub async fn delete(&self, user: &UserId, session: &SessionId) -> Result<bool, SessionError> {
        let key = self.key(user, session);
        let mut keys = Vec::new();
        if self.imports_strands {
            // First: what is left of it would be imported again with the next message.
            keys.extend(self.strands_keys(user, session).await?);
        }
        if self.bucket.exists(&key).await? {
            keys.push(key);
        }
        for key in &keys {
            self.bucket.delete(key).await?;
        }
        // Last: once the head is gone no other can come to name them.
        let sealed = self.delete_segments(&self.key(user, session)).await?;
        Ok(sealed || !keys.is_empty())
    }
}
