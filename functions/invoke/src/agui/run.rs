//! One run: from what happens in its turns to the events of the protocol.
//!
//! What is open is ended before anything else begins and before the run ends. A run that has started
//! and is dropped, after a panic as well, ends in `RUN_ERROR`.

use std::task::{Context, Poll};

use agent::event::{Event, Listener};
use edge::Problem;
use serde_json::json;
use session::{Message, Role, ToolResult};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    event::{AgUiEvent, Outcome, TokenUsage},
    outcome::outcome,
    shown::{arguments, rest_after, shown_result},
    snapshot::Snapshot,
    stream::EventWriter,
};
use crate::invocation::InvocationAnswer;

/// How many bytes of the arguments, and of the results, of one message's calls are sent.
const LONGEST_CALLS: usize = 16 * 1024;

/// A run, and what is open in its stream.
#[derive(Debug)]
pub(crate) struct Run {
    writer: EventWriter,
    /// Told once the run has started: nothing is refused after that.
    starts: Option<oneshot::Sender<()>>,
    thread: String,
    id: String,
    provider: &'static str,
    model: String,
    /// The message of the model's that is being sent.
    open: Option<OpenMessage>,
    /// White space of a message that has no words yet. It may stay without any.
    blank: String,
    /// Whether the next message is one that an earlier run has sent.
    is_known: bool,
    was_stopped: bool,
    is_ended: bool,
}

/// A message that is being sent.
#[derive(Debug)]
struct OpenMessage {
    id: String,
    /// Its words so far.
    sent: String,
}

