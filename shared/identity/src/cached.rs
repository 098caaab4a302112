//! A fetched value in memory: when it is used, fetched again, and dropped.
//!
//! * At most one fetch runs at a time, however many requests wait for it. It is a task of its own,
//!   so that it goes on if the request that began it is dropped.
//! * A value older than [`REFRESH_AFTER`] is fetched again by the first request that finds it so. A
//!   key that its server has withdrawn is not believed for longer than that.
//! * While the server does not answer, a value stays in use until it is [`MAX_AGE`] old.
//! * A server is asked at most once every [`FLOOR`], or every [`RETRY`] after a failure. A caller can
//!   have limits of its own: its `fetch` returns `None` then.
//!
//! The time is passed in, as the time since the Unix epoch.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use crate::fetch::FetchError;

/// How old a value may be before its server is asked again.
pub(crate) const REFRESH_AFTER: Duration = Duration::from_secs(15 * 60);
/// How old a value may get while its server can't be asked.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);
/// The least time between two questions of which the first was answered.
pub(crate) const FLOOR: Duration = Duration::from_secs(60);
/// The least time between two questions of which the first was not answered.
pub(crate) const RETRY: Duration = Duration::from_secs(5);
/// Requests on several threads read the clock in no particular order.
const CLOCK_DISORDER: Duration = Duration::from_secs(60);

type Outcome<T> = Result<Arc<T>, FetchError>;
type Flight<T> = Shared<BoxFuture<'static, Outcome<T>>>;

/// One value that is fetched; clones share it.
pub(crate) struct Cached<T>(Arc<Mutex<State<T>>>);

/// What there is beyond the cached value.
pub(crate) enum Newer<T> {
    /// The server was asked for it no earlier than the caller came: what it lacks is not there.
    Value(Arc<T>),
    /// The server was asked a moment before the caller came, for this if it is still to be read.
    /// What is lacking may be there since; the server is asked again only after that time.
    Earlier(Option<Arc<T>>, Duration),
}

struct State<T> {
    kept: Option<(Arc<T>, Duration)>,
    asked: Option<Duration>,
    error: Option<FetchError>,
    flight: Option<Flight<T>>,
}

