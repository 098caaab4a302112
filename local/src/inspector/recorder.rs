//! The requests of the last minutes, in memory, and a stream of what changes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::broadcast;

use super::hop::{Hop, Place};

/// How many requests are kept.
const KEPT: usize = 2_000;
/// How many changes a page may be behind; one that is further behind gets all again.
const BEHIND: usize = 512;

/// Keeps what happens; cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    changes: broadcast::Sender<Change>,
}

#[derive(Debug, Default)]
struct Ring {
    next: u64,
    hops: VecDeque<Hop>,
}

/// What a page is told.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// A hop began, ended, or is better known.
    Hop(Box<Hop>),
    /// The hop of this number did not take place.
    Forgotten(u64),
    /// All are forgotten.
    Cleared,
}

impl Default for Recorder {
    fn default() -> Self {
        let (changes, _) = broadcast::channel(BEHIND);
        Self(Arc::new(Shared { ring: Mutex::default(), changes }))
    }
}

impl Recorder {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called while the ring is locked, so that a page hears of changes in their order. If nobody looks,
    /// nothing is copied.
    fn tell(&self, change: impl FnOnce() -> Change) {
        if self.0.changes.receiver_count() > 0 {
            // Nobody may look any more.
            let _nobody_looks = self.0.changes.send(change());
        }
    }

    /// Keeps a hop that begins. Returns its number.
    pub(super) fn begin(&self, hop: Hop) -> u64 {
        let mut ring = self.ring();
        let number = ring.next;
        ring.next += 1;
        let hop = Hop { number, ..hop };
        self.tell(|| Change::Hop(Box::new(hop.clone())));
        ring.hops.push_back(hop);
        if ring.hops.len() > KEPT {
            ring.hops.pop_front();
        }
        number
    }

    /// Changes the hop `number`, if it is still kept.
    pub(super) fn change(&self, number: u64, change: impl FnOnce(&mut Hop)) {
        let mut ring = self.ring();
        let hop = ring.hops.iter_mut().rev().find(|hop| hop.number == number);
        if let Some(hop) = hop {
            self.changed(hop, change);
        }
    }

    /// Changes the newest hop to one of `places`: one that is under way, if there is one.
    pub(super) fn change_latest(&self, places: &[Place], change: impl FnOnce(&mut Hop)) {
        let mut ring = self.ring();
        let is_there = |hop: &Hop| places.contains(&hop.to);
        let open = ring.hops.iter().rposition(|hop| is_there(hop) && hop.is_open());
        let at = open.or_else(|| ring.hops.iter().rposition(is_there));
        let hop = at.and_then(|at| ring.hops.get_mut(at));
        if let Some(hop) = hop {
            self.changed(hop, change);
        }
    }

    fn changed(&self, hop: &mut Hop, change: impl FnOnce(&mut Hop)) {
        change(hop);
        self.tell(|| Change::Hop(Box::new(hop.clone())));
    }

    /// Forgets the hop `number`: it did not take place.
    pub(super) fn forget(&self, number: u64) {
        let mut ring = self.ring();
        ring.hops.retain(|hop| hop.number != number);
        self.tell(|| Change::Forgotten(number));
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        let mut ring = self.ring();
        ring.hops.clear();
        self.tell(|| Change::Cleared);
    }

    /// The person of the turn that is under way; `None` if there are several persons'.
    pub(super) fn person_at_work(&self) -> Option<String> {
        let ring = self.ring();
        let mut persons = ring
            .hops
            .iter()
            .filter(|hop| hop.to == Place::Agent && hop.is_open())
            .filter_map(|hop| hop.person.as_ref());
        let first = persons.next()?;
        persons.all(|person| person == first).then(|| first.clone())
    }

    /// Every hop that is kept, and what happens after them.
    pub(super) fn watch(&self) -> (Vec<Hop>, broadcast::Receiver<Change>) {
        let ring = self.ring();
        (ring.hops.iter().cloned().collect(), self.0.changes.subscribe())
    }

    /// Every hop that is kept.
    pub(super) fn hops(&self) -> Vec<Hop> {
        self.ring().hops.iter().cloned().collect()
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
