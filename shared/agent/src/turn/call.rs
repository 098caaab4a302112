//! One call of the model's last message, and how far it is.
//!
//! ```text
//!             ┌────────── the consent is there ─────────┐
//!             ▼                                         │
//!          Pending ── no token, or one refused ──▶ AwaitingConsent
//!             │
//!             ├─ a reader: read ─────────────────────────────────────────▶ Finished
//!             │
//!             └─ a writer: previewed ─┬─ not approved ──▶ AwaitingApproval
//!                                     │                         │ approved: previewed again
//!                                     └─ approved as it is ──▶ Approved
//!                                                               │ saved under a condition
//!                                                               ▼
//!                                                            Claimed ── applied ──▶ Finished
//! ```
//!
//! A reader that is read, or a writer that is applied, may ask the user something first (`AwaitingInput`,
//! `inquiry.rs`): answered, it is `Pending` again, with its approval.
//!
//! Saved and taken up again, a `Claimed` call without a result is finished as *outcome unknown*: it is
//! never applied twice. One whose token the provider refused is `Pending` again, without its approval:
//! nothing was done. Declined, a call is finished as *not run*.

use std::{collections::BTreeSet, sync::Arc};

use session::{Asking, CallState, Confirmation, Decision, ToolResult, ToolUse, Wait};
use vault::{Scope, TokenFingerprint};

use super::{approval::Approval, texts};
use crate::{
    inquiry::Given,
    provider::Provider,
    scopes::{Scopes, named},
    tool::{Needs, Tool},
    toolbox::Toolbox,
};

/// Which token a call needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenNeed {
    /// At which credential provider.
    pub(crate) provider: Arc<Provider>,
    /// What it must allow.
    pub(crate) scopes: Scopes,
    /// The tokens that the provider has refused, so that it must be another one. There may be several,
    /// because the vault may have one for each set of scopes.
    pub(crate) refused: BTreeSet<TokenFingerprint>,
    /// Whether a consent was forced for this call, so that another refusal is an error.
    pub(super) was_forced: bool,
    /// Whether the call has waited for a consent, so that a token that is there now was consented to.
    pub(crate) has_waited: bool,
}

impl TokenNeed {
    fn new(needs: &Needs) -> Self {
        let (provider, scopes) = (Arc::clone(&needs.provider), needs.scopes.clone());
        Self { provider, scopes, refused: BTreeSet::new(), was_forced: false, has_waited: false }
    }
}

/// A call in a turn.
#[derive(Debug, Clone)]
pub(super) struct TurnCall {
    pub(super) tool_use: ToolUse,
    progress: Progress,
    /// What the user has said to it.
    decision: Option<Decision>,
}

#[derive(Debug, Clone)]
enum Progress {
    Open(OpenCall),
    Finished(ToolResult),
}

/// A call that is not answered.
#[derive(Debug, Clone)]
pub(super) struct OpenCall {
    pub(super) tool: Tool,
    /// `None` if the tool needs no token.
    pub(super) need: Option<TokenNeed>,
    /// The interrupt by which its consent was asked for before.
    pub(super) interrupt: Option<String>,
    /// The user's approval, once it was used.
    pub(super) approval: Option<Approval>,
    /// What the user has given, if it had asked.
    pub(super) given: Option<Given>,
    /// How often it has asked.
    pub(super) rounds: u32,
    pub(super) stage: Stage,
}

/// How far an open call is.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// To be read or previewed, with the approval that the user has given.
    Pending(Option<Approval>),
    /// It needs a consent, asked for by this interrupt.
    AwaitingConsent { interrupt: String },
    /// It was previewed and needs an approval.
    AwaitingApproval(Confirmation),
    /// Its server wants to know something of the user.
    AwaitingInput(Box<Asking>),
    /// It may be claimed.
    Approved,
    /// It is claimed, by this request, and has to be applied now.
    Claimed,
}

impl TurnCall {
    /// A call that the model has just made.
    pub(super) fn new(tool_use: ToolUse, tools: &Toolbox) -> Self {
        let progress = match tools.named(&tool_use.name) {
            Some(tool) => Progress::Open(OpenCall {
                tool: tool.clone(),
                need: tool.spec().needs.as_ref().map(TokenNeed::new),
                interrupt: None,
                approval: None,
                given: None,
                rounds: 0,
                stage: Stage::Pending(None),
            }),
            None => Progress::Finished(match tools.why_unknown(&tool_use.name) {
                Some(why) => texts::server_unknown(&tool_use.tool_use_id, why),
                None => texts::no_such_tool(&tool_use.tool_use_id),
            }),
        };
        Self { tool_use, progress, decision: None }
    }

    pub(super) fn open(&self) -> Option<&OpenCall> {
        match &self.progress {
            Progress::Open(open) => Some(open),
            Progress::Finished(_) => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut OpenCall> {
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

    /// Finishes the call with `result`, which keeps what the user has said to it.
    pub(super) fn finish(&mut self, mut result: ToolResult) {
        result.decision = result.decision.or(self.decision.take());
        self.progress = Progress::Finished(result);
    }

    /// Keeps what the user has said to it.
    pub(super) fn decided(&mut self, decision: Option<Decision>) {
        self.decision = decision;
    }

    /// Moves an open call on; an answered one stays answered. What is asked again is not decided.
    pub(super) fn set(&mut self, stage: Stage) {
        if matches!(stage, Stage::AwaitingApproval(_)) {
            self.decision = None;
        }
        if let Some(open) = self.open_mut() {
            open.stage = stage;
        }
    }

    /// Takes on what was saved of the consent that it waited for. What waited at another provider
    /// than the tool's, because the configuration has changed since, starts again from the
    /// beginning.
    pub(super) fn waited(&mut self, wait: &Wait) {
        let Some(open) = self.open_mut() else { return };
        let Some(need) = &mut open.need else { return };
        if wait.provider.as_deref().is_none_or(|name| name == need.provider.name().as_str()) {
            let saved = named(wait.scopes.iter().map(String::as_str));
            need.scopes.extend(need.provider.known(&saved));
            let refused = wait.refused.iter().flat_map(|saved| saved.split(' '));
            need.refused = refused.map(|it| TokenFingerprint::from_saved(it.to_owned())).collect();
            need.was_forced = wait.refused.is_some();
            need.has_waited = true;
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
            Stage::Pending(_) | Stage::Approved => CallState::Untried,
            Stage::AwaitingConsent { interrupt } => CallState::Waiting(open.to_wait(interrupt)),
            Stage::AwaitingApproval(confirmation) => CallState::Unconfirmed(confirmation.clone()),
            Stage::AwaitingInput(asking) => {
                let decision = self.decision.clone();
                CallState::Asking(Box::new(Asking { decision, ..(**asking).clone() }))
            }
            Stage::Claimed => CallState::Started { until, decision: self.decision.clone() },
        }
    }
}

impl OpenCall {
    pub(super) fn provider(&self) -> Option<&Arc<Provider>> {
        self.need.as_ref().map(|need| &need.provider)
    }

    fn to_wait(&self, interrupt: &str) -> Wait {
        let need = self.need.as_ref();
        Wait {
            interrupt: interrupt.to_owned(),
            provider: need.map(|need| need.provider.name().to_string()),
            scopes: need.iter().flat_map(|need| &need.scopes).map(Scope::to_string).collect(),
            refused: need.filter(|need| !need.refused.is_empty()).map(|need| {
                need.refused.iter().map(TokenFingerprint::as_str).collect::<Vec<_>>().join(" ")
            }),
        }
    }
}
