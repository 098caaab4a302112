//! What servers of this form send, byte by byte, over a socket.
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod failures;
mod pace;
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

fn model(base: &str) -> OpenAi {
    let key = Some(server::KEY.parse().unwrap());
    let endpoint = models_openai::Endpoint::new(base.parse().unwrap(), key).unwrap();
    OpenAi::new(endpoint, "a-model".to_owned())
}

/// Asks the model at `base` with `messages`. Returns what was heard, too.
async fn ask(base: &str, messages: &[Message]) -> (Result<ModelAnswer, ModelError>, String) {
    let mut heard = Heard::default();
    let answer = ask_model(&model(base), messages, &mut heard).await;
    (answer, heard.0)
}

async fn ask_model(
    model: &OpenAi,
    messages: &[Message],
    listener: &mut dyn Listener,
) -> Result<ModelAnswer, ModelError> {
    let prompt = Prompt {
        system: "Be brief.",
        messages: messages.iter().map(Cow::Borrowed).collect(),
        tools: Vec::new(),
        max_tokens: 100,
    };
    model.answer(prompt, listener).await
}
