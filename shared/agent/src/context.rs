//! How much of a conversation the model is shown: what is configured, or less, once it has refused that
//! as too long. So only the first turn that is too long for a model pays for finding that out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use session::ContextTokens;

/// How much a model takes, as far as this process knows. All turns share it, because they ask the
/// same model.
#[derive(Debug)]
pub struct Context(Mutex<ContextTokens>);

impl Context {
    /// It takes `most`, as far as is known.
    #[must_use]
    pub fn new(most: ContextTokens) -> Self {
        Self(Mutex::new(most))
    }

    /// How much it is shown.
    pub(crate) fn now(&self) -> ContextTokens {
        *self.lock()
    }

    /// The model has taken this. No user's conversation lowers it so far that others' suffer: never
    /// below what may be configured.
    pub(crate) fn was_taken(&self, tokens: ContextTokens) {
        let mut known = self.lock();
        *known = (*known).min(tokens.max(ContextTokens::LEAST));
    }

    fn lock(&self) -> MutexGuard<'_, ContextTokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
