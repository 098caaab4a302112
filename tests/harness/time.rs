//! A clock that a test moves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use stand_in::Clock;

/// How much time has passed beyond what really has.
#[derive(Debug, Clone, Default)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    /// The clock to give to a world.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let passed = Arc::clone(&self.0);
        Clock::new(move || SystemTime::now() + Duration::from_secs(passed.load(Ordering::SeqCst)))
    }

    /// Lets time pass.
    pub fn let_pass(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}
