//! A user's conversations: listing them, and deleting one.

use std::{fmt, str::FromStr, time::SystemTime};

use identity::UserId;

use crate::{
    error::SessionError,
    key::{self, SessionId},
    store::Sessions,
};

/// One conversation of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: SessionId,
    /// When something was last said in it.
    pub updated: SystemTime,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The conversations, the newest first.
    pub sessions: Vec<Listed>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Mark>,
}

/// A position in a list: just after a conversation of the page before. It stays valid while
/// conversations are added and deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    milliseconds: u64,
    id: String,
}

/// What can't be a [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in the list")]
pub struct InvalidMark;

impl From<&Listed> for Mark {
    fn from(listed: &Listed) -> Self {
        let since = listed.updated.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self { milliseconds, id: listed.id.to_string() }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.milliseconds, self.id)
    }
}

impl FromStr for Mark {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        let (milliseconds, id) = text.split_once('.').ok_or(InvalidMark)?;
        let id = SessionId::parse(id).map_err(|_| InvalidMark)?.to_string();
        let milliseconds = milliseconds.parse().map_err(|_| InvalidMark)?;
        Ok(Self { milliseconds, id })
    }
}

impl Sessions {
    /// The conversations of `user` after `mark`, the newest first, at most `limit`. Costs one
    /// request for every 1,000 that the user has.
    ///
    /// # Errors
    /// When S3 fails; see [`SessionError`].
    pub async fn list(
        &self,
        user: &UserId,
        mark: Option<&Mark>,
        limit: usize,
    ) -> Result<Page, SessionError> {
        let objects = self.bucket.list(&key::user_prefix(user), Some("/")).await?;
        let listed = objects.into_iter().filter_map(|(key, updated)| {
            let (owner, id) = key::parse(&key)?;
            (owner == *user).then_some(Listed { id, updated })
        });
        let mut listed: Vec<(Mark, Listed)> = listed
            .map(|listed| (Mark::from(&listed), listed))
            .filter(|(place, _)| mark.is_none_or(|mark| place < mark))
            .collect();
        listed.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        let is_last = listed.len() <= limit;
        listed.truncate(limit);
        let last = listed.last().map(|(place, _)| place.clone());
        let sessions = listed.into_iter().map(|(_, listed)| listed).collect();
        Ok(Page { sessions, next: last.filter(|_| !is_last) })
    }

    /// Deletes a conversation, readable or not. Returns `false` if there was none.
    ///
    /// # Errors
    /// When S3 fails; see [`SessionError`].
    pub async fn delete(&self, user: &UserId, session: &SessionId) -> Result<bool, SessionError> {
        let key = key::object_key(user, session);
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
        Ok(!keys.is_empty())
    }
}
