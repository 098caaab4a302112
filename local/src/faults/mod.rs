//! Faults of everything around the services, to see what they do then: slowness, refusals in each
//! provider's own words, answers that are lost, cut off or nonsense, and keys that are replaced.
//!
//! A fault is written `PART=KIND`, as [`Fault`] says, and can be set while everything runs.

mod answer;
mod body;
mod fault;
mod layer;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fastrand::Rng;

pub use self::fault::{Fault, FaultyPart, Kind, MalformedFault};
pub(crate) use self::{fault::HELP, layer::faulty};

/// The faults there are now; cheap to clone. Chance decides which requests they meet, and the same seed
/// decides alike as long as requests arrive in the same order.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    faults: Vec<Fault>,
    chance: Rng,
    seed: u64,
    met: u64,
}

/// What happens to one request, in this order.
#[derive(Debug, Clone, Default)]
struct Fate {
    late: Duration,
    kind: Option<Kind>,
    /// Decides what is left open: where an answer ends, and what nonsense is.
    number: u64,
}

impl Faults {
    /// These faults, by the chance that `seed` makes; without one, by any.
    #[must_use]
    pub fn new(faults: Vec<Fault>, seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| fastrand::u64(..));
        Self(Arc::new(Mutex::new(State { faults, chance: Rng::with_seed(seed), seed, met: 0 })))
    }

    /// The seed, with which a run can be repeated.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.state().seed
    }

    /// Replaces all faults from now on; none ends them.
    pub fn set(&self, faults: Vec<Fault>) {
        self.state().faults = faults;
    }

    /// How many requests have met a fault so far.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.state().met
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().faults.is_empty()
    }

    /// How often the keys of `part` are replaced, if they are.
    pub(crate) fn rotation(&self, part: FaultyPart) -> Option<Duration> {
        self.state().faults.iter().filter(|it| it.part == part).find_map(|it| match it.kind {
            Kind::Rotation(every) => Some(every),
            _ => None,
        })
    }

    /// What happens to a request to `part`. Slowness adds up; of all else the first one counts.
    fn fate(&self, part: FaultyPart) -> Fate {
        let mut state = self.state();
        let State { faults, chance, met, .. } = &mut *state;
        let mut fate = Fate { number: chance.u64(..), ..Fate::default() };
        let mut is_met = false;
        for fault in faults.iter().filter(|fault| fault.part == part) {
            if chance.u8(..100) >= fault.percent {
                continue;
            }
            match fault.kind {
                Kind::Latency(time) => fate.late += time,
                Kind::Rotation(_) => continue,
                kind => fate.kind = fate.kind.or(Some(kind)),
            }
            is_met = true;
        }
        *met += u64::from(is_met);
        fate
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(Vec::new(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Faults, FaultyPart};

    fn kinds(seed: u64) -> Vec<String> {
        let faults = ["s3=slow-down:30%", "s3=reset:30%"].map(|it| it.parse().unwrap());
        let faults = Faults::new(faults.into(), Some(seed));
        (0..50).map(|_| format!("{:?}", faults.fate(FaultyPart::S3).kind)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_chance() {
        assert_eq!(kinds(7), kinds(7));
        assert_ne!(kinds(7), kinds(8));
        let met = kinds(7).iter().filter(|kind| *kind != "None").count();
        assert!((10..45).contains(&met), "{met} of 50");
    }

    #[test]
    fn a_fault_of_one_part_is_none_of_another() {
        let faults = Faults::new(vec!["s3=reset".parse().unwrap()], None);
        assert!(faults.fate(FaultyPart::S3).kind.is_some());
        assert!(faults.fate(FaultyPart::GitHub).kind.is_none());
        faults.set(Vec::new());
        assert!(faults.fate(FaultyPart::S3).kind.is_none());
        assert_eq!(faults.met(), 1);
    }
}
