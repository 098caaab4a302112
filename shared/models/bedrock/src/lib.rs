#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
//!
//! Amazon Bedrock API Reference, "ConverseStream": text and tool input arrive in fragments by
//! content block; an exception can arrive inside the stream after HTTP 200.

mod answer;
mod failure;
mod max_tokens;
mod reasoning;
mod speech;
mod wire;

use std::time::Duration;

use agent::{
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt},
};
use aws_sdk_bedrockruntime::{
    Client,
    config::{StalledStreamProtectionConfig, retry::RetryConfig},
    primitives::event_stream::EventReceiver,
    types::{
        ConverseStreamOutput, InferenceConfiguration, SystemContentBlock,
        error::ConverseStreamOutputError,
    },
};
use futures_util::future::{BoxFuture, FutureExt};

pub use crate::max_tokens::default_max_tokens;
use crate::{
    answer::PartialAnswer,
    failure::{failure, failure_in_stream},
    wire::{tool_config, wire_message},
};

type Events = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

/// How often a request is tried while nothing of its answer has been heard: before there is a stream by
/// the SDK, and then here, because the SDK can't any more.
const TRIES: u32 = 3;
/// How long to wait before the second try of a stream; then twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// A model on Amazon Bedrock.
#[derive(Debug)]
pub struct Bedrock {
    client: Client,
    id: String,
}

impl Bedrock {
    /// The model `id`, called with `config`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, id: String) -> Self {
        // The default cuts a stream after 5 seconds of silence, and models think longer. The turn
        // has a deadline of its own.
        let patient = StalledStreamProtectionConfig::disabled();
        // Waits longer each time, by chance, and less often tried again the more requests fail.
        let retries = RetryConfig::standard().with_max_attempts(TRIES);
        let config = aws_sdk_bedrockruntime::config::Builder::from(config)
            .stalled_stream_protection(patient)
            .retry_config(retries);
        let client = Client::from_conf(config.build());
        Self { client, id }
    }

    /// The client, with the connections that an answer will use.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks, and takes the answer in as it arrives.
    async fn converse(
        &self,
        prompt: &Prompt<'_>,
        listener: &mut dyn Listener,
    ) -> Result<PartialAnswer, ModelError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            let mut answer = PartialAnswer::new(prompt.max_tokens);
            let mut stream = self.open(prompt).await?;
            match read(&mut stream, &mut answer, listener).await {
                Err(ModelError::Busy(_)) if answer.is_empty() => {}
                read => return read.map(|()| answer),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        let mut answer = PartialAnswer::new(prompt.max_tokens);
        read(&mut self.open(prompt).await?, &mut answer, listener).await?;
        Ok(answer)
    }

    async fn open(&self, prompt: &Prompt<'_>) -> Result<Events, ModelError> {
        let messages: Result<Vec<_>, _> =
            prompt.messages.iter().map(|message| wire_message(message)).collect();
        let max_tokens = i32::try_from(prompt.max_tokens).unwrap_or(i32::MAX);
        let call = self
            .client
            .converse_stream()
            .model_id(&self.id)
            .system(SystemContentBlock::Text(prompt.system.to_owned()))
            .set_messages(Some(messages?))
            .tool_config(tool_config(&prompt.tools)?)
            .inference_config(InferenceConfiguration::builder().max_tokens(max_tokens).build());
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
    }
    Ok(())
}

impl Model for Bedrock {
    fn answer<'a>(
        &'a self,
        prompt: Prompt<'a>,
        listener: &'a mut dyn Listener,
    ) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        async move {
            let first = self.converse(&prompt, listener).await?;
            if !first.is_malformed() {
                return first.finish(listener);
            }
            listener.hear(Event::TextDiscarded);
            match self.converse(&prompt, listener).await {
                Ok(mut second) => {
                    second.usage += first.usage;
                    second.finish(listener)
                }
                Err(_) => first.finish(listener),
            }
        }
        .boxed()
    }
}
