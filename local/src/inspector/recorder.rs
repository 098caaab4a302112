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
    /// It is no hop, or all are forgotten: a page asks for the rest again.
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

    /// Called while the ring is locked, so that a page hears of changes in their order.
    fn tell(&self, change: Change) {
        // If nobody looks, nobody is told.
        let _nobody_looks = self.0.changes.send(change);
    }

    /// Keeps a hop that begins. Returns its number.
    pub(super) fn begin(&self, hop: Hop) -> u64 {
        let mut ring = self.ring();
        let number = ring.next;
        ring.next += 1;
        let hop = Hop { number, ..hop };
        ring.hops.push_back(hop.clone());
        if ring.hops.len() > KEPT {
            ring.hops.pop_front();
        }
        self.tell(Change::Hop(Box::new(hop)));
        number
    }

    /// Changes the hop `number`, if it is still kept.
    pub(super) fn change(&self, number: u64, change: impl FnOnce(&mut Hop)) {
        self.change_where(|hop| hop.number == number, change);
    }

    /// Changes the newest hop to one of `places`: one that is under way, if there is one.
    pub(super) fn change_latest(&self, places: &[Place], change: impl FnOnce(&mut Hop)) {
        let is_there = |hop: &Hop| places.contains(&hop.to);
        let has_open = self.ring().hops.iter().any(|hop| is_there(hop) && hop.is_open());
        self.change_where(|hop| is_there(hop) && (hop.is_open() || !has_open), change);
    }

    fn change_where(&self, is_it: impl Fn(&Hop) -> bool, change: impl FnOnce(&mut Hop)) {
        let mut ring = self.ring();
        let Some(hop) = ring.hops.iter_mut().rev().find(|hop| is_it(hop)) else { return };
        change(hop);
        self.tell(Change::Hop(Box::new(hop.clone())));
    }

    /// Forgets the hop `number`: it did not take place.
    pub(super) fn forget(&self, number: u64) {
        let mut ring = self.ring();
        ring.hops.retain(|hop| hop.number != number);
        self.tell(Change::Cleared);
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        let mut ring = self.ring();
        ring.hops.clear();
        self.tell(Change::Cleared);
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
