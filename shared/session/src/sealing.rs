//! Which segments are written and deleted, and when: so that a head never names one that is not there.
//!
//! | at | what is left | what it means |
//! |---|---|---|
//! | a crash between a segment and its head | a segment that no head names | nothing: its turns are in the head |
//! | a head that loses its race | the same | its writer deletes it, because no later head can name it |
//! | a head whose outcome is unknown | the same, or not | it stays |
//! | a conversation that is deleted | its segments, after its head | the delete goes on with them, and can be repeated |
//!
//! What stays without a head goes when the conversation is deleted, or by the rule of the bucket that lets
//! conversations expire.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    conversation::Conversation,
    error::SessionError,
    key::{segment_key, segments_prefix},
    loaded::Loaded,
    retry::S3Failure,
    store::{Kind, Sessions, TAG},
};

/// How long a turn that is saved may take to delete what is not needed any more.
const DELETING: Duration = Duration::from_secs(1);

impl Loaded {
    /// Removes the oldest turns that have `excess` bytes together.
    pub(crate) fn remove_oldest(&mut self, excess: usize) {
        let gone = self.conversation.remove_oldest(excess);
        let keys = gone.into_iter().map(|segment| segment_key(&self.key, &segment.id));
        self.loose.extend(keys);
    }
}

impl Sessions {
    /// Writes the segments that `loaded` has become long enough for, so that its next head names them. If
    /// one can't be written, the head holds its turns as before, and the next turn tries again.
    pub(crate) async fn seal(&self, loaded: &mut Loaded) {
        if self.kind != Kind::Conversations || loaded.version.is_none() {
            return;
        }
        let segments = match loaded.conversation.to_seal() {
            Ok(segments) => segments,
            Err(error) => return tracing::warn!(%error, "the oldest turns can't be sealed"),
        };
        for new in segments {
            let key = segment_key(&loaded.key, &new.segment.id);
            loaded.loose.push(key.clone());
            match self.bucket.put(&key, None, new.json.clone(), Some(TAG)).await {
                Ok(_) | Err(S3Failure::ConditionFailed) => loaded.conversation.seal(new),
                Err(failure) => return tracing::warn!(?failure, "a segment can't be written"),
            }
        }
    }

    /// Deletes the segments that `loaded` was to name, or named before, and that what is stored does not:
    /// heads that come after it can't, either. What is stored is `winner`, or else what `loaded` is.
    pub(crate) async fn delete_loose(&self, loaded: &mut Loaded, winner: Option<&Conversation>) {
        let mut loose = std::mem::take(&mut loaded.loose);
        let now = winner.unwrap_or(&loaded.conversation);
        let named = |key: &String| {
            now.segments.iter().any(|segment| segment_key(&loaded.key, &segment.id) == *key)
        };
        loose.retain(|key| !named(key));
        let delete = async {
            for key in &loose {
                if let Err(failure) = self.bucket.try_to_delete(key).await {
                    tracing::warn!(?failure, "a segment without a head can't be deleted");
                }
            }
        };
        if timeout(DELETING, delete).await.is_err() {
            tracing::warn!("segments without a head were not deleted in time");
        }
    }

    /// Deletes every segment of the conversation whose head was at `head`. Returns whether there was one.
    pub(crate) async fn delete_segments(&self, head: &str) -> Result<bool, SessionError> {
        if self.kind != Kind::Conversations {
            return Ok(false);
        }
        let segments = self.bucket.list(&segments_prefix(head), None).await?;
        for (key, _) in &segments {
            self.bucket.delete(key).await?;
        }
        Ok(!segments.is_empty())
    }
}
