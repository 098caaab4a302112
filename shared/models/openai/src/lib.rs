#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
//!
//! OpenAI API Reference, "Create chat completion" and "The chat completion chunk object": with `stream` the
//! answer is data-only server-sent events, the last of which is `[DONE]`.

mod answer;
mod calls;
mod chunk;
mod client;
mod endpoint;
mod failure;
mod request;

use std::time::Duration;

use agent::{
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt},
};
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};

pub use crate::endpoint::{ApiKey, BaseUrl, Endpoint, InvalidApiKey, InvalidBaseUrl, MissingKey};
use crate::{answer::PartialAnswer, client::ChatClient, failure::Failure, request::ChatRequest};

/// How often a request is repeated.
const RETRIES: u32 = 2;
/// How long the first repetition waits, where the server does not say; the second one twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// A server that wants to be left alone for longer is busy.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A model at a server that speaks OpenAI's chat completions.
#[derive(Debug)]
pub struct OpenAi {
    client: ChatClient,
    endpoint: Endpoint,
    id: String,
}

impl OpenAi {
    /// The model `id` at `endpoint`. Nothing goes over the network before the first question.
    #[must_use]
    pub fn new(endpoint: Endpoint, id: String) -> Self {
        Self { client: ChatClient::default(), endpoint, id }
    }

    /// Opens a connection that the next answer will use. One that can't be opened is left to that.
    pub async fn connect(&self) {
        self.client.connect(&self.endpoint).await;
    }

    /// Asks, and asks again after what passes, as long as nothing was heard.
    async fn complete(
        &self,
        body: &Bytes,
        listener: &mut dyn Listener,
    ) -> Result<PartialAnswer, ModelError> {
        let mut retries = 0;
        loop {
            let mut answer = PartialAnswer::default();
            let asked = self.client.stream(&self.endpoint, body.clone(), &mut answer, listener);
            let Err(failure) = asked.await else { return Ok(answer) };
            let pause = pause(&failure, retries).filter(|_| answer.is_unheard());
            let Some(pause) = pause else { return Err(failure.error) };
            // As long as the server asks for, or twice as long as before.
            tokio::time::sleep(pause).await;
            retries += 1;
        }
    }
}

/// How long to wait before a request is repeated that failed after `retries` repetitions; `None` if it
/// is not.
fn pause(failure: &Failure, retries: u32) -> Option<Duration> {
    let pause = failure.retry_after.unwrap_or(PAUSE * 2_u32.pow(retries));
    (failure.is_passing() && retries < RETRIES && pause <= LONGEST_PAUSE).then_some(pause)
}

impl Model for OpenAi {
    fn names(&self) -> (&str, &str) {
        ("openai", self.id.as_str())
    }

    fn answer<'a>(
        &'a self,
        prompt: Prompt<'a>,
        listener: &'a mut dyn Listener,
    ) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        async move {
            let request = ChatRequest::new(&self.id, &prompt, &self.endpoint);
            let body = serde_json::to_vec(&request);
            let body = Bytes::from(body.map_err(|error| ModelError::Internal(error.into()))?);
            let first = self.complete(&body, listener).await?;
            if !first.is_malformed() {
                return first.finish(prompt.max_tokens, listener);
            }
            listener.hear(Event::TextDiscarded);
            let answer = match self.complete(&body, listener).await {
                Ok(mut second) => {
                    second.usage += first.usage;
                    second
                }
                Err(_) => first,
            };
            answer.finish(prompt.max_tokens, listener)
        }
        .boxed()
    }
}
