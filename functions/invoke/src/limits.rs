//! Limits on this process, for one user and for all: turns at once, bodies that arrive, and model tokens in a day.
//!
//! Everything here is counted in this process. RFC 6585, section 4: 429 is for the caller who asks
//! for too much; RFC 9110, section 15.6.4: 503 is for a server that has too much to do.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clock::Clock;
use edge::{Code, Kind, Problem, body};
use identity::UserId;
use lambda_http::Request;
use session::{SessionId, Spent};
use telemetry::metrics::Measurement;

use crate::settings::Turns;

const RETRY: Duration = Duration::from_secs(5);
const DAY: u64 = 24 * 60 * 60;
/// How many bodies of one user may be on their way for each turn that they may have. One that comes slowly holds a
/// place of all users' until it is there.
const BODIES_PER_TURN: usize = 4;

/// The limits, and what counts against them.
#[derive(Debug)]
pub(crate) struct Limits {
    turns: usize,
    turns_per_user: usize,
    /// Nothing if there is no limit.
    tokens_per_day: Option<u64>,
    clock: Clock,
    used: Arc<Mutex<Used>>,
}

#[derive(Debug, Default)]
struct Used {
    turns: usize,
    /// When turns began to be at work, or ceased to.
    changed: Option<SystemTime>,
    turns_of: HashMap<UserId, usize>,
    bodies_of: HashMap<UserId, usize>,
    /// The day on which `tokens` were spent.
    day: u64,
    tokens: HashMap<UserId, HashMap<String, u64>>,
}

/// A turn that counts until this is dropped.
pub(crate) struct Admitted {
    user: UserId,
    clock: Clock,
    used: Arc<Mutex<Used>>,
}

/// A body that counts until this is dropped.
struct Arriving<'a> {
    user: &'a UserId,
    used: &'a Mutex<Used>,
}

/// A limit is reached: that is counted, and said.
fn refused(kind: Kind, code: Code, detail: impl Into<String>, wait: Duration) -> Problem {
    Measurement::Limit { limit: code.as_str() }.record();
    Problem::new(kind, detail).code(code).retry_after(wait)
}

impl Limits {
    /// Limits as configured. Those of one user may reach those of all, which is right where there is only one; it is
    /// told in the log, because elsewhere it is a mistake.
    pub(crate) fn new(settings: &Turns, clock: Clock) -> Self {
        let Turns { at_once: turns, per_user: turns_per_user, tokens_per_day, .. } = *settings;
        if turns_per_user >= turns {
            tracing::warn!(
                max_turns_per_user = turns_per_user,
                max_turns = turns,
                "MAX_TURNS_PER_USER is not below MAX_TURNS: one user can take the turns of all"
            );
        }
        Self { turns, turns_per_user, tokens_per_day, clock, used: Arc::default() }
    }

    /// Counts a turn of `user`, unless there are too many.
    pub(crate) fn admit(&self, user: &UserId) -> Result<Admitted, Problem> {
        let mut used = lock(&self.used);
        if used.turns_of.get(user).is_some_and(|turns| *turns >= self.turns_per_user) {
            let detail = "You have too many turns at work. Wait until one of them is done.";
            return Err(refused(Kind::TooManyRequests, Code::TooManyTurns, detail, RETRY));
        }
        if used.turns >= self.turns {
            let detail = "Too many turns are at work here. Nothing was saved; try again.";
            return Err(refused(Kind::UpstreamUnavailable, Code::Overloaded, detail, RETRY));
        }
        used.turns += 1;
        if used.turns == 1 {
            used.changed = Some(self.clock.now());
        }
        *used.turns_of.entry(user.clone()).or_default() += 1;
        let (clock, counted) = (self.clock.clone(), Arc::clone(&self.used));
        Ok(Admitted { user: user.clone(), clock, used: counted })
    }

