//! What servers of this form send, byte by byte, over a socket.
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod failures;
mod prompts;
mod server;
mod streams;

use std::borrow::Cow;

use agent::{
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt},
};
use models_openai::OpenAi;
use session::Message;

/// What a listener has heard, `⟲` where words do not count any more.
#[derive(Default)]
struct Heard(String);

impl Listener for Heard {
    fn hear(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.0.push_str(text),
            Event::TextDiscarded => self.0.push('⟲'),
            _ => {}
        }
    }
}

/// Asks the model at `base` with `messages`. Returns what was heard, too.
async fn ask(base: &str, messages: &[Message]) -> (Result<ModelAnswer, ModelError>, String) {
    let key = Some(server::KEY.parse().unwrap());
    let endpoint = models_openai::Endpoint::new(base.parse().unwrap(), key).unwrap();
    let model = OpenAi::new(endpoint, "a-model".to_owned());
    let prompt = Prompt {
        system: "Be brief.",
        messages: messages.iter().map(Cow::Borrowed).collect(),
        tools: Vec::new(),
        max_tokens: 100,
    };
    let mut heard = Heard::default();
    let answer = model.answer(prompt, &mut heard).await;
    (answer, heard.0)
}
