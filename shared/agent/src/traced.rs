//! The spans of a turn, by OpenTelemetry's "Semantic conventions for generative AI systems": `invoke_agent`,
//! `chat` and `execute_tool`. They hold names, ids, counts and codes, and nothing that anybody has said.

use std::future::Future;

use futures_util::FutureExt;
use telemetry::metrics::Measurement;
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty};

use crate::{
    error::TurnError,
    model::{Model, ModelAnswer, ModelError, Usage},
    tool::{Failure, Needs, Reply, ToolSpec},
    turn::Attempt,
};

/// A turn of `agent` in the conversation `session`.
#[must_use]
pub fn turn(agent: &str, model: &dyn Model, session: &str) -> Span {
    let (provider, model) = model.names();
    let span = tracing::info_span!(
        target: "traces",
        "invoke_agent",
        otel.name = Empty,
        otel.status_code = Empty,
        gen_ai.operation.name = "invoke_agent",
        gen_ai.provider.name = provider,
        gen_ai.agent.name = agent,
        gen_ai.request.model = model,
        gen_ai.conversation.id = session,
        session.id = session,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        countersign.interrupts = Empty,
        error.r#type = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("invoke_agent {agent}"));
    }
    span
}

/// Notes what a turn has cost, in its span.
pub fn spent(span: &Span, usage: Usage) {
    span.record("gen_ai.usage.input_tokens", number(usage.input_tokens));
    span.record("gen_ai.usage.output_tokens", number(usage.output_tokens));
}

/// Notes how many `interrupts` a turn ends in, in its span.
pub fn interrupted(span: &Span, interrupts: usize) {
    span.record("countersign.interrupts", number(interrupts));
}

/// A number as it is exported as one: OpenTelemetry's are signed, and others would be text.
fn number<N: TryInto<i64>>(it: N) -> i64 {
    it.try_into().unwrap_or(i64::MAX)
}

/// Notes that what `span` is about has failed.
pub fn failed(span: &Span, error: &TurnError) {
    fail(span, code(error));
}

/// The model's answer to one prompt, in a span of its own.
pub(crate) fn chat<F>(
    model: &dyn Model,
    session: &str,
    answer: F,
) -> impl Future<Output = Result<ModelAnswer, TurnError>> + use<F>
where
    F: Future<Output = Result<ModelAnswer, TurnError>>,
{
    let (provider, name) = model.names();
    let span = tracing::info_span!(
        target: "traces",
        "chat",
        otel.name = Empty,
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = provider,
        gen_ai.request.model = name,
        gen_ai.conversation.id = session,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.r#type = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("chat {name}"));
    }
    answer.instrument(span.clone()).inspect(move |answer| match answer {
        Ok(answer) => spent(&span, answer.usage),
        Err(error) => failed(&span, error),
    })
}

/// One call of a tool, to be `read`, shown (`preview`) or done (`apply`).
pub(crate) fn tool(model: &dyn Model, session: &str, name: &str, id: &str, how: &str) -> Span {
    let span = tracing::info_span!(
        target: "traces",
        "execute_tool",
        otel.name = Empty,
        otel.status_code = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.provider.name = model.names().0,
        gen_ai.conversation.id = session,
        gen_ai.tool.name = name,
        gen_ai.tool.call.id = id,
        countersign.tool.step = how,
        error.r#type = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("execute_tool {name}"));
    }
    span
}

/// As [`tool`], for a call that is tried.
pub(crate) fn attempt(model: &dyn Model, session: &str, attempt: &Attempt) -> Span {
    let how = match &attempt.tool {
        crate::tool::Tool::Read(_) => "read",
        crate::tool::Tool::Write(_) => "preview",
    };
    tool(model, session, attempt.tool.name(), &attempt.call.tool_use_id, how)
}

/// Notes how the provider of `tool`, asked at `began`, has replied: in the current span, if the call has failed, and
/// among the measurements. What the provider asks the user is no failure.
pub(crate) fn replied<T>(tool: &ToolSpec, began: Instant, reply: Reply<T>) -> Reply<T> {
    let failure = reply.outcome.as_ref().err().filter(|failure| failure.inquiry.is_none());
    if let Some(failure) = failure {
        fail(&Span::current(), failure.code);
    }
    if let Some(Needs { provider, .. }) = &tool.needs {
        Measurement::Upstream {
            service: provider.name().as_str(),
            operation: tool.name.as_str(),
            failed: failure.is_some_and(Failure::is_the_providers),
            time: began.elapsed(),
        }
        .record();
    }
    reply
}

fn fail(span: &Span, code: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", code);
}

fn code(error: &TurnError) -> &'static str {
    match error {
        TurnError::Model(ModelError::Busy(_)) => "model_busy",
        TurnError::Model(ModelError::Rejected(_)) => "model_rejected",
        TurnError::Model(ModelError::TooLong(_)) => "too_long",
        TurnError::Model(ModelError::Refused(_)) => "model_refused",
        TurnError::Model(ModelError::Internal(_)) | TurnError::Internal(_) => "internal",
        TurnError::Vault { .. } => "vault",
        TurnError::Session(_) => "session",
        TurnError::InProgress => "in_progress",
        TurnError::NotSaved { .. } => "not_saved",
        TurnError::TooSlow => "timeout",
    }
}
