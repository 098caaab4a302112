//! Something that was fetched and is kept: when to use it, when to ask again, when to let it go.
//!
//! * However many requests want it, one fetch is under way. It is a task of its own, so that a
//!   caller who goes away takes nobody's answer with him.
//! * It is asked for again once it is [`REFRESH_AFTER`] old, by the one request that notices; so
//!   a key that was taken back is not believed for longer.
//! * While its server can't be asked it stays in use until it is [`MAX_AGE`] old.
//! * Nothing makes the server be asked more often than every [`FLOOR`], or every [`RETRY`] after
//!   a failure; and whoever knows of other limits may keep it from being asked at all.
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

use crate::fetch::Fault;

/// How old something may be before its server is asked again.
pub(crate) const REFRESH_AFTER: Duration = Duration::from_secs(15 * 60);
/// How old something may get while its server can't be asked.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);
/// The least time between two questions of which the first was answered.
pub(crate) const FLOOR: Duration = Duration::from_secs(60);
/// The least time between two questions of which the first was not answered.
pub(crate) const RETRY: Duration = Duration::from_secs(5);
/// Requests on several threads read the clock in no particular order.
const CLOCK_DISORDER: Duration = Duration::from_secs(60);

type Outcome<T> = Result<Arc<T>, Fault>;
type Flight<T> = Shared<BoxFuture<'static, Outcome<T>>>;

/// A place for one fetched thing; clones are the same place.
pub(crate) struct Shelf<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    kept: Option<(Arc<T>, Duration)>,
    asked: Option<Duration>,
    fault: Option<Fault>,
    flight: Option<Flight<T>>,
}

impl<T: Send + Sync + 'static> Shelf<T> {
    /// What is kept, fetched first where it must be. `fetch` is called if the server is to be
    /// asked, and may answer that it can't be now.
    pub(crate) async fn current<F>(
        &self,
        now: Duration,
        fetch: impl FnOnce() -> Option<F>,
    ) -> Outcome<T>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
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
            (None, None) => Err(self.lock().fault.clone().unwrap_or_else(not_now)),
            (Some(kept), Some(flight)) => match flight.await {
                Err(Fault::Unavailable(_)) => Ok(kept),
                outcome => outcome,
            },
        }
    }

    /// Something newer than what is kept, because that did not do; nothing if it was fetched
    /// so recently that there is nothing newer.
    pub(crate) async fn newer<F>(
        &self,
        now: Duration,
        fetch: impl FnOnce() -> Option<F>,
    ) -> Result<Option<Arc<T>>, Fault>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let flight = {
            let mut state = self.lock();
            self.ask(&mut state, now, fetch)
        };
        match flight {
            Some(flight) => flight.await.map(Some),
            None => self.lock().fault.clone().map_or(Ok(None), Err),
        }
    }

    /// The fetch that is under way, or a new one unless the last was a moment ago.
    fn ask<F>(
        &self,
        state: &mut State<T>,
        now: Duration,
        fetch: impl FnOnce() -> Option<F>,
    ) -> Option<Flight<T>>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        if let Some(flight) = state.under_way() {
            return Some(flight.clone());
        }
        let pause = if state.fault.is_some() { RETRY } else { FLOOR };
        if state.asked.is_some_and(|asked| age(asked, now) < pause) {
            return None;
        }
        let (shelf, fetching) = (self.clone(), fetch()?);
        let task = tokio::spawn(async move {
            let outcome = fetching.await.map(Arc::new);
            shelf.lock().settle(&outcome, now);
            outcome
        });
        let flight =
            task.map(|end| end.unwrap_or_else(|lost| Err(Fault::because(lost)))).boxed().shared();
        state.asked = Some(now);
        state.flight = Some(flight.clone());
        Some(flight)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// What is kept and not too old to be believed.
    fn believed(&self, now: Duration) -> Option<(Arc<T>, Duration)> {
        self.kept.clone().filter(|(_, fetched)| age(*fetched, now) < MAX_AGE)
    }

    /// The fetch that has not ended; one that was lost has.
    fn under_way(&self) -> Option<&Flight<T>>
    where
        T: Send + Sync + 'static,
    {
        self.flight.as_ref().filter(|flight| flight.peek().is_none())
    }

    fn settle(&mut self, outcome: &Outcome<T>, now: Duration) {
        self.flight = None;
        self.fault = outcome.as_ref().err().cloned();
        match outcome {
            Ok(fetched) => self.kept = Some((Arc::clone(fetched), now)),
            Err(Fault::Absent) => self.kept = None,
            Err(Fault::Unavailable(_)) => {}
        }
    }
}

fn not_now() -> Fault {
    Fault::because("too much was asked for lately")
}

/// How long ago `then` was. What lies well in the future was seen by a clock that has since been
/// put back, and may be of any age.
pub(crate) fn age(then: Duration, now: Duration) -> Duration {
    match now.checked_sub(then) {
        Some(age) => age,
        None if then.abs_diff(now) < CLOCK_DISORDER => Duration::ZERO,
        None => Duration::MAX,
    }
}

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        let empty = State { kept: None, asked: None, fault: None, flight: None };
        Self(Arc::new(Mutex::new(empty)))
    }
}

impl<T> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}
