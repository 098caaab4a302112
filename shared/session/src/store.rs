//! Loading and committing, without locks.
//!
//! Amazon S3, "How to prevent object overwrites with conditional writes": `If-None-Match: *`
//! creates, `If-Match` replaces what was read; 412 is a lost race, 409 one that is still running,
//! and 404 an object that is gone. Reads are strongly consistent.
//!
//! Every write has an id, kept in the object. A writer who never heard the answer to his PUT
//! reads back whether it happened, and only writes again what did not, under the same condition.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::ByteStream,
};
use bytes::Bytes;
use identity::UserId;

use crate::{
    conversation::{Conversation, Message},
    draft::Draft,
    error::SessionError,
    fault::{Fault, Patience, steadily},
    key::{self, SessionId},
    pending::Pending,
    strict,
};

const CONNECT: Duration = Duration::from_secs(2);
/// One try of one request, up to the head of the answer.
const TRY: Duration = Duration::from_secs(4);

/// The conversations in one bucket; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    pub(crate) imports_strands: bool,
}

/// A conversation as it was when it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What was said; empty for a new one.
    pub conversation: Conversation,
    key: String,
    version: Option<String>,
}

impl Loaded {
    /// Whether anything was ever said in it.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.version.is_some() || !self.conversation.messages.is_empty()
    }
}

enum Written {
    /// As this version.
    Now(Option<String>),
    /// Earlier, unheard: this is what is there now.
    Before(Loaded),
    /// Somebody else wrote first: this is what is there now.
    LostTo(Loaded),
}

impl Sessions {
    /// The conversations in `bucket`. Retries and time-outs are set here.
    #[must_use]
    pub fn new(config: Builder, bucket: String) -> Self {
        let limits =
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(TRY);
        let config = config.retry_config(RetryConfig::disabled()).timeout_config(limits.build());
        Self { client: Client::from_conf(config.build()), bucket, imports_strands: false }
    }

    /// The client, with the connections that this uses.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether an unknown conversation is looked for where the Python package `strands-agents`
    /// keeps it in the same bucket.
    #[must_use]
    pub fn importing_strands(self, imports_strands: bool) -> Self {
        Self { imports_strands, ..self }
    }

    /// The conversation `session` of `user`; an empty one if there is none yet.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn load(&self, user: &UserId, session: &SessionId) -> Result<Loaded, SessionError> {
        let mut loaded = self.read(key::of(user, session)).await?;
        if self.imports_strands && !loaded.exists() {
            loaded.conversation.messages = self.strands_messages(user, session).await?;
        }
        Ok(loaded)
    }

    /// Saves `turn` after what was loaded, and `pending` as what is not finished. Where nothing
    /// waited and nothing waits now, it goes after whatever was said meanwhile. Then `loaded` is
    /// what is stored; after an error it is as it was read last.
    ///
    /// # Errors
    /// [`SessionError::Conflict`] when another request has changed the conversation in a way that
    /// this can't follow, [`SessionError::Deleted`] when it is gone, [`SessionError::Contended`]
    /// when too many others write it at once; nothing is saved then.
    pub async fn commit(
        &self,
        loaded: &mut Loaded,
        turn: &[Message],
        pending: Option<&Pending>,
    ) -> Result<(), SessionError> {
        let mut patience = Patience::default();
        loop {
            let draft = Draft::new(&loaded.conversation, turn, pending);
            match self.write(&loaded.key, loaded.version.as_deref(), &draft, &mut patience).await? {
                Written::Now(version) => {
                    let change = draft.into_change();
                    loaded.conversation.apply(turn, pending, change);
                    loaded.version = version;
                    return Ok(());
                }
                Written::Before(now) => {
                    *loaded = now;
                    return Ok(());
                }
                Written::LostTo(winner) => {
                    if loaded.version.is_some() && winner.version.is_none() {
                        return Err(SessionError::Deleted);
                    }
                    if [&*loaded, &winner].iter().any(|it| it.conversation.pending.is_some()) {
                        return Err(SessionError::Conflict);
                    }
                    if patience.is_at_end() {
                        return Err(SessionError::Contended);
                    }
                    *loaded = winner;
                }
            }
        }
    }

    /// Writes `draft` over `version`, once, however often it takes.
    async fn write(
        &self,
        key: &str,
        version: Option<&str>,
        draft: &Draft<'_>,
        patience: &mut Patience,
    ) -> Result<Written, SessionError> {
        let json = serde_json::to_vec(draft);
        let json = Bytes::from(json.map_err(|error| SessionError::Misconfigured(error.into()))?);
        loop {
            match self.put(key, version, json.clone()).await {
                Ok(version) => return Ok(Written::Now(version)),
                Err(Fault::Refused(cause)) => return Err(SessionError::Misconfigured(cause)),
                Err(Fault::Busy(cause)) => {
                    patience.after_fault(cause).await?;
                    continue;
                }
                Err(Fault::Unknown(cause)) => patience.after_fault(cause).await?,
                Err(Fault::Lost | Fault::Running | Fault::Missing) => patience.after_race().await,
            }
            let now = self.read(key.to_owned()).await?;
            if draft.is_in(&now.conversation) {
                return Ok(Written::Before(now));
            }
            // If nothing changed, neither this was written nor what it ran into.
            if now.version.as_deref() != version || patience.is_at_end() {
                return Ok(Written::LostTo(now));
            }
        }
    }

    async fn put(
        &self,
        key: &str,
        version: Option<&str>,
        json: Bytes,
    ) -> Result<Option<String>, Fault> {
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        let call = call.content_type("application/json").body(ByteStream::from(json));
        let call = match version {
            Some(version) => call.if_match(version),
            None => call.if_none_match("*"),
        };
        Ok(call.send().await?.e_tag)
    }

    async fn read(&self, key: String) -> Result<Loaded, SessionError> {
        let Some((json, version)) = self.get(&key).await? else {
            return Ok(Loaded { conversation: Conversation::default(), key, version: None });
        };
        let mut conversation = Conversation::from_json(&json)?;
        conversation.messages = strict::mend(conversation.messages);
        // Without a version an existing object could be overwritten unseen.
        if version.is_none() {
            return Err(SessionError::Misconfigured("S3 answers without an ETag".into()));
        }
        Ok(Loaded { conversation, key, version })
    }

    /// An object and its version, if there is one.
    pub(crate) async fn get(
        &self,
        key: &str,
    ) -> Result<Option<(Bytes, Option<String>)>, SessionError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key);
        let whole = || {
            let call = call.clone();
            async move {
                let object = call.send().await?;
                let (version, body) = (object.e_tag, object.body.collect().await);
                let body = body.map_err(|error| Fault::Unknown(Box::new(error)))?;
                Ok::<_, Fault>((body.into_bytes(), version))
            }
        };
        steadily(whole).await
    }
}
