//! One request's hold on a stored conversation: how a turn is claimed, paused and finished in it.
//!
//! Every write is conditional on what was read, so that of two requests at work on one
//! unfinished turn one alone can claim, pause or finish it.

use std::time::SystemTime;

use identity::UserId;
use session::{ContextTokens, Loaded, Message, Pending, SessionError, SessionId, Sessions, Spent};

use crate::{error::TurnError, turn::Turn};

/// One request's hold on a conversation.
#[derive(Debug)]
pub struct Lease<'a> {
    sessions: &'a Sessions,
    loaded: Loaded,
    /// When this request's claims end, because it has certainly ended then.
    until: SystemTime,
    holds_claims: bool,
    has_unconfirmed_claim: bool,
}

impl<'a> Lease<'a> {
    /// Reads the conversation, as far as a model with `context` sees it. By `until` the request that
    /// does so has certainly ended.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn load(
        sessions: &'a Sessions,
        user: &UserId,
        session: &SessionId,
        context: ContextTokens,
        until: SystemTime,
    ) -> Result<Self, SessionError> {
        let loaded = sessions.open(user, session, context).await?;
        Ok(Self { sessions, loaded, until, holds_claims: false, has_unconfirmed_claim: false })
    }

    /// The whole turns that a model can see.
    pub fn history(&self) -> &[Message] {
        &self.loaded.conversation.messages
    }

    /// The finished turn that began with the message `id`, if there is one; without messages, if they are
    /// gone.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn turn(&self, id: &str) -> Result<Option<Vec<Message>>, SessionError> {
        self.sessions.turn(&self.loaded, id).await
    }

    /// Whether the turn that is not finished began with the message `id`.
    pub fn waits_for(&self, id: &str) -> bool {
        self.loaded.conversation.pending_id().is_some_and(|own| own == id)
    }

    /// How many of its oldest turns have been removed so far.
    pub fn removed_turns(&self) -> u64 {
        self.loaded.conversation.removed_turns
    }

    /// Returns the tokens that the conversation records as spent.
    pub fn spent(&self) -> Option<Spent> {
        self.loaded.conversation.spent
    }

    /// Adds what was spent, to be saved with the next write.
    pub fn spend(&mut self, spent: Spent) {
        self.loaded.spend(spent);
    }

    fn to_pending(&self, turn: &Turn, until: SystemTime) -> Pending {
        session::saved_pending(turn.to_pending(until), self.sessions.most_bytes())
    }

    /// Whether anything is saved of it.
    pub fn is_stored(&self) -> bool {
        self.loaded.exists()
    }

    /// The turn that is not finished.
    pub fn pending(&self) -> Option<&Pending> {
        self.loaded.conversation.pending.as_ref()
    }

    /// Whether something was claimed of a turn that is not finished, so that it must not be
    /// forgotten how far it came.
    pub fn holds_claims(&self) -> bool {
        self.holds_claims
    }

    /// Returns whether the write of a claim got no answer, so that the claim may or may not be
    /// saved.
    pub fn has_unconfirmed_claim(&self) -> bool {
        self.has_unconfirmed_claim
    }

    /// Saves what `turn` has claimed, before it is applied.
    ///
    /// # Errors
    /// When another request was first, or it can't be saved.
    pub async fn claim(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let pending = self.to_pending(turn, self.until);
        // Until the answer comes, and for good if this is given up or S3 can't be reached.
        self.has_unconfirmed_claim = true;
        let written = self.sessions.commit(&mut self.loaded, &[], Some(&pending)).await;
        self.has_unconfirmed_claim = matches!(written, Err(SessionError::Unavailable(_)));
        written?;
        // After a write without an answer, another request may have written.
        if self.pending() != Some(&pending) {
            return Err(SessionError::Conflict.into());
        }
        self.holds_claims = true;
        Ok(())
    }

    /// Saves a turn that goes no further in this request. What it has claimed and not finished
    /// counts as abandoned.
    ///
    /// # Errors
    /// When another request was first, or it can't be saved.
    pub async fn pause(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let pending = self.to_pending(turn, SystemTime::UNIX_EPOCH);
        if self.pending() != Some(&pending) {
            self.sessions.commit(&mut self.loaded, &[], Some(&pending)).await?;
        }
        self.holds_claims = false;
        Ok(())
    }

    /// Adds a finished turn to the messages.
    ///
    /// # Errors
    /// When another request was first, or it can't be saved.
    pub async fn finish(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let saved = session::saved_turn(turn.messages(), self.sessions.most_bytes());
        self.sessions.commit(&mut self.loaded, &saved, None).await?;
        self.holds_claims = false;
        Ok(())
    }
}
