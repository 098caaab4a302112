//! Loading and committing, without locks.
//!
//! Amazon S3, "How to prevent object overwrites with conditional writes": `If-None-Match: *`
//! creates, `If-Match` replaces what was read; 412 is a lost race, 409 one that is still running,
//! and 404 an object that is gone. Reads are strongly consistent.
//!
//! Every write has an id, kept in the object. A writer who never heard the answer to his PUT
//! reads back whether it happened, and only writes again what did not, under the same condition.

use std::{sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::ByteStream,
};
use bytes::{Bytes, BytesMut};
use identity::UserId;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::{
    conversation::{Conversation, Message, Spent},
    draft::Draft,
    error::SessionError,
    fault::{Fault, Patience, steadily},
    key::{self, SessionId},
    pending::Pending,
    strict,
    window::ContextTokens,
};

const CONNECT: Duration = Duration::from_secs(2);
/// One try of one request, up to the head of the answer.
const TRY: Duration = Duration::from_secs(4);

/// What a conversation may have when it is saved.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// One that was larger before is read all the same, up to this many times as much.
const READ_AT_MOST: usize = 4;
/// How much of whole conversations, as they are stored, is taken apart at once, in KiB: parsed, one
/// needs several times its size. What waits for room has asked S3 already, and has read nothing yet.
const READS_AT_ONCE: u32 = 16 * 1024;

/// The conversations in one bucket; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    pub(crate) imports_strands: bool,
    most_bytes: usize,
    reads: Arc<Semaphore>,
}

/// A conversation as it was when it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What was said; empty for a new one.
    pub conversation: Conversation,
    key: String,
    version: Option<String>,
    /// The room that it takes among the conversations that are taken apart at once.
    room: Option<Arc<OwnedSemaphorePermit>>,
    /// How much a model sees of it, if the rest is folded.
    window: Option<ContextTokens>,
    /// What the next write adds to what was spent.
    spent: Option<Spent>,
}

impl Loaded {
    /// Adds what was spent, to be saved with the next write.
    pub fn spend(&mut self, spent: Spent) {
        self.spent = Spent::sum(self.spent, Some(spent));
    }

    /// Whether anything was ever said in it.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.version.is_some() || !self.conversation.messages.is_empty()
    }
}

impl Loaded {
    fn new(conversation: Conversation, key: String, version: Option<String>) -> Self {
        Self { conversation, key, version, room: None, window: None, spent: None }
    }

    /// Goes on with what somebody else has made of it.
    fn follow(&mut self, now: Self) {
        (self.conversation, self.version) = (now.conversation, now.version);
        self.fold();
    }

    fn fold(&mut self) {
        if let Some(context) = self.window {
            let keep = context.reach(&self.conversation.messages);
            self.conversation.fold(keep);
        }
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
        Self {
            client: Client::from_conf(config.build()),
            bucket,
            imports_strands: false,
            most_bytes: MOST_BYTES,
            reads: Arc::new(Semaphore::new(READS_AT_ONCE as usize)),
        }
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

    /// How many bytes a conversation may have; the oldest turns of one with more are removed when
    /// it is saved. One of more than four times as many is not read.
    #[must_use]
    pub fn keeping(self, most_bytes: usize) -> Self {
        Self { most_bytes, ..self }
    }

    /// How many bytes a conversation may have.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    /// What `look` makes of the conversation `session` of `user`. Few are taken apart at once, and
    /// whoever comes then waits.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn look<T>(
        &self,
        user: &UserId,
        session: &SessionId,
        look: impl FnOnce(&Loaded) -> T,
    ) -> Result<T, SessionError> {
        Ok(look(&self.load(user, session).await?))
    }

