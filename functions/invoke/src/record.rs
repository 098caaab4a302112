//! A conversation as it is stored, and how a turn gets into it.
//!
//! Every write is conditional on what was read, so that of two requests at work on one
//! unfinished turn one alone can claim, pause or finish it.

use std::time::SystemTime;

use identity::UserId;
use session::{ContextTokens, Loaded, Message, Pending, SessionError, SessionId, Sessions, Spent};

use crate::agent::{error::TurnError, turn::Turn};

/// One request's hold on a conversation.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    sessions: &'a Sessions,
    loaded: Loaded,
    /// When this request's claims end, because it does.
    lease: SystemTime,
    holds_claims: bool,
    has_unheard_claim: bool,
}

impl<'a> Record<'a> {
    /// Reads the conversation, as far as a model with `context` sees it; `lease` is when the request that does so has certainly ended.
    pub(crate) async fn load(
        sessions: &'a Sessions,
        user: &UserId,
        session: &SessionId,
        context: ContextTokens,
        lease: SystemTime,
    ) -> Result<Self, SessionError> {
        let loaded = sessions.open(user, session, context).await?;
        Ok(Self { sessions, loaded, lease, holds_claims: false, has_unheard_claim: false })
    }

    /// The whole turns that a model can see.
    pub(crate) fn history(&self) -> &[Message] {
        &self.loaded.conversation.messages
    }

    /// How many turns have been removed of it, ever.
    pub(crate) fn removed_turns(&self) -> u64 {
        self.loaded.conversation.removed_turns
    }

    /// What it says was spent in it.
    pub(crate) fn spent(&self) -> Option<Spent> {
        self.loaded.conversation.spent
    }

    /// Adds what was spent, to be saved with the next write.
    pub(crate) fn spend(&mut self, spent: Spent) {
        self.loaded.spend(spent);
    }

    fn to_pending(&self, turn: &Turn, until: SystemTime) -> Pending {
        session::saved_pending(turn.to_pending(until), self.sessions.most_bytes())
    }

    /// The turn that is not finished.
    pub(crate) fn pending(&self) -> Option<&Pending> {
        self.loaded.conversation.pending.as_ref()
    }

    /// Whether something was claimed of a turn that is not finished, so that it must not be
    /// forgotten how far it came.
    pub(crate) fn holds_claims(&self) -> bool {
        self.holds_claims
    }

    /// Whether a claim was written of which no answer came: it may be there or not.
    pub(crate) fn has_unheard_claim(&self) -> bool {
        self.has_unheard_claim
    }

    /// Makes what `turn` has claimed this request's own, before it is carried out.
    pub(crate) async fn claim(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let pending = self.to_pending(turn, self.lease);
        // Until the answer comes, and for good if this is given up or S3 can't be reached.
        self.has_unheard_claim = true;
        let written = self.sessions.commit(&mut self.loaded, &[], Some(&pending)).await;
        self.has_unheard_claim = matches!(written, Err(SessionError::Unavailable(_)));
        written?;
        // A write that went unheard may have been followed by another one.
        if self.pending() != Some(&pending) {
            return Err(SessionError::Conflict.into());
        }
        self.holds_claims = true;
        Ok(())
    }

    /// Saves a turn that goes no further in this request. Whatever it has claimed and not
    /// finished counts as abandoned.
    pub(crate) async fn pause(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let pending = self.to_pending(turn, SystemTime::UNIX_EPOCH);
        if self.pending() != Some(&pending) {
            self.sessions.commit(&mut self.loaded, &[], Some(&pending)).await?;
        }
        self.holds_claims = false;
        Ok(())
    }

    /// Adds a finished turn to the messages.
    pub(crate) async fn finish(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let saved = session::saved_turn(turn.messages(), self.sessions.most_bytes());
        self.sessions.commit(&mut self.loaded, &saved, None).await?;
        self.holds_claims = false;
        Ok(())
    }
}