impl Run {
    /// A run that has not started, and what is told when it has.
    pub(crate) fn new(
        writer: EventWriter,
        thread: String,
        id: String,
        (provider, model): (&'static str, String),
    ) -> (Self, oneshot::Receiver<()>) {
        let (starts, started) = oneshot::channel();
        let run = Self {
            writer,
            starts: Some(starts),
            thread,
            id,
            provider,
            model,
            open: None,
            blank: String::new(),
            is_known: false,
            was_stopped: false,
            is_ended: false,
        };
        (run, started)
    }

    /// Starts it.
    pub(crate) fn start(&mut self) {
        if let Some(starts) = self.starts.take() {
            self.writer.event(&AgUiEvent::run_started(&self.thread, &self.id));
            // If nobody waits, the client has gone.
            let _has_gone = starts.send(());
        }
    }

    /// The first message that the next turn tells was sent by an earlier run.
    pub(crate) fn knows_first_message(&mut self) {
        self.is_known = true;
    }

    /// The user has stopped it.
    pub(crate) fn stopped(&mut self) {
        self.was_stopped = true;
    }

    /// Says something of our own.
    pub(crate) fn say(&mut self, text: &str) {
        self.close();
        let id = fresh_id();
        self.writer.event(&AgUiEvent::text_start(&id));
        self.writer.text(&id, text);
        self.writer.event(&AgUiEvent::TextMessageEnd { message_id: &id });
    }

    /// Tells what was said, and then what the protocol's messages have no member for.
    pub(crate) fn snapshot(&mut self, Snapshot { messages, history }: &Snapshot) {
        self.writer.event(&AgUiEvent::MessagesSnapshot { messages });
        self.writer.event(&AgUiEvent::Custom { name: "history", value: json!(history) });
    }

    /// Ends the run, if it has started; else returns why it has not.
    pub(crate) fn end(mut self, ended: Result<InvocationAnswer, Problem>) -> Result<(), Problem> {
        match ended {
            Ok(answer) => {
                self.finish(answer);
                Ok(())
            }
            Err(problem) if self.starts.is_some() => Err(problem),
            Err(problem) => {
                problem.log();
                self.fail(&problem);
                Ok(())
            }
        }
    }

    fn finish(&mut self, answer: InvocationAnswer) {
        self.start();
        self.close();
        let outcome = match self.was_stopped {
            true => Outcome::Cancelled,
            false => outcome(answer.interrupts),
        };
        let counts = answer.usage;
        let (provider, model) = (self.provider, self.model.as_str());
        let total_tokens = counts.input_tokens + counts.output_tokens;
        let usage = TokenUsage { provider, model, counts, total_tokens };
        let usage = (total_tokens > 0).then_some([usage]);
        let (thread_id, run_id) = (self.thread.as_str(), self.id.as_str());
        self.writer.event(&AgUiEvent::RunFinished { thread_id, run_id, outcome, usage });
        self.is_ended = true;
    }

    fn fail(&mut self, problem: &Problem) {
        self.close();
        let (code, message) = problem.in_words();
        self.writer.event(&AgUiEvent::RunError { message, code });
        self.is_ended = true;
    }

    fn text(&mut self, text: &str) {
        if self.open.is_none() {
            self.blank.push_str(text);
            if self.blank.trim().is_empty() {
                return;
            }
            let (id, sent) = (fresh_id(), std::mem::take(&mut self.blank));
            self.writer.event(&AgUiEvent::text_start(&id));
            self.writer.text(&id, &sent);
            self.open = Some(OpenMessage { id, sent });
        } else if let Some(open) = &mut self.open {
            open.sent.push_str(text);
            self.writer.text(&open.id, text);
        }
    }

    /// Ends the message that is being sent. Returns its id.
    fn close(&mut self) -> Option<String> {
        self.blank.clear();
        let OpenMessage { id, .. } = self.open.take()?;
        self.writer.event(&AgUiEvent::TextMessageEnd { message_id: &id });
        Some(id)
    }

    /// The protocol can't take words back: what follows is another message, and an event says that
    /// the one before does not count.
    fn discard(&mut self) {
        if let Some(id) = self.close() {
            let value = json!({ "messageId": id });
            self.writer.event(&AgUiEvent::Custom { name: "text_discarded", value });
        }
    }

    fn message(&mut self, message: &Message) {
        if std::mem::take(&mut self.is_known) {
            return;
        }
        match message.role {
            Role::Assistant => self.models(message),
            Role::User => self.results(message),
        }
    }

    /// The model's message is whole. Its calls have one parent, because a client would make a message
    /// for each of them otherwise.
    fn models(&mut self, message: &Message) {
        self.say_the_rest(&message.text());
        let parent = self.close().unwrap_or_else(fresh_id);
        let mut room = LONGEST_CALLS;
        for call in message.tool_uses() {
            let arguments = arguments(call, &mut room);
            let id = call.tool_use_id.as_str();
            let (tool_call_name, parent_message_id) = (call.name.as_str(), parent.as_str());
            self.writer.event(&AgUiEvent::ToolCallStart {
                tool_call_id: id,
                tool_call_name,
                parent_message_id,
            });
            self.writer.event(&AgUiEvent::ToolCallArgs { tool_call_id: id, delta: &arguments });
            self.writer.event(&AgUiEvent::ToolCallEnd { tool_call_id: id });
        }
    }

    /// What is saved counts: sends what has not been heard of `text`, or all of it if something else was.
    fn say_the_rest(&mut self, text: &str) {
        let sent = self.open.as_ref().map_or("", |open| open.sent.as_str());
        match rest_after(text, sent) {
            Some("") => return,
            Some(rest) if self.open.is_some() => return self.text(&format!("\n\n{rest}")),
            Some(_) => {}
            None => self.discard(),
        }
        self.blank.clear();
        self.text(text);
    }

    fn results(&mut self, message: &Message) {
        let results: Vec<&ToolResult> = message.tool_results().collect();
        for result in &results {
            let content = shown_result(result, LONGEST_CALLS / results.len());
            self.writer.event(&AgUiEvent::ToolCallResult {
                message_id: &fresh_id(),
                tool_call_id: &result.tool_use_id,
                content: &content,
                role: "tool",
            });
        }
    }
}

impl Listener for Run {
    fn hear(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.text(text),
            Event::TextDiscarded => self.discard(),
            Event::Message(message) => self.message(message),
            _ => {}
        }
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.writer.poll_ready(context)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.starts.is_none() && !self.is_ended {
            self.fail(&Problem::internal("the run ended without an answer"));
        }
    }
}

fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use agent::event::{Event, Listener};
    use http_body_util::BodyExt;
    use serde_json::Value;

    use super::Run;
    use crate::agui::stream;

    #[tokio::test]
    async fn a_run_that_a_panic_ends_says_so_after_ending_what_is_open() {
        let (writer, body, _stop) = stream();
        let model = ("provider", "model".to_owned());
        let (mut run, started) = Run::new(writer, "t".to_owned(), "r".to_owned(), model);
        let work = tokio::spawn(async move {
            run.start();
            run.hear(Event::Text(" \n"));
            run.hear(Event::Text("I begin"));
            panic!("a mistake of ours")
        });
        assert!(work.await.is_err_and(|error| error.is_panic()));
        started.await.unwrap();
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        let events = text.split_terminator("\n\n").map(|event| {
            let event: Value = serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap();
            event["type"].as_str().unwrap().to_owned()
        });
        let expected = [
            "RUN_STARTED",
            "TEXT_MESSAGE_START",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_END",
            "RUN_ERROR",
        ];
        assert_eq!(events.collect::<Vec<_>>(), expected);
    }
}
