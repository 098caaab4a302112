#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
//!
//! Amazon Bedrock API Reference, "ConverseStream": text and tool input arrive in fragments by
//! content block; an exception can arrive inside the stream after HTTP 200.

mod answer;
mod failure;
mod max_tokens;
mod reasoning;
mod wire;

use agent::{
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt},
};
use aws_sdk_bedrockruntime::{
    Client,
    config::StalledStreamProtectionConfig,
    types::{InferenceConfiguration, SystemContentBlock},
};
use futures_util::future::{BoxFuture, FutureExt};

pub use crate::max_tokens::default_max_tokens;
use crate::{
    answer::PartialAnswer,
    failure::failure,
    wire::{tool_config, wire_message},
};

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
        let config = aws_sdk_bedrockruntime::config::Builder::from(config);
        let client = Client::from_conf(config.stalled_stream_protection(patient).build());
        Self { client, id }
    }

    /// The client, with the connections that an answer will use.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn converse(
        &self,
        prompt: &Prompt<'_>,
        listener: &mut dyn Listener,
    ) -> Result<PartialAnswer, ModelError> {
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
        let mut stream = call.send().await.map_err(failure)?.stream;
        let mut answer = PartialAnswer::new(prompt.max_tokens);
        while let Some(event) = stream.recv().await.map_err(failure)? {
            answer.take(event, listener);
        }
        Ok(answer)
    }
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
