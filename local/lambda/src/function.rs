//! One function: the invocations that wait for a worker, and those that run.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// How an invocation ends.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The function's response.
    Response(Bytes),
    /// The function's error, or one about it.
    Error(Bytes),
}

/// An invocation as a worker gets it.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) id: Uuid,
    pub(super) payload: Bytes,
    pub(super) trace: String,
}

/// Receives the outcome of an invocation that a worker has taken.
pub(super) type Running = oneshot::Receiver<Outcome>;

#[derive(Default)]
pub(super) struct Function {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Invocation, oneshot::Sender<Running>)>,
    running: HashMap<Uuid, oneshot::Sender<Outcome>>,
    /// Why the process ended; `None` again once a process polls.
    ended: Option<Bytes>,
}

impl Function {
    /// Queues an invocation. The receiver completes when a worker takes it.
    pub(super) fn push(&self, invocation: Invocation) -> oneshot::Receiver<Running> {
        let (taken, running) = oneshot::channel();
        let mut state = self.state();
        if let Some(error) = state.ended.clone() {
            fail(taken, error);
            return running;
        }
        state.queue.retain(|(_, taken)| !taken.is_closed());
        state.queue.push_back((invocation, taken));
        drop(state);
        self.arrived.notify_one();
        running
    }

    /// Waits for the next invocation whose caller has not hung up.
    pub(super) async fn next(&self) -> Invocation {
        self.state().ended = None;
        loop {
            let mut arrived = pin!(self.arrived.notified());
            // Registered before the queue is checked, so that no arrival in between is missed.
            arrived.as_mut().enable();
            if let Some(invocation) = self.take() {
                return invocation;
            }
            arrived.await;
        }
    }

    fn take(&self) -> Option<Invocation> {
        let mut state = self.state();
        while let Some((invocation, taken)) = state.queue.pop_front() {
            let (outcome, running) = oneshot::channel();
            if taken.send(running).is_ok() {
                state.running.insert(invocation.id, outcome);
                return Some(invocation);
            }
        }
        None
    }

    /// Ends a running invocation; its caller may have hung up. Returns false if none has this id.
    pub(super) fn complete(&self, id: Uuid, outcome: Outcome) -> bool {
        let Some(caller) = self.state().running.remove(&id) else { return false };
        let _gone = caller.send(outcome);
        true
    }

    /// Ends all invocations that run or wait with `error`, and all new ones until a process polls.
    pub(super) fn end(&self, error: Bytes) {
        let mut state = self.state();
        // The error at start says more than the exit that follows it.
        let error = state.ended.get_or_insert(error).clone();
        for (_, caller) in state.running.drain() {
            let _gone = caller.send(Outcome::Error(error.clone()));
        }
        for (_, taken) in state.queue.drain(..) {
            fail(taken, error.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fail(taken: oneshot::Sender<Running>, error: Bytes) {
    let (outcome, running) = oneshot::channel();
    let _gone = (taken.send(running), outcome.send(Outcome::Error(error)));
}
