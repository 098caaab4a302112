//! Loading and committing, without locks.
//!
//! Amazon S3, "How to prevent object overwrites with conditional writes": `If-None-Match: *`
//! creates, `If-Match` replaces what was read; 412 is a lost race, 409 one that is still running,
//! and 404 an object that is gone. Reads are strongly consistent.
//!
//! Every write has an id, kept in the object. A writer who never heard the answer to their PUT
//! reads back whether it happened, and only writes again what did not, under the same condition.

use std::sync::Arc;

use aws_sdk_s3::{Client, config::Builder};
use identity::UserId;

use crate::{
    bucket::{Bucket, Object},
    commit::Commit,
    conversation::Conversation,
    error::SessionError,
    key::{self, SessionId},
    loaded::Loaded,
    message::Message,
    pending::Pending,
    retry::{RetryBudget, S3Failure},
    window::ContextTokens,
};

/// How many bytes a saved conversation may have, unless configured.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// A conversation that was saved under a larger limit is read if it has at most this many times as
/// much.
const READ_AT_MOST: usize = 4;
/// Tells a conversation from what else is kept for a user: a bucket's rule can let conversations expire,
/// and must not expire the record of a disconnect, which would make old tokens usable again.
pub(crate) const TAG: &str = "kind=conversation";

/// The conversations in one bucket; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub(crate) bucket: Bucket,
    pub(crate) imports_strands: bool,
    most_bytes: usize,
    pub(crate) kind: Kind,
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Conversations.
    Conversations,
    /// Calls of clients, each of which is kept as a conversation of one turn, apart from these.
    Calls,
}

/// The result of a write.
enum WriteOutcome {
    /// It is stored as this version.
    Stored(Option<String>),
    /// It had been stored by an earlier try, and this is what is stored now.
    StoredBefore(Loaded),
    /// Another request wrote first, and this is what is stored now.
    Overtaken(Loaded),
}

impl Sessions {
    /// The conversations in `bucket`. Retries and time-outs are set here, not in `config`.
    #[must_use]
    pub fn new(config: Builder, bucket: String) -> Self {
        let bucket = Bucket::new(config, bucket);
        Self { bucket, imports_strands: false, most_bytes: MOST_BYTES, kind: Kind::Conversations }
    }

