//! The events of a turn while it runs.
//!
//! A listener is called at once and can't fail: one collects the plain answer, another sends events of
//! a protocol. One that has no room for more says so, and the model's stream waits for it.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use session::Message;

/// Something that happens in a turn.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A fragment of the model's text as it arrives. It is part of the next whole message.
    Text(&'a str),
    /// The words since the last whole message do not count: the model is asked again.
    TextDiscarded,
    /// A message is whole and belongs to the turn now: the model's, with its words and its calls, or
    /// the one with the results of the calls. It may hold reasoning, which no listener shows. Of a turn
    /// that is taken up again, its last message is told first.
    Message(&'a Message),
}

/// Hears what happens in a turn.
pub trait Listener: Send {
    /// Takes an event in.
    fn hear(&mut self, event: Event<'_>);

    /// Returns whether there is room for more, and wakes the task once there is. The one that brings
    /// events waits for it before the next one, so that a slow reader slows the model and fills no
    /// memory.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Keeps the words of the message that is being heard, for a turn that is stopped in the middle of it.
pub(crate) struct Hearing<'a> {
    pub(crate) said: String,
    pub(crate) listener: &'a mut dyn Listener,
}

impl Listener for Hearing<'_> {
    fn hear(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.said.push_str(text),
            Event::TextDiscarded => self.said.clear(),
            Event::Message(_) => {}
        }
        self.listener.hear(event);
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.listener.poll_ready(context)
    }
}

impl dyn Listener + '_ {
    /// Waits until there is room for more.
    pub async fn ready(&mut self) {
        poll_fn(|context| self.poll_ready(context)).await;
    }
}
