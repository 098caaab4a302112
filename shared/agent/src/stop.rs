//! How a turn learns that nobody waits for it any more.

use std::future::pending;

use tokio::sync::watch;

/// Tells a turn to stop. A turn with the default one is never told.
#[derive(Debug, Clone, Default)]
pub struct Stop(Option<watch::Receiver<()>>);

/// Stops the turn when it is dropped.
#[derive(Debug)]
pub struct Stopper(#[expect(dead_code, reason = "its end is what is heard")] watch::Sender<()>);

impl Stop {
    /// A pair of what stops and what is stopped.
    #[must_use]
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(());
        (Stopper(sender), Self(Some(receiver)))
    }

    /// Returns whether the turn is to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.0.as_ref().is_some_and(|receiver| receiver.has_changed().is_err())
    }

    /// Waits until the turn is to stop.
    pub(crate) async fn stopped(&self) {
        let Some(receiver) = &self.0 else { return pending().await };
        let mut receiver = receiver.clone();
        while receiver.changed().await.is_ok() {}
    }
}
