//! A user's conversations: which there are, and taking one away.

use std::{fmt, str::FromStr, time::SystemTime};

use identity::UserId;

use crate::{
    error::SessionError,
    fault::steadily,
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
    /// Where the next page begins, if there is one.
    pub next: Option<Mark>,
}

/// A place in a list: after a conversation that was on the page before. It stays right while
/// conversations come and go.
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
        let objects = self.objects(&key::prefix(user), Some("/")).await?;
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

    /// Deletes a conversation for good; `false` if there was none. It need not be readable.
    ///
    /// # Errors
    /// When S3 fails; see [`SessionError`].
    pub async fn delete(&self, user: &UserId, session: &SessionId) -> Result<bool, SessionError> {
        let key = key::of(user, session);
        let mut keys = Vec::new();
        if self.imports_strands {
            // First: what is left of it would come back with the next message.
            keys.extend(self.strands_keys(user, session).await?);
        }
        if self.is_there(&key).await? {
            keys.push(key);
        }
        for key in &keys {
            let call = self.client.delete_object().bucket(&self.bucket).key(key);
            steadily(|| call.clone().send()).await?;
        }
        Ok(!keys.is_empty())
    }

    async fn is_there(&self, key: &str) -> Result<bool, SessionError> {
        let call = self.client.head_object().bucket(&self.bucket).key(key);
        Ok(steadily(|| call.clone().send()).await?.is_some())
    }

    /// The keys below `prefix` and when they were last written. With a delimiter, only those
    /// without another one in them.
    pub(crate) async fn objects(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
    ) -> Result<Vec<(String, SystemTime)>, SessionError> {
        let (mut objects, mut token) = (Vec::new(), None);
        loop {
            let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let call = call.set_delimiter(delimiter.map(str::to_owned));
            let call = call.set_continuation_token(token);
            let page = steadily(|| call.clone().send()).await?;
            let Some(page) = page else { return Ok(objects) };
            for object in page.contents.unwrap_or_default() {
                let written = object.last_modified.and_then(|time| time.try_into().ok());
                if let Some(key) = object.key {
                    objects.push((key, written.unwrap_or(SystemTime::UNIX_EPOCH)));
                }
            }
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(objects);
            }
        }
    }
}
