#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
//!
//! Amazon Bedrock API Reference, "ConverseStream": text and tool input arrive in fragments by
//! content block; an exception can arrive inside the stream after HTTP 200.

mod answer;
mod failure;
mod families;
mod guardrail;
mod model_id;
mod reasoning;
mod wire;

use std::time::Duration;

use agent::{
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt},
};
use aws_sdk_bedrockruntime::{
    Client,
    config::{Builder, StalledStreamProtectionConfig, retry::RetryConfig},
    primitives::event_stream::EventReceiver,
    types::{
        ContentBlock, ConverseStreamOutput, InferenceConfiguration, SystemContentBlock,
        error::ConverseStreamOutputError,
    },
};
use futures_util::future::{BoxFuture, FutureExt};
use session::Block;

use crate::{
    answer::PartialAnswer,
    failure::{failure, failure_in_stream},
    families::Part,
    wire::{cache_point, tool_config, wire_message},
};
pub use crate::{
    guardrail::{Guardrail, GuardrailId, GuardrailVersion},
    model_id::ModelId,
};

type Events = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

/// How often a request is tried while nothing of its answer has been heard: before there is a stream by
/// the SDK, and then here, because the SDK can't any more.
const TRIES: u32 = 3;
/// How long to wait before the second try of a stream; then twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// What the user is told by a model that can't use tools.
const NO_TOOLS: &str = "(This model can't use tools, so I can't look anything up or do anything for you, \
                        at GitHub or elsewhere. The operator of this agent can choose another model.)";
/// What such a model is told.
const HAS_NO_TOOLS: &str =
    "\n\nYou have no tools now: say so when you are asked for what would take one.";

/// A model on Amazon Bedrock.
#[derive(Debug)]
pub struct Bedrock {
    client: Client,
    id: ModelId,
    guardrail: Option<Guardrail>,
}

impl Bedrock {
    /// The model `id`, called with `config`.
    #[must_use]
    pub fn new(config: Builder, id: ModelId) -> Self {
        // The default cuts a stream after 5 seconds of silence, and models think longer. The turn
        // has a deadline of its own.
        let patient = StalledStreamProtectionConfig::disabled();
        // Waits longer each time, by chance, and less often tried again the more requests fail.
        let retries = RetryConfig::standard().with_max_attempts(TRIES);
        let config = config.stalled_stream_protection(patient).retry_config(retries);
        let client = Client::from_conf(config.build());
        Self { client, id, guardrail: None }
    }

    /// The same, with all that is asked and said passing through `guardrail`.
    #[must_use]
    pub fn guarded_by(self, guardrail: Option<Guardrail>) -> Self {
        Self { guardrail, ..self }
    }

    /// The client, with the connections that an answer will use.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether there are tools that the model can't use.
    fn lacks_tools(&self, prompt: &Prompt<'_>) -> bool {
        !prompt.tools.is_empty() && !self.id.uses_tools()
    }

    /// An answer that is not malformed, or what there is after two tries.
    async fn whole_answer(
        &self,
        prompt: &Prompt<'_>,
        listener: &mut dyn Listener,
    ) -> Result<ModelAnswer, ModelError> {
        let first = self.converse(prompt, listener).await?;
        if !first.is_malformed() {
            return first.finish(listener);
        }
        listener.hear(Event::TextDiscarded);
        match self.converse(prompt, listener).await {
            Ok(mut second) => {
                second.usage += first.usage;
                second.finish(listener)
            }
            Err(_) => first.finish(listener),
        }
    }

    /// Asks, and takes the answer in as it arrives. Opening the stream is boxed, because it takes several times
    /// the room that the stream then has while the model thinks.
    async fn converse(
        &self,
        prompt: &Prompt<'_>,
        listener: &mut dyn Listener,
    ) -> Result<PartialAnswer, ModelError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            let mut answer = PartialAnswer::new(prompt.max_tokens);
            let mut stream = Box::pin(self.open(prompt)).await?;
            match read(&mut stream, &mut answer, listener).await {
                Err(ModelError::Busy(_)) if answer.is_empty() => {}
                read => return read.map(|()| answer),
            }
            // The back-off of a throttled stream: the SDK retries only until it has begun.
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        let mut answer = PartialAnswer::new(prompt.max_tokens);
        let mut stream = Box::pin(self.open(prompt)).await?;
        read(&mut stream, &mut answer, listener).await?;
        Ok(answer)
    }

    async fn open(&self, prompt: &Prompt<'_>) -> Result<Events, ModelError> {
        let family = self.id.family();
        let has_tools = !prompt.tools.is_empty() && self.id.uses_tools();
        let wire = |message: &_| wire_message(message, family, has_tools);
        let messages: Result<Vec<_>, _> = prompt.messages.iter().map(|it| wire(it)).collect();
        let mut messages = messages?;
        let mut system = prompt.system.to_owned();
        if self.lacks_tools(prompt) {
            system.push_str(HAS_NO_TOOLS);
        }
        let max_tokens = i32::try_from(prompt.max_tokens).unwrap_or(i32::MAX);
        let mut call = self
            .client
            .converse_stream()
            .model_id(self.id.as_str())
            .inference_config(InferenceConfiguration::builder().max_tokens(max_tokens).build());
        if family.takes(Part::SystemPrompt) {
            call = call.system(SystemContentBlock::Text(system));
            if family.takes(Part::CachePoints) {
                call = call.system(SystemContentBlock::CachePoint(cache_point()?));
            }
        } else if let Some(first) = messages.first_mut() {
            first.content.insert(0, ContentBlock::Text(system));
        }
        if has_tools {
            call = call.tool_config(tool_config(&prompt.tools, family)?);
        }
        let guardrail = self.guardrail.as_ref().map(Guardrail::on_the_wire);
        let call = call.set_messages(Some(messages)).set_guardrail_config(guardrail);
        Ok(call.send().await.map_err(failure)?.stream)
    }
}

async fn read(
    stream: &mut Events,
    answer: &mut PartialAnswer,
    listener: &mut dyn Listener,
) -> Result<(), ModelError> {
    while let Some(event) = stream.recv().await.map_err(failure_in_stream)? {
        answer.take(event, listener);
        listener.ready().await;
    }
    Ok(())
}

/// Says what the model can't do, unless that stands in what it was shown.
fn say_no_tools(prompt: &Prompt<'_>, answer: &mut ModelAnswer, listener: &mut dyn Listener) {
    if prompt.messages.iter().any(|message| message.text().contains(NO_TOOLS)) {
        return;
    }
    let note = if answer.message.text().is_empty() { "" } else { "\n\n" };
    listener.hear(Event::Text(&format!("{note}{NO_TOOLS}")));
    answer.message.content.push(Block::Text(NO_TOOLS.to_owned()));
}

impl Model for Bedrock {
    fn names(&self) -> (&str, &str) {
        ("aws.bedrock", self.id.as_str())
    }

    fn answer<'a>(
        &'a self,
        prompt: Prompt<'a>,
        listener: &'a mut dyn Listener,
    ) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        async move {
            let mut answer = self.whole_answer(&prompt, listener).await?;
            if self.lacks_tools(&prompt) {
                say_no_tools(&prompt, &mut answer, listener);
            }
            Ok(answer)
        }
        .boxed()
    }
}
