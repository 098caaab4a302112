//! How a turn ends that the user stops: what was said is kept, and what was not begun is not done.

use session::Role;

use super::{Turn, texts};

impl Turn {
    /// Ends the turn with what the model has `said` so far of its message. A call that was applied
    /// has its result already; every other one counts as not run.
    pub(crate) fn stop(&mut self, said: &str) {
        let open = self.open_calls().map(|(call, _)| texts::stopped_call(&call.tool_use_id));
        let stopped: Vec<_> = open.collect();
        stopped.into_iter().for_each(|result| self.answered(result));
        if self.messages.last().is_none_or(|last| last.role == Role::User) {
            self.say(texts::stopped(said));
        }
        self.was_stopped = true;
    }

    /// Whether the user stopped it.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.was_stopped
    }
}