    /// Reads the rest of the body of `user`, unless too many are on their way.
    pub(crate) async fn read(&self, user: &UserId, request: &mut Request) -> Result<(), Problem> {
        let _counted = self.arriving(user)?;
        body::read(request).await
    }

    fn arriving<'a>(&'a self, user: &'a UserId) -> Result<Arriving<'a>, Problem> {
        let most = self.turns_per_user.saturating_mul(BODIES_PER_TURN);
        let mut used = lock(&self.used);
        if used.bodies_of.get(user).is_some_and(|bodies| *bodies >= most) {
            let detail =
                "You have too many requests on their way. Wait until one of them is there.";
            return Err(refused(Kind::TooManyRequests, Code::TooManyTurns, detail, RETRY));
        }
        *used.bodies_of.entry(user.clone()).or_default() += 1;
        Ok(Arriving { user, used: &self.used })
    }

    /// How many turns are at work.
    pub(crate) fn turns(&self) -> usize {
        lock(&self.used).turns
    }

    /// Whether turns are at work, and when that last changed, if it ever did.
    pub(crate) fn at_work(&self) -> (bool, Option<SystemTime>) {
        let used = lock(&self.used);
        (used.turns > 0, used.changed)
    }

    /// Refuses `user` if the tokens that they are known to have spent today reach the limit.
    pub(crate) fn check_tokens(&self, user: &UserId, now: SystemTime) -> Result<(), Problem> {
        let Some(most) = self.tokens_per_day else { return Ok(()) };
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut used = lock(&self.used);
        used.turn_to(seconds / DAY);
        let spent = used.tokens.get(user).map_or(0, |all| all.values().sum());
        if spent < most {
            return Ok(());
        }
        let detail = format!(
            "You have used the {most} tokens of the language model that you may use in a day. The \
             day ends at midnight UTC."
        );
        let rest = Duration::from_secs(DAY - seconds % DAY);
        Err(refused(Kind::TooManyRequests, Code::DailyTokensUsed, detail, rest))
    }

    /// Takes over the tokens that a conversation of `user` records as spent, by this process or
    /// another.
    pub(crate) fn learn(
        &self,
        user: &UserId,
        session: &SessionId,
        spent: Option<Spent>,
        now: SystemTime,
    ) {
        let Some(Spent { day, tokens }) = spent.filter(|it| it.day == day(now)) else { return };
        self.count(user, session, day, |known| *known = tokens.max(*known));
    }

    /// Adds tokens that were just spent, whether or not the turn is saved.
    pub(crate) fn spend(&self, user: &UserId, session: &SessionId, spent: Spent) {
        self.count(user, session, spent.day, |known| *known = known.saturating_add(spent.tokens));
    }

    fn count(&self, user: &UserId, session: &SessionId, day: u64, change: impl FnOnce(&mut u64)) {
        if self.tokens_per_day.is_none() {
            return;
        }
        let mut used = lock(&self.used);
        used.turn_to(day);
        if used.day == day {
            let of_user = used.tokens.entry(user.clone()).or_default();
            change(of_user.entry(session.to_string()).or_default());
        }
    }
}

/// The day of `now`, as [`Spent`] counts them.
pub(crate) fn day(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY
}

impl Used {
    /// What was spent on earlier days no longer counts.
    fn turn_to(&mut self, day: u64) {
        if day > self.day {
            self.day = day;
            self.tokens.clear();
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut used = lock(&self.used);
        used.turns = used.turns.saturating_sub(1);
        if used.turns == 0 {
            used.changed = Some(self.clock.now());
        }
        one_less(&mut used.turns_of, &self.user);
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        one_less(&mut lock(self.used).bodies_of, self.user);
    }
}

fn one_less(counted: &mut HashMap<UserId, usize>, user: &UserId) {
    if let Some(count) = counted.get_mut(user) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counted.remove(user);
        }
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admitted")
    }
}

fn lock(used: &Mutex<Used>) -> MutexGuard<'_, Used> {
    used.lock().unwrap_or_else(PoisonError::into_inner)
}