impl<T: Send + Sync + 'static> Cached<T> {
    /// The value, fetched first where it must be. `fetch` is called if the server is to be asked, and
    /// returns `None` if it may not be asked now.
    pub(crate) async fn current<F>(
        &self,
        now: Duration,
        fetch: impl FnOnce() -> Option<F>,
    ) -> Outcome<T>
    where
        F: Future<Output = Result<T, FetchError>> + Send + 'static,
    {
        let (kept, flight) = {
            let mut state = self.lock();
            let kept = state.believed(now);
            let flight = match &kept {
                Some((_, fetched)) if age(*fetched, now) < REFRESH_AFTER => None,
                Some(_) if state.under_way().is_some() => None,
                _ => self.ask(&mut state, now, fetch),
            };
            (kept.map(|(kept, _)| kept), flight)
        };
        match (kept, flight) {
            (Some(kept), None) => Ok(kept),
            (None, Some(flight)) => flight.await,
            (None, None) => Err(self.lock().error.clone().unwrap_or_else(not_now)),
            (Some(kept), Some(flight)) => match flight.await {
                Err(FetchError::Unavailable(_)) => Ok(kept),
                outcome => outcome,
            },
        }
    }

    /// A newer value than the cached one, which lacks something, or when there can be one.
    pub(crate) async fn newer<F>(
        &self,
        now: Duration,
        fetch: impl FnOnce() -> Option<F>,
    ) -> Result<Newer<T>, FetchError>
    where
        F: Future<Output = Result<T, FetchError>> + Send + 'static,
    {
        let (flight, asked) = {
            let mut state = self.lock();
            if let Some((kept, _)) = state.kept.as_ref().filter(|(_, fetched)| *fetched == now) {
                return Ok(Newer::Value(Arc::clone(kept)));
            }
            (self.ask(&mut state, now, fetch), state.asked)
        };
        let wait = FLOOR.saturating_sub(age(asked.unwrap_or(now), now));
        match flight {
            Some(flight) if asked == Some(now) => flight.await.map(Newer::Value),
            Some(flight) => flight.await.map(|value| Newer::Earlier(Some(value), wait)),
            None => self.lock().error.clone().map_or(Ok(Newer::Earlier(None, wait)), Err),
        }
    }

    /// The running fetch, or a new one unless the last was a moment ago.
    fn ask<F>(
        &self,
        state: &mut State<T>,
        now: Duration,
        fetch: impl FnOnce() -> Option<F>,
    ) -> Option<Flight<T>>
    where
        F: Future<Output = Result<T, FetchError>> + Send + 'static,
    {
        if let Some(flight) = state.under_way() {
            return Some(flight.clone());
        }
        let pause = if state.error.is_some() { RETRY } else { FLOOR };
        if state.asked.is_some_and(|asked| age(asked, now) < pause) {
            return None;
        }
        let (cached, fetching) = (self.clone(), fetch()?);
        let task = tokio::spawn(async move {
            let outcome = fetching.await.map(Arc::new);
            cached.lock().settle(&outcome, now);
            outcome
        });
        let flight = task
            .map(|end| end.unwrap_or_else(|lost| Err(FetchError::unavailable(lost))))
            .boxed()
            .shared();
        state.asked = Some(now);
        state.flight = Some(flight.clone());
        Some(flight)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// The cached value, unless it is too old to be believed.
    fn believed(&self, now: Duration) -> Option<(Arc<T>, Duration)> {
        self.kept.clone().filter(|(_, fetched)| age(*fetched, now) < MAX_AGE)
    }

    /// The fetch that has not ended.
    fn under_way(&self) -> Option<&Flight<T>>
    where
        T: Send + Sync + 'static,
    {
        self.flight.as_ref().filter(|flight| flight.peek().is_none())
    }

    fn settle(&mut self, outcome: &Outcome<T>, now: Duration) {
        self.flight = None;
        self.error = outcome.as_ref().err().cloned();
        match outcome {
            Ok(fetched) => self.kept = Some((Arc::clone(fetched), now)),
            Err(FetchError::Absent) => self.kept = None,
            Err(FetchError::Unavailable(_)) => {}
        }
    }
}

fn not_now() -> FetchError {
    FetchError::unavailable("too much was asked for lately")
}

/// How long ago `then` was. If it is well in the future, the clock was put back since, and it may be
/// of any age.
pub(crate) fn age(then: Duration, now: Duration) -> Duration {
    match now.checked_sub(then) {
        Some(age) => age,
        None if then.abs_diff(now) < CLOCK_DISORDER => Duration::ZERO,
        None => Duration::MAX,
    }
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        let empty = State { kept: None, asked: None, error: None, flight: None };
        Self(Arc::new(Mutex::new(empty)))
    }
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Pending, pending, ready},
        time::Duration,
    };

    use futures_util::FutureExt;

    use super::{CLOCK_DISORDER, Cached, FetchError, REFRESH_AFTER, age};

    /// A key server hangs: one request finds out, and no other waits with it.
    #[tokio::test]
    async fn while_a_value_is_fetched_anew_the_cached_one_is_there_at_once() {
        let cached = Cached::default();
        let (first, later) = (REFRESH_AFTER, REFRESH_AFTER * 2);
        let fetched = cached.current(first, || Some(ready(Ok(1)))).await;
        assert_eq!(fetched.ok().as_deref(), Some(&1));

        let hangs = || Some(pending());
        assert!(cached.current(later, hangs).now_or_never().is_none(), "it is not asked for");
        let another = || -> Option<Pending<Result<u8, FetchError>>> { None };
        let kept = cached.current(later, another).now_or_never().and_then(Result::ok);
        assert_eq!(kept.as_deref(), Some(&1));
    }

    #[test]
    fn what_is_a_little_in_the_future_is_new_and_what_is_further_may_be_of_any_age() {
        let (second, now) = (Duration::from_secs(1), Duration::from_secs(1_000));
        assert_eq!(age(now - second, now), second);
        assert_eq!(age(now + CLOCK_DISORDER - second, now), Duration::ZERO);
        assert_eq!(age(now + CLOCK_DISORDER, now), Duration::MAX);
    }
}
