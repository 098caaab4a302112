//! One call of the model's last message, and how far it is.

use session::{CallState, Confirmation, ToolResult, ToolUse, Wait};
use vault::{Scope, TokenMark};

use super::{approval::Approval, words};
use crate::agent::{
    scopes::{Scopes, named},
    tools::Tool,
};

/// What a call needs of a token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Demand {
    /// What it must allow.
    pub(crate) scopes: Scopes,
    /// The token that the provider has refused, so that it must be another one.
    pub(crate) refused: Option<TokenMark>,
}

/// A call in a turn.
#[derive(Debug, Clone)]
pub(super) struct TurnCall {
    pub(super) tool_use: ToolUse,
    pub(super) progress: Progress,
}

#[derive(Debug, Clone)]
pub(super) enum Progress {
    Open(Open),
    Finished(ToolResult),
}

/// A call that is not answered.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) tool: Tool,
    pub(super) demand: Demand,
    /// The interrupt by which its consent was asked for before.
    pub(super) interrupt: Option<String>,
    pub(super) stage: Stage,
}

#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// To be tried, with the approval that the user has given.
    Untried(Option<Approval>),
    /// It needs a consent.
    Waiting,
    /// It needs an approval.
    Unconfirmed(Confirmation),
    /// It may be claimed.
    Cleared,
    /// It is claimed, by us, and has to be made now.
    Claimed,
}

impl TurnCall {
    /// A call that the model has just made.
    pub(super) fn new(tool_use: ToolUse) -> Self {
        let progress = match Tool::named(&tool_use.name) {
            Some(tool) => Progress::Open(Open {
                tool,
                demand: Demand { scopes: tool.scopes(), refused: None },
                interrupt: None,
                stage: Stage::Untried(None),
            }),
            None => Progress::Finished(words::no_such_tool(&tool_use.tool_use_id)),
        };
        Self { tool_use, progress }
    }

    pub(super) fn open(&self) -> Option<&Open> {
        match &self.progress {
            Progress::Open(open) => Some(open),
            Progress::Finished(_) => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Open> {
        match &mut self.progress {
            Progress::Open(open) => Some(open),
            Progress::Finished(_) => None,
        }
    }

    pub(super) fn result(&self) -> Option<&ToolResult> {
        match &self.progress {
            Progress::Open(_) => None,
            Progress::Finished(result) => Some(result),
        }
    }

    pub(super) fn finish(&mut self, result: ToolResult) {
        self.progress = Progress::Finished(result);
    }

    /// Moves an open call on; an answered one stays answered.
    pub(super) fn set(&mut self, stage: Stage) {
        if let Some(open) = self.open_mut() {
            open.stage = stage;
        }
    }

    /// Takes on what was saved of the consent that it waited for.
    pub(super) fn waited(&mut self, wait: &Wait) {
        if let Some(open) = self.open_mut() {
            open.demand.scopes.extend(named(wait.scopes.iter().map(String::as_str)));
            open.demand.refused = wait.refused.clone().map(TokenMark::kept);
            open.interrupt = Some(wait.interrupt.clone());
        }
    }

    /// How it is saved; a claim counts until `until`.
    pub(super) fn to_state(&self, until: u64) -> CallState {
        let open = match &self.progress {
            Progress::Open(open) => open,
            Progress::Finished(result) => return CallState::Finished(result.clone()),
        };
        match &open.stage {
            Stage::Untried(_) | Stage::Cleared => CallState::Untried,
            Stage::Waiting => CallState::Waiting(open.to_wait()),
            Stage::Unconfirmed(confirmation) => CallState::Unconfirmed(confirmation.clone()),
            Stage::Claimed => CallState::Started { until },
        }
    }
}

impl Open {
    fn to_wait(&self) -> Wait {
        Wait {
            interrupt: self.interrupt.clone().unwrap_or_default(),
            scopes: self.demand.scopes.iter().map(Scope::to_string).collect(),
            refused: self.demand.refused.as_ref().map(|mark| mark.as_str().to_owned()),
        }
    }
}
