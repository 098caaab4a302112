//! The events of a turn while it runs.
//!
//! A listener is called at once and can't fail: one collects the plain answer, another may send
//! events of a protocol.

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
    /// the one with the results of the calls. It may hold reasoning, which no listener shows. Of a turn that is taken up again, its last message is
    /// told first.
    Message(&'a Message),
}

/// Hears what happens in a turn.
pub trait Listener: Send {
    /// Takes an event in.
    fn hear(&mut self, event: Event<'_>);
}
