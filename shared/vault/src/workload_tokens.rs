//! Workload access tokens: by which this agent speaks for one user at AgentCore Identity.
//!
//! AWS does not document how long one lasts. So it is kept until it is refused, and no longer
//! than [`MAX_AGE`]. However many requests of a user need one, one fetch is under way; and a token
//! that several of them find refused is fetched again once.

use std::{
    fmt,
    future::Future,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use lru::LruCache;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::principal::Key;

/// How many users' tokens are kept; the one not used for longest goes first.
const MAX_USERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);
/// An unused secret does not stay in memory for longer.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// A token; its memory is overwritten when the last reference is dropped.
pub(crate) type WorkloadToken = Arc<Zeroizing<String>>;

struct Slot {
    token: OnceCell<WorkloadToken>,
    made: SystemTime,
}

/// Every user's token that is at hand.
pub(crate) struct WorkloadTokens(Mutex<LruCache<Key, Arc<Slot>>>);

impl WorkloadTokens {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MAX_USERS)))
    }

    /// The token of `user`: the one at hand as of `now`, else what `fetch` brings.
    pub(crate) async fn get<F, E>(
        &self,
        user: &Key,
        now: SystemTime,
        fetch: impl FnOnce() -> F,
    ) -> Result<WorkloadToken, E>
    where
        F: Future<Output = Result<WorkloadToken, E>>,
    {
        let slot = self.slot(user, now);
        slot.token.get_or_try_init(fetch).await.map(Arc::clone)
    }

    /// Drops `token`, unless another one has taken its place since.
    pub(crate) fn forget(&self, user: &Key, token: &WorkloadToken) {
        let mut slots = self.slots();
        let kept = slots.peek(user).and_then(|slot| slot.token.get());
        if kept.is_some_and(|kept| Arc::ptr_eq(kept, token)) {
            slots.pop(user);
        }
    }

    fn slot(&self, user: &Key, now: SystemTime) -> Arc<Slot> {
        let mut slots = self.slots();
        if let Some(slot) = slots.get(user)
            && now < slot.made + MAX_AGE
        {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot { token: OnceCell::new(), made: now });
        slots.put(user.clone(), Arc::clone(&slot));
        slot
    }

    fn slots(&self) -> MutexGuard<'_, LruCache<Key, Arc<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WorkloadTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkloadTokens(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::{Duration, SystemTime},
    };

    use identity::UserId;
    use tokio::task::yield_now;
    use zeroize::Zeroizing;

    use super::{Key, MAX_AGE, MAX_USERS, WorkloadToken, WorkloadTokens};

    fn key(user: &str) -> Key {
        Key::Id(UserId::parse(user).unwrap())
    }

    struct World {
        tokens: WorkloadTokens,
        fetched: AtomicUsize,
    }

    impl World {
        fn new() -> Self {
            Self { tokens: WorkloadTokens::new(), fetched: AtomicUsize::new(0) }
        }

        async fn get(&self, user: &str, now: SystemTime) -> WorkloadToken {
            let fetch = async || {
                let number = self.fetched.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
                Ok::<_, Infallible>(Arc::new(Zeroizing::new(format!("token {number}"))))
            };
            self.tokens.get(&key(user), now, fetch).await.unwrap()
        }

        fn forget(&self, user: &str, token: &WorkloadToken) {
            self.tokens.forget(&key(user), token);
        }

        fn fetched(&self) -> usize {
            self.fetched.load(Ordering::SeqCst)
        }
    }

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    #[tokio::test]
    async fn requests_at_once_share_one_fetch_and_users_share_nothing() {
        let world = World::new();
        let (one, two, bobs) = tokio::join!(
            world.get("alice", START),
            world.get("alice", START),
            world.get("bob", START)
        );
        assert_eq!(world.fetched(), 2);
        assert_eq!(one, two);
        assert_ne!(one, bobs);
    }

    #[tokio::test]
    async fn a_fetch_that_fails_is_no_token_and_the_next_request_tries_again() {
        let world = World::new();
        let failing = world.tokens.get(&key("alice"), START, async || Err("unreachable")).await;
        assert_eq!(failing.unwrap_err(), "unreachable");
        world.get("alice", START).await;
        assert_eq!(world.fetched(), 1);
    }

    #[tokio::test]
    async fn a_token_is_kept_for_ten_minutes_and_no_longer() {
        let world = World::new();
        world.get("alice", START).await;
        world.get("alice", START + MAX_AGE - Duration::from_secs(1)).await;
        assert_eq!(world.fetched(), 1);
        world.get("alice", START + MAX_AGE).await;
        assert_eq!(world.fetched(), 2);
    }

    #[tokio::test]
    async fn a_refused_token_is_fetched_again_once_however_many_were_refused_with_it() {
        let world = World::new();
        let old = world.get("alice", START).await;
        world.forget("alice", &old);
        let new = world.get("alice", START).await;
        world.forget("alice", &old);
        assert_eq!(world.get("alice", START).await, new);
        assert_eq!(world.fetched(), 2);
    }

    #[tokio::test]
    async fn the_cache_is_bounded_and_lets_the_longest_unused_go() {
        let world = World::new();
        for number in 0..MAX_USERS.get() {
            world.get(&format!("user {number}"), START).await;
        }
        world.get("user 0", START).await;
        world.get("one more", START).await;
        assert_eq!(world.tokens.slots().len(), MAX_USERS.get());
        let before = world.fetched();
        world.get("user 0", START).await;
        assert_eq!(world.fetched(), before, "it was used last");
        world.get("user 1", START).await;
        assert_eq!(world.fetched(), before + 1, "it was let go");
    }

    #[tokio::test]
    async fn no_token_is_ever_printed() {
        let world = World::new();
        world.get("alice", START).await;
        assert_eq!(format!("{:?}", world.tokens), "WorkloadTokens(…)");
    }
}
