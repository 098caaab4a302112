//! Who listens to the turns of a request: the plain answer is always collected, and events are sent to
//! those who want them.

use std::task::{Context, Poll};

use agent::event::{Event, Listener};

use crate::{agui::Run, answer::PlainText};

/// Both listeners.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) text: PlainText,
    pub(crate) run: Option<Run>,
}

impl Heard {
    /// Says something of our own.
    pub(crate) fn say(&mut self, text: String) {
        if let Some(run) = &mut self.run {
            run.say(&text);
        }
        self.text.add(text);
    }
}

impl Listener for Heard {
    fn hear(&mut self, event: Event<'_>) {
        if let Some(run) = &mut self.run {
            run.hear(event);
        }
        self.text.hear(event);
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.run.as_mut().map_or(Poll::Ready(()), |run| run.poll_ready(context))
    }
}
