//! A conversation as it was read, which the next write of it starts from.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::{
    conversation::{Conversation, Spent},
    window::ContextTokens,
};

/// A conversation as it was when it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What was said; empty for a new one.
    pub conversation: Conversation,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
    /// Its share of what may be parsed at a time.
    pub(crate) share: Option<Arc<OwnedSemaphorePermit>>,
    /// How much of it is parsed: what a model sees, or all.
    pub(crate) window: Option<ContextTokens>,
    /// What the next write adds to what was spent.
    pub(crate) spent: Option<Spent>,
    /// The keys of segments that were written for heads that may not be, or that the next head does not name
    /// any more.
    pub(crate) loose: Vec<String>,
}

impl Loaded {
    pub(crate) fn new(conversation: Conversation, key: String, version: Option<String>) -> Self {
        let (share, window, spent, loose) = Default::default();
        Self { conversation, key, version, share, window, spent, loose }
    }

    /// Adds what was spent, to be saved with the next write.
    pub fn spend(&mut self, spent: Spent) {
        self.spent = Spent::sum(self.spent, Some(spent));
    }

    /// Whether anything was ever said in it.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.version.is_some() || self.conversation.has_turns()
    }

    /// Replaces it by what another request has saved.
    pub(crate) fn follow(&mut self, now: Self) {
        (self.conversation, self.version) = (now.conversation, now.version);
    }
}
