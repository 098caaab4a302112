//! Loading and committing, without locks.
//!
//! Amazon S3, "How to prevent object overwrites with conditional writes": `If-None-Match: *`
//! creates, `If-Match` replaces what was read; 412 is a lost race, 409 one that is still running,
//! and 404 an object that is gone. Reads are strongly consistent.

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_object::GetObjectError,
    primitives::ByteStream,
};
use identity::UserId;
use uuid::Uuid;

use crate::{
    conversation::{Conversation, Message},
    error::SessionError,
    key::{self, SessionId},
};

/// How often a finished turn tries to be appended after the winners of the races it lost.
const MAX_ATTEMPTS: usize = 8;

/// The conversations in one bucket.
#[derive(Debug, Clone)]
pub struct Sessions {
    client: Client,
    bucket: String,
}

/// A conversation as it was when it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What was said; empty for a new one.
    pub conversation: Conversation,
    key: String,
    version: Option<String>,
}

enum Written {
    /// With the new version.
    Yes(Option<String>),
    LostRace,
}

impl Sessions {
    /// The conversations in `bucket`.
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// The conversation `session` of `user`; an empty one if there is none yet.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn load(&self, user: &UserId, session: &SessionId) -> Result<Loaded, SessionError> {
        self.read(key::of(user, session)).await
    }

    /// Saves `next` in place of what was loaded.
    ///
    /// # Errors
    /// [`SessionError::Conflict`] when another request has changed it since; nothing is saved then.
    pub async fn replace(
        &self,
        loaded: Loaded,
        mut next: Conversation,
    ) -> Result<Loaded, SessionError> {
        let Loaded { key, version, .. } = loaded;
        let id = Uuid::new_v4().to_string();
        match self.write(&key, version.as_deref(), &mut next, &id).await? {
            Written::Yes(version) => Ok(Loaded { conversation: next, key, version }),
            Written::LostRace => {
                // A PUT whose answer was lost is repeated by the SDK, and then loses to itself.
                let winner = self.read(key).await?;
                let is_own = winner.conversation.has_write(&id);
                if is_own { Ok(winner) } else { Err(SessionError::Conflict) }
            }
        }
    }

    /// Saves a whole `turn` after what was loaded, or after whatever was said meanwhile.
    ///
    /// # Errors
    /// [`SessionError::Conflict`] when the conversation now waits for the user, or when too many
    /// others write it at once; nothing of the turn is saved then.
    pub async fn append(&self, loaded: Loaded, turn: Vec<Message>) -> Result<(), SessionError> {
        let Loaded { mut conversation, key, mut version } = loaded;
        let id = Uuid::new_v4().to_string();
        for _ in 0..MAX_ATTEMPTS {
            conversation.messages.extend_from_slice(&turn);
            match self.write(&key, version.as_deref(), &mut conversation, &id).await? {
                Written::Yes(_) => return Ok(()),
                Written::LostRace => {
                    let winner = self.read(key.clone()).await?;
                    if winner.conversation.has_write(&id) {
                        return Ok(());
                    }
                    if winner.conversation.pending.is_some() {
                        return Err(SessionError::Conflict);
                    }
                    Loaded { conversation, version, .. } = winner;
                }
            }
        }
        Err(SessionError::Conflict)
    }

    async fn read(&self, key: String) -> Result<Loaded, SessionError> {
        let call = self.client.get_object().bucket(&self.bucket).key(&key);
        let object = match call.send().await {
            Ok(object) => object,
            Err(error) if is_missing(&error) => {
                return Ok(Loaded { conversation: Conversation::default(), key, version: None });
            }
            Err(error) => return Err(failure(error)),
        };
        let version = object.e_tag;
        let json = object.body.collect().await;
        let json = json.map_err(|error| SessionError::Unavailable(Box::new(error)))?;
        let conversation = Conversation::from_json(&json.into_bytes());
        // Without a version an existing object could be overwritten unseen.
        match (conversation, version) {
            (Some(conversation), version @ Some(_)) => Ok(Loaded { conversation, key, version }),
            _ => Err(SessionError::Unreadable),
        }
    }

    async fn write(
        &self,
        key: &str,
        version: Option<&str>,
        conversation: &mut Conversation,
        id: &str,
    ) -> Result<Written, SessionError> {
        conversation.remember_write(id);
        let json = serde_json::to_vec(conversation)
            .map_err(|error| SessionError::Misconfigured(Box::new(error)))?;
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        let call = call.content_type("application/json").body(ByteStream::from(json));
        let call = match version {
            Some(version) => call.if_match(version),
            None => call.if_none_match("*"),
        };
        match call.send().await {
            Ok(saved) => Ok(Written::Yes(saved.e_tag)),
            Err(error) => match status(&error) {
                Some(409 | 412) => Ok(Written::LostRace),
                Some(404) if is_key_gone(&error) => Ok(Written::LostRace),
                _ => Err(failure(error)),
            },
        }
    }
}

fn is_missing(error: &SdkError<GetObjectError>) -> bool {
    error.as_service_error().is_some_and(GetObjectError::is_no_such_key)
}

fn is_key_gone<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("NoSuchKey")
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

fn failure<E>(error: SdkError<E>) -> SessionError
where
    E: std::error::Error + Send + Sync + 'static,
{
    match status(&error) {
        Some(400..=428 | 430..=499) => SessionError::Misconfigured(Box::new(error)),
        _ => SessionError::Unavailable(Box::new(error)),
    }
}
