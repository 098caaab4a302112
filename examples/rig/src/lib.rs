#![doc = include_str!("../README.md")]

use std::{borrow::Cow, collections::BTreeSet, collections::HashMap, error::Error, sync::Arc};

use agent::{
    ended_answer::{EndedAnswer, Ending, StreamedCall},
    event::{Event, Listener},
    model::{Model, ModelAnswer, ModelError, Prompt, Usage},
    tool::ToolSpec,
};
use clock::Clock;
use edge::shell::{Function, ReplyFuture};
use edge::{ConfigError, Source};
use futures_util::{StreamExt, future::BoxFuture};
use invoke::Service;
use lambda_http::Request;
use rig_agent::run::{AgentRun, AgentRunStep, ModelTurn};
use rig_core::completion::{CompletionRequest, CompletionResponse, FinishReason, ToolDefinition};
use rig_core::error::ProviderError;
use rig_core::message::{
    AssistantContent, EmptyToolName, Message, ToolCall, ToolFunction, ToolName, ToolResultContent,
    UserContent,
};
use rig_core::providers::openai::{OpenAIConfig, wire::Chat};
use rig_core::streaming::{Item, StreamEvent};
use serde_json::json;
use session::{Block, Role};

/// The agentic workload, with rig's agent loop in the place of its model.
#[derive(Debug)]
pub struct WithRig(Arc<Service>);

impl Function for WithRig {
    const NAME: &'static str = "with-rig";

    fn new(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        // The service reads the same variables for a model of OpenAI's form, and refuses what is wrong.
        let get = |name| source.get(name).unwrap_or_default();
        let openai = OpenAIConfig::new(get("OPENAI_API_KEY")).with_base_url(get("OPENAI_BASE_URL"));
        let rig = Arc::new(Rig(openai.client().chat(get("MODEL_ID"))));
        Service::with_model(source, clock, Vec::new(), rig).map(|service| Self(Arc::new(service)))
    }

    async fn prepare(self: Arc<Self>) {
        Arc::clone(&self.0).prepare().await;
    }

    fn answer(self: Arc<Self>, request: Request) -> ReplyFuture {
        Arc::clone(&self.0).answer(request)
    }
}

/// rig's loop and rig's client, as a model: one step from a conversation to its next message.
#[derive(Debug)]
struct Rig(rig_core::Model<Chat>);

impl Model for Rig {
    fn answer<'a>(
        &'a self,
        prompt: Prompt<'a>,
        listener: &'a mut dyn Listener,
    ) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        Box::pin(async move {
            let mut told = told(&prompt.messages).map_err(internal)?;
            let last = told.pop().ok_or_else(|| internal("nothing is asked"))?;
            let mut run = AgentRun::new(last).with_history(told);
            let AgentRunStep::CallModel { prompt: last, history, .. } =
                run.next_step().map_err(internal)?
            else {
                return Err(internal("rig does not ask the model"));
            };
            let request = CompletionRequest::new(last).messages(history).preamble(prompt.system);
            let tools: Result<_, _> = prompt.tools.iter().map(|tool| definition(tool)).collect();
            let mut request = request.tools(tools.map_err(internal)?);
            request.max_tokens = Some(prompt.max_tokens.into());
            let answer = self.ask(request, listener).await.map_err(failure)?;

            // A name that no tool has is refused where the calls are made.
            let names = answer.tool_calls().map(|call| call.function.name.to_string());
            let names: BTreeSet<_> = names.collect();
            let turn = ModelTurn::from_response_parts(&answer, names.clone(), names);
            run.model_response(turn).map_err(internal)?;
            let ending = ending(&answer);
            let calls = match run.next_step() {
                Ok(AgentRunStep::CallTools { calls }) => calls,
                // Why an answer is not whole is told where it ends.
                Err(error) if ending == Ending::Complete => return Err(internal(error)),
                Ok(_) | Err(_) => Vec::new(),
            };
            let said = Some(answer.text()).filter(|text| !text.trim().is_empty());
            EndedAnswer {
                said: said.map(Block::Text).into_iter().collect(),
                calls: calls.into_iter().map(|it| called(it.tool_call)).collect(),
                has_thought: !answer.reasoning().is_empty(),
                ending,
                max_tokens: prompt.max_tokens,
                usage: Usage {
                    input_tokens: answer.usage.input_tokens.unwrap_or_default(),
                    output_tokens: answer.usage.output_tokens.unwrap_or_default(),
                    cached_input_tokens: answer.usage.cached_input_tokens.unwrap_or_default(),
                    ..Usage::default()
                },
            }
            .finish(listener)
        })
    }
}

