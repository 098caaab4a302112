//! A conversation as it is stored, and how a turn gets into it.
//!
//! Every write is conditional on what was read, so that of two requests at work on one
//! unfinished turn one alone can claim, pause or finish it.

use std::time::SystemTime;

use identity::UserId;
use session::{Conversation, Loaded, Message, Pending, SessionError, SessionId, Sessions};

use crate::agent::{error::TurnError, turn::Turn};

/// One request's hold on a conversation.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    sessions: &'a Sessions,
    loaded: Loaded,
    /// When this request's claims end, because it does.
    lease: SystemTime,
    holds_claims: bool,
}

impl<'a> Record<'a> {
    /// Reads the conversation; `lease` is when the request that does so has certainly ended.
    pub(crate) async fn load(
        sessions: &'a Sessions,
        user: &UserId,
        session: &SessionId,
        lease: SystemTime,
    ) -> Result<Self, SessionError> {
        let loaded = sessions.load(user, session).await?;
        Ok(Self { sessions, loaded, lease, holds_claims: false })
    }

    /// The whole turns.
    pub(crate) fn history(&self) -> &[Message] {
        &self.loaded.conversation.messages
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

    /// Makes what `turn` has claimed this request's own, before it is carried out.
    pub(crate) async fn claim(&mut self, turn: &Turn) -> Result<(), TurnError> {
        let pending = turn.to_pending(self.lease);
        self.save(pending.clone()).await?;
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
        let pending = turn.to_pending(SystemTime::UNIX_EPOCH);
        if self.pending() != Some(&pending) {
            self.save(pending).await?;
        }
        self.holds_claims = false;
        Ok(())
    }

    /// Adds a finished turn to the messages.
    pub(crate) async fn finish(&mut self, turn: &Turn) -> Result<(), TurnError> {
        if self.pending().is_none() {
            return Ok(self.sessions.append(&mut self.loaded, turn.messages()).await?);
        }
        let mut next = self.loaded.conversation.clone();
        next.messages.extend_from_slice(turn.messages());
        next.pending = None;
        self.replace(next).await?;
        self.holds_claims = false;
        Ok(())
    }

    async fn save(&mut self, pending: Pending) -> Result<(), TurnError> {
        let mut next = self.loaded.conversation.clone();
        next.pending = Some(pending);
        self.replace(next).await
    }

    async fn replace(&mut self, next: Conversation) -> Result<(), TurnError> {
        self.loaded = self.sessions.replace(&self.loaded, next).await?;
        Ok(())
    }
}
