//! What is counted, and what of it must be zero.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ::tests::secret_in;
use tokio::{task::JoinHandle, time::sleep};

/// What must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Never {
    ForeignData,
    LostTurn,
    DoneTwice,
    SaidAndNotDone,
    BoundAndIsNot,
    Stuck,
    Unfinished,
    UnclearError,
    Panic,
    SecretInLog,
    BadExit,
}

impl Never {
    const ALL: [(Self, &'static str); 11] = [
        (Self::ForeignData, "another user's data"),
        (Self::LostTurn, "turns that were answered and are gone"),
        (Self::DoneTwice, "actions done twice"),
        (Self::SaidAndNotDone, "actions told as done that are not"),
        (Self::BoundAndIsNot, "consents shown as bound that are not"),
        (Self::Stuck, "conversations that are stuck"),
        (Self::Unfinished, "users who did not come to an end"),
        (Self::UnclearError, "errors that say nothing"),
        (Self::Panic, "panics"),
        (Self::SecretInLog, "lines of a log with a secret"),
        (Self::BadExit, "services that ended badly"),
    ];
}

/// All counts of one part of a run.
#[derive(Debug)]
pub(crate) struct Counts {
    begun: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What may happen, by its name.
    seen: BTreeMap<String, u64>,
    never: BTreeMap<Never, Vec<String>>,
    finished: usize,
    times: Vec<Duration>,
}

impl Default for Counts {
    fn default() -> Self {
        Self { begun: Instant::now(), inner: Mutex::default() }
    }
}

impl Counts {
    pub(crate) fn one(&self, what: impl Into<String>) {
        *self.inner().seen.entry(what.into()).or_default() += 1;
    }

    /// A turn was answered after `time`.
    pub(crate) fn answered(&self, time: Duration) {
        self.inner().times.push(time);
    }

    pub(crate) fn finished(&self) {
        self.inner().finished += 1;
    }

    /// How many turns were answered.
    pub(crate) fn answers(&self) -> usize {
        self.inner().times.len()
    }

    /// How many users are through.
    pub(crate) fn through(&self) -> usize {
        self.inner().finished
    }

    /// How many requests met a fault.
    pub(crate) fn met(&self, faults: u64) {
        self.inner().seen.insert("faults met".to_owned(), faults);
    }

    pub(crate) fn never(&self, what: Never, why: impl Into<String>) {
        self.inner().never.entry(what).or_default().push(why.into());
    }

    /// What has happened of what never must.
    #[cfg(test)]
    pub(crate) fn found(&self) -> Vec<Never> {
        self.inner().never.keys().copied().collect()
    }

    pub(crate) fn are_good(&self) -> bool {
        self.inner().never.is_empty()
    }

    /// Searches what all have logged.
    pub(crate) fn look_at_logs(&self, lines: &[String], consent_key: &str) {
        for line in lines {
            // An address of a page has it, and the load balancer's log does; a service's must not.
            if line.contains("panicked") {
                self.never(Never::Panic, line.as_str());
            }
            let private = line.contains("mark-").then_some("a private repository");
            if let Some(secret) = secret_in(line, consent_key).or(private) {
                self.never(Never::SecretInLog, format!("{secret}: {line}"));
            }
        }
        self.inner().seen.insert("lines of logs".to_owned(), lines.len() as u64);
    }

    /// Tells in the terminal how far it is, until that is aborted.
    pub(crate) fn show_progress(self: &Arc<Self>, users: usize) -> JoinHandle<()> {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                sleep(Duration::from_secs(1)).await;
                let seconds = this.begun.elapsed().as_secs();
                let (finished, answers, bad) = {
                    let inner = this.inner();
                    let bad: usize = inner.never.values().map(Vec::len).sum();
                    (inner.finished, inner.times.len(), bad)
                };
                let mut at = std::io::stderr().lock();
                let _closed = write!(
                    at,
                    "\r{seconds:4} s  {finished}/{users} users  {answers} answers  {bad} wrong "
                );
            }
        })
    }

    /// The table.
    pub(crate) fn print(&self) {
        let mut inner = self.inner();
        inner.times.sort();
        let at = |share: usize| {
            let index = (inner.times.len() * share / 100).min(inner.times.len().saturating_sub(1));
            inner.times.get(index).copied().unwrap_or_default().as_millis()
        };
        let seconds = self.begun.elapsed().as_secs_f64();
        println!(
            "\n  {:>7}  answers; half within {} ms, 99 % within {} ms; {seconds:.0} s in all",
            inner.times.len(),
            at(50),
            at(99)
        );
        for (what, times) in &inner.seen {
            println!("  {times:>7}  {what}");
        }
        println!("  must be zero:");
        for (never, name) in Never::ALL {
            let all = inner.never.get(&never).map(Vec::as_slice).unwrap_or_default();
            println!("  {:>7}  {name}", all.len());
            all.iter().take(5).for_each(|why| println!("             {why}"));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Never};

    fn found(line: &str) -> Vec<Never> {
        let counts = Counts::default();
        counts.look_at_logs(&[line.to_owned()], "the-key-that-seals-flows");
        counts.found()
    }

    #[test]
    fn a_panic_and_a_secret_are_found_in_a_line_of_a_log() {
        assert_eq!(found(r#"invoke-container | {"message":"answered","status":200}"#), []);
        assert_eq!(found("thread 'main' panicked at src/main.rs:1:1"), [Never::Panic]);
        for secret in ["gho_abc", "the-key-that-seals-flows", "mark-0003", "?state=abc"] {
            assert_eq!(found(secret), [Never::SecretInLog], "{secret}");
        }
    }

    #[test]
    fn each_of_what_never_must_be_fails_a_run_and_is_in_the_table() {
        assert!(Counts::default().are_good());
        for (never, _) in Never::ALL {
            let counts = Counts::default();
            counts.never(never, "why");
            assert!(!counts.are_good());
        }
        let last = Never::BadExit as usize;
        assert_eq!(
            Never::ALL.map(|(never, _)| never as usize).to_vec(),
            (0..=last).collect::<Vec<_>>()
        );
    }
}