impl Rig {
    async fn ask(
        &self,
        request: CompletionRequest,
        listener: &mut dyn Listener,
    ) -> Result<CompletionResponse, ProviderError> {
        let mut stream = self.0.stream(request)?;
        while let Some(item) = stream.next().await {
            if let Item::Event(StreamEvent::Text { text, .. }) = item? {
                listener.hear(Event::Text(&text));
                listener.ready().await;
            }
        }
        stream.finish().await
    }
}

/// The conversation as rig has it. rig cuts ids to the 40 characters that OpenAI takes, which may make
/// two of them one, so calls are numbered.
fn told(messages: &[Cow<'_, session::Message>]) -> Result<Vec<Message>, EmptyToolName> {
    let (mut calls, mut told) = (HashMap::new(), Vec::new());
    for message in messages {
        let (mut user, mut assistant) = (Vec::new(), Vec::new());
        for block in &message.content {
            match block {
                Block::Text(text) => match message.role {
                    Role::User => user.push(UserContent::text(text)),
                    Role::Assistant => assistant.push(AssistantContent::text(text)),
                },
                Block::ToolUse(call) => {
                    let function =
                        ToolFunction::new(ToolName::new(&call.name)?, call.input.clone());
                    let told = ToolCall::from_wire(format!("call{}", calls.len()), function);
                    calls.insert(&call.tool_use_id, told.clone());
                    assistant.push(AssistantContent::ToolCall(told));
                }
                Block::ToolResult(result) => {
                    let output = json!({ "status": result.status, "content": result.content });
                    let output = vec![ToolResultContent::json(output)];
                    let call = calls.get(&result.tool_use_id);
                    user.extend(call.map(|call| UserContent::ToolResult(call.result(output))));
                }
                Block::Reasoning(_) => {}
            }
        }
        told.extend(Some(user).filter(|it| !it.is_empty()).map(Message::from));
        told.extend(Some(assistant).filter(|it| !it.is_empty()).map(Message::from));
    }
    Ok(told)
}

fn definition(tool: &ToolSpec) -> Result<ToolDefinition, EmptyToolName> {
    let name = ToolName::new(tool.name.as_str())?;
    Ok(ToolDefinition::new(name, tool.description.as_ref(), tool.input.as_json().clone()))
}

fn called(ToolCall { id, function, .. }: ToolCall) -> StreamedCall {
    let input = function.arguments_value().to_string();
    let input = function.invalid_arguments.unwrap_or(input);
    StreamedCall { id: id.wire().into_owned(), name: function.name.into(), input }
}

fn ending(answer: &CompletionResponse) -> Ending {
    match answer.finish_reason() {
        None | Some(FinishReason::Stop | FinishReason::ToolCalls) => Ending::Complete,
        Some(FinishReason::Length) => Ending::CutOff,
        Some(FinishReason::ContentFilter) => Ending::Withheld,
        Some(_) => Ending::BrokenOff,
    }
}

/// What a caller can do about an error. It has nothing of the server's text, which may repeat the key or
/// the conversation.
fn failure(error: ProviderError) -> ModelError {
    let status = error.provider_response_status().map(|status| status.as_u16());
    let cause = format!("rig was answered with the status {status:?}").into();
    let body = error.provider_response_body().unwrap_or_default();
    match status {
        Some(400) if body.contains("context_length_exceeded") => ModelError::TooLong(cause),
        Some(400 | 413 | 422) => ModelError::Rejected(cause),
        Some(401..=404) => ModelError::Refused(cause),
        _ => ModelError::Busy(cause),
    }
}

fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> ModelError {
    ModelError::Internal(error.into())
}