    /// The conversation `session` of `user`, to go on with: only what a model with `context` can
    /// see of it is in [`messages`](Conversation::messages).
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn open(
        &self,
        user: &UserId,
        session: &SessionId,
        context: ContextTokens,
    ) -> Result<Loaded, SessionError> {
        let mut loaded = self.load(user, session).await?;
        loaded.window = Some(context);
        loaded.fold();
        loaded.room = None;
        Ok(loaded)
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
            let draft = Draft::new(&loaded.conversation, turn, pending, loaded.spent);
            let json = serde_json::to_vec(&draft);
            let json = json.map_err(|error| SessionError::Misconfigured(error.into()))?;
            let excess = json.len().saturating_sub(self.most_bytes);
            if excess > 0 && loaded.conversation.has_turns() {
                loaded.conversation.remove_oldest(excess);
                continue;
            }
            let (key, version) = (&loaded.key, loaded.version.as_deref());
            match self.write(key, version, &draft, json.into(), &mut patience).await? {
                Written::Now(version) => {
                    let change = draft.into_change();
                    loaded.conversation.apply(turn, pending, change);
                    loaded.version = version;
                    loaded.spent = None;
                    return Ok(());
                }
                Written::Before(now) => {
                    loaded.follow(now);
                    loaded.spent = None;
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
                    loaded.follow(winner);
                }
            }
        }
    }

    /// Writes `draft`, as `json`, over `version`, once, however often it takes.
    async fn write(
        &self,
        key: &str,
        version: Option<&str>,
        draft: &Draft<'_>,
        json: Bytes,
        patience: &mut Patience,
    ) -> Result<Written, SessionError> {
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
        let Some((json, version, room)) = self.get_whole(&key).await? else {
            return Ok(Loaded::new(Conversation::default(), key, None));
        };
        let mut conversation = Conversation::from_json(&json)?;
        conversation.messages = strict::mend(conversation.messages);
        // Without a version an existing object could be overwritten unseen.
        if version.is_none() {
            return Err(SessionError::Misconfigured("S3 answers without an ETag".into()));
        }
        let loaded = Loaded::new(conversation, key, version);
        Ok(Loaded { room: Some(Arc::new(room)), ..loaded })
    }

    /// An object, if there is one.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Bytes>, SessionError> {
        Ok(self.get_whole(key).await?.map(|(body, ..)| body))
    }

    /// An object, its version, and the room that it takes.
    async fn get_whole(
        &self,
        key: &str,
    ) -> Result<Option<(Bytes, Option<String>, OwnedSemaphorePermit)>, SessionError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key);
        let most = self.most_bytes.saturating_mul(READ_AT_MOST);
        let whole = || {
            let call = call.clone();
            async move {
                let object = call.send().await?;
                let room = self.room_for(object.content_length()).await;
                let body = collect(object.body, most).await?;
                Ok::<_, Fault>((body, object.e_tag, room))
            }
        };
        match steadily(whole).await? {
            None => Ok(None),
            Some((None, ..)) => Err(SessionError::TooLarge),
            Some((Some(body), version, Ok(room))) => Ok(Some((body, version, room))),
            Some((_, _, Err(closed))) => Err(SessionError::Unavailable(Box::new(closed))),
        }
    }

    /// Waits until an object of so many bytes may be taken apart beside the others.
    async fn room_for(&self, bytes: Option<i64>) -> Result<OwnedSemaphorePermit, AcquireError> {
        let kib = bytes.unwrap_or_default().cast_unsigned().div_ceil(1024);
        let kib = u32::try_from(kib).unwrap_or(READS_AT_ONCE).clamp(1, READS_AT_ONCE);
        Arc::clone(&self.reads).acquire_many_owned(kib).await
    }
}

/// The whole body; nothing if it has more than `most` bytes, of which no more are read then.
async fn collect(mut body: ByteStream, most: usize) -> Result<Option<Bytes>, Fault> {
    if usize::try_from(body.size_hint().0).is_ok_and(|least| least > most) {
        return Ok(None);
    }
    let mut all = BytesMut::new();
    while let Some(more) = body.next().await {
        all.extend_from_slice(&more.map_err(|error| Fault::Unknown(Box::new(error)))?);
        if all.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(all.freeze()))
}
