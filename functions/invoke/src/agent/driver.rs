//! The loop around a turn: it does what the state machine says is next.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use session::{Message, SessionId, ToolResult, ToolStatus, ToolUse};
use telemetry::Audit;
use vault::{AccessToken, ProviderName, Scope};

use super::{
    consent::{Asker, Authorization, Authorizer, Interrupt},
    error::TurnError,
    github::{Called, GitHub},
    model::{Model, Usage},
    tools::{Tool, joined},
    turn::{Step, Turn},
};

/// Everything a turn needs.
#[derive(Debug)]
pub(crate) struct Driver<'a> {
    pub(crate) model: &'a Model,
    pub(crate) github: &'a GitHub,
    pub(crate) provider: &'a ProviderName,
    pub(crate) authorizer: Authorizer<'a>,
    pub(crate) asker: Asker<'a>,
    pub(crate) session: &'a SessionId,
}

/// How far a turn came.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) turn: Turn,
    /// What the user has to do first; the turn is done if there is nothing.
    pub(crate) interrupts: Vec<Interrupt>,
    pub(crate) usage: Usage,
}

impl Driver<'_> {
    /// Runs `turn` after `history` until it is done or waits for the user.
    pub(crate) async fn run(&self, mut turn: Turn, history: &[Message]) -> Result<Ran, TurnError> {
        let (mut usage, mut interrupts) = (Usage::default(), Vec::new());
        loop {
            match turn.next_step() {
                Step::CallModel => {
                    let (message, used) = self.model.answer(history, turn.messages()).await?;
                    usage += used;
                    turn.model_answered(message);
                }
                Step::CallTools(calls) => {
                    interrupts.extend(self.call_tools(&mut turn, calls).await?);
                }
                Step::Pause | Step::Done => return Ok(Ran { turn, interrupts, usage }),
            }
        }
    }

    /// One round of tool calls: one token for all of them, or one interrupt for all of them.
    async fn call_tools(
        &self,
        turn: &mut Turn,
        calls: Vec<ToolUse>,
    ) -> Result<Option<Interrupt>, TurnError> {
        let mut known = Vec::new();
        for call in calls {
            match Tool::named(&call.name) {
                Some(tool) => known.push((tool, call)),
                None => turn.tool_answered(no_such_tool(&call)),
            }
        }
        if known.is_empty() {
            return Ok(None);
        }
        let scopes: BTreeSet<Scope> = known.iter().flat_map(|(tool, _)| tool.scopes()).collect();
        match self.authorizer.authorize(self.asker, self.provider, &scopes).await? {
            Authorization::Granted(token) => {
                let running = known.iter().map(|(tool, call)| self.call(*tool, call, &token));
                for result in join_all(running).await {
                    turn.tool_answered(result);
                }
                Ok(None)
            }
            Authorization::Required(interrupt) => {
                for (_, call) in &known {
                    turn.tool_waits(&call.tool_use_id);
                }
                Ok(Some(interrupt))
            }
        }
    }

    async fn call(&self, tool: Tool, call: &ToolUse, token: &AccessToken) -> ToolResult {
        let Called { result, outcome, request } = self.github.call(tool, call, token).await;
        Audit::ToolCalled {
            user: self.asker.user,
            session: self.session.as_str(),
            tool: tool.name(),
            scopes: &joined(&tool.scopes()),
            outcome,
            provider_request: request.as_deref(),
        }
        .record();
        result
    }
}

fn no_such_tool(call: &ToolUse) -> ToolResult {
    ToolResult::new(&call.tool_use_id, ToolStatus::Error, "There is no such tool.")
}
