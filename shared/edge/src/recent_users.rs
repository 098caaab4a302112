//! Whom this process has let in lately: the audit trail tells of a sign-in, and not of every request.
//!
//! A load balancer signs a new token for each request, and none says when the person signed in. So what is
//! told is that a user was let in who had not been for a while.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use identity::UserId;
use lru::LruCache;

/// After how long without a request a user is told of again.
const AWAY: Duration = Duration::from_secs(60 * 60);
/// Of how many users it is known when they came last; about 1 MB.
const MOST: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// When the last users came.
#[derive(Debug)]
pub(crate) struct RecentUsers(Mutex<LruCache<UserId, SystemTime>>);

impl RecentUsers {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }

    /// Notes that `user` comes at `now`; whether they have been away before.
    pub(crate) fn comes(&self, user: &UserId, now: SystemTime) -> bool {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = users.get_mut(user) {
            let away = now.duration_since(*last).unwrap_or_default();
            *last = now;
            return away >= AWAY;
        }
        users.put(user.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use identity::UserId;

    use super::{AWAY, RecentUsers};

    #[test]
    fn a_user_is_told_of_once_until_they_have_been_away() {
        let (users, start) = (RecentUsers::new(), SystemTime::UNIX_EPOCH);
        let [alice, bob] = ["alice", "bob"].map(|sub| UserId::parse(sub).unwrap());
        assert!(users.comes(&alice, start));
        assert!(users.comes(&bob, start));
        let nearly = AWAY - Duration::from_secs(1);
        assert!(!users.comes(&alice, start + nearly));
        assert!(!users.comes(&alice, start + nearly + nearly), "counted from the last request");
        assert!(users.comes(&bob, start + AWAY));
    }
}
