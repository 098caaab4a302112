//! How much of a conversation the model is shown: what is configured, or less, once it has refused that
//! as too long. So only the first turn that is too long for a model pays for finding that out.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use identity::UserId;
use lru::LruCache;
use session::ContextTokens;

/// How many users' limits are remembered.
const MOST_USERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

/// How much the model takes, as far as this process knows. What one user's conversation shows of it
/// counts for that user alone: how dense a text is depends on who writes it.
#[derive(Debug)]
pub struct Context {
    most: ContextTokens,
    known: Mutex<LruCache<UserId, ContextTokens>>,
}

impl Context {
    /// It takes `most`, as far as is known.
    #[must_use]
    pub fn new(most: ContextTokens) -> Self {
        Self { most, known: Mutex::new(LruCache::new(MOST_USERS)) }
    }

    /// How much it is shown of what `user` says.
    pub(crate) fn now(&self, user: &UserId) -> ContextTokens {
        self.lock().get(user).copied().unwrap_or(self.most)
    }

    /// The model has taken this from `user`. It is never remembered to be less than what may be
    /// configured.
    pub(crate) fn was_taken(&self, user: &UserId, tokens: ContextTokens) {
        let tokens = tokens.max(ContextTokens::LEAST);
        if tokens < self.now(user) {
            self.lock().put(user.clone(), tokens);
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<UserId, ContextTokens>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use identity::UserId;
    use session::ContextTokens;

    use super::Context;

    #[test]
    fn what_one_users_conversation_shows_of_the_model_changes_nothing_for_another() {
        let tokens = |text: &str| text.parse::<ContextTokens>().unwrap();
        let (alice, mallory) = (UserId::parse("alice").unwrap(), UserId::parse("mallory").unwrap());
        let context = Context::new(tokens("100000"));
        context.was_taken(&mallory, tokens("2000"));
        context.was_taken(&mallory, tokens("50000"));
        assert_eq!(context.now(&mallory), tokens("2000"));
        assert_eq!(context.now(&alice), tokens("100000"));
    }
}