    /// The client, with the connections that this uses.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.bucket.client()
    }

    /// Whether an unknown conversation is looked for where the Python package `strands-agents`
    /// keeps it in the same bucket.
    #[must_use]
    pub fn importing_strands(self, imports_strands: bool) -> Self {
        Self { imports_strands, ..self }
    }

    /// Whether S3 is reached over TLS, so that a write need not hash its body for its signature: TLS and the
    /// checksum that is sent keep it whole. Where the bucket's policy demands the hash, it is sent.
    #[must_use]
    pub fn over_tls(mut self, over_tls: bool) -> Self {
        self.bucket.leave_bodies_unsigned(over_tls);
        self
    }

    /// How many bytes a conversation may have; the oldest turns of one with more are removed when
    /// it is saved. One of more than four times as many is not read.
    #[must_use]
    pub fn keeping(self, most_bytes: usize) -> Self {
        Self { most_bytes, ..self }
    }

    /// The calls of clients in the same bucket: where `Self` has conversations. No list has them.
    #[must_use]
    pub fn calls(&self) -> Self {
        Self { kind: Kind::Calls, imports_strands: false, ..self.clone() }
    }

    /// The key of one of them.
    pub(crate) fn key(&self, user: &UserId, session: &SessionId) -> String {
        match self.kind {
            Kind::Conversations => key::object_key(user, session),
            Kind::Calls => key::call_key(user, session),
        }
    }

    /// How many bytes a conversation may have.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    /// What `look` returns for the conversation `session` of `user`. Only so many are parsed at a
    /// time; a call beyond that waits.
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
        let mut loaded = self.load_within(user, session, Some(context)).await?;
        loaded.share = None;
        Ok(loaded)
    }

    /// The conversation `session` of `user`; an empty one if there is none yet.
    ///
    /// # Errors
    /// When it can't be read; see [`SessionError`].
    pub async fn load(&self, user: &UserId, session: &SessionId) -> Result<Loaded, SessionError> {
        self.load_within(user, session, None).await
    }

    async fn load_within(
        &self,
        user: &UserId,
        session: &SessionId,
        window: Option<ContextTokens>,
    ) -> Result<Loaded, SessionError> {
        let mut loaded = self.read(self.key(user, session), window).await?;
        if self.imports_strands && !loaded.exists() {
            let messages = self.strands_messages(user, session).await?;
            loaded.conversation = Conversation::from_messages(messages)?;
        }
        Ok(loaded)
    }

    /// Appends `turn` to what was loaded and saves it, with `pending` as the unfinished turn. If
    /// another request wrote first, `turn` is appended after its messages, unless there is an
    /// unfinished turn before or after. On success `loaded` is what is stored; after an error it is as
    /// it was last read.
    ///
    /// # Errors
    /// [`SessionError::Conflict`] when another request has changed the conversation in a way that
    /// this can't follow, [`SessionError::Deleted`] when it is gone, [`SessionError::Contended`]
    /// when too many others write it at once. Nothing is saved in these cases.
    pub async fn commit(
        &self,
        loaded: &mut Loaded,
        turn: &[Message],
        pending: Option<&Pending>,
    ) -> Result<(), SessionError> {
        let mut budget = RetryBudget::default();
        loop {
            self.seal(loaded).await;
            let commit = Commit::new(&loaded.conversation, turn, pending, loaded.spent);
            let commit = commit.map_err(SessionError::NotJson)?;
            let bytes = commit.json().len() + loaded.conversation.sealed_bytes();
            let excess = bytes.saturating_sub(self.most_bytes);
            if excess > 0 && loaded.conversation.has_turns() {
                loaded.remove_oldest(excess);
                continue;
            }
            match self.write(loaded, &commit, &mut budget).await? {
                WriteOutcome::Stored(version) => {
                    commit.apply(&mut loaded.conversation);
                    loaded.version = version;
                    break;
                }
                WriteOutcome::StoredBefore(now) => {
                    loaded.follow(now);
                    break;
                }
                WriteOutcome::Overtaken(winner) => {
                    if winner.version != loaded.version {
                        self.delete_loose(loaded, Some(&winner.conversation)).await;
                    }
                    if loaded.version.is_some() && winner.version.is_none() {
                        return Err(SessionError::Deleted);
                    }
                    if [&*loaded, &winner].iter().any(|it| it.conversation.pending.is_some()) {
                        return Err(SessionError::Conflict);
                    }
                    // The same message, sent twice at once, counts once, also if its turn begins to
                    // wait, or to act, when the other is done.
                    let first = turn.first().or_else(|| pending.and_then(|it| it.turn.first()));
                    let id = first.and_then(|first| first.id.as_deref());
                    if id.is_some_and(|id| winner.conversation.has_turn(id)) {
                        return Err(SessionError::Conflict);
                    }
                    if budget.has_no_more_races() {
                        return Err(SessionError::Contended);
                    }
                    loaded.follow(winner);
                }
            }
        }
        loaded.spent = None;
        self.delete_loose(loaded, None).await;
        Ok(())
    }

    /// Writes `commit` in place of what was loaded. It is applied at most once, however many tries that
    /// takes.
    async fn write(
        &self,
        loaded: &Loaded,
        commit: &Commit<'_>,
        budget: &mut RetryBudget,
    ) -> Result<WriteOutcome, SessionError> {
        let (key, version) = (loaded.key.as_str(), loaded.version.as_deref());
        loop {
            match self.bucket.put(key, version, commit.json().clone(), Some(TAG)).await {
                Ok(version) => return Ok(WriteOutcome::Stored(version)),
                Err(S3Failure::Refused(cause)) => return Err(SessionError::Misconfigured(cause)),
                Err(S3Failure::TooLarge) => return Err(SessionError::TooLarge),
                Err(S3Failure::Busy(cause)) => {
                    budget.after_failure(cause).await?;
                    continue;
                }
                Err(S3Failure::Unknown(cause)) => budget.after_failure(cause).await?,
                Err(
                    S3Failure::ConditionFailed | S3Failure::ConflictingWrite | S3Failure::NotFound,
                ) => budget.after_race().await,
            }
            let now = self.read(key.to_owned(), loaded.window).await?;
            if commit.is_in(&now.conversation) {
                return Ok(WriteOutcome::StoredBefore(now));
            }
            // If nothing changed, neither this was written nor what it ran into.
            if now.version.as_deref() != version || budget.has_no_more_races() {
                return Ok(WriteOutcome::Overtaken(now));
            }
        }
    }

    /// Reads a conversation, of which those messages are parsed that are within `window`, or all.
    async fn read(
        &self,
        key: String,
        window: Option<ContextTokens>,
    ) -> Result<Loaded, SessionError> {
        let Some(Object { body, version, share }) = self.get(&key).await? else {
            let loaded = Loaded::new(Conversation::default(), key, None);
            return Ok(Loaded { window, ..loaded });
        };
        let conversation = Conversation::from_json(&body, window)?;
        // Without a version an existing object could be overwritten unseen.
        if version.is_none() {
            return Err(SessionError::NoVersion);
        }
        let loaded = Loaded::new(conversation, key, version);
        Ok(Loaded { window, share: Some(Arc::new(share)), ..loaded })
    }

    /// An object, if there is one.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Object>, SessionError> {
        self.bucket.get(key, self.most_bytes.saturating_mul(READ_AT_MOST)).await
    }
}
