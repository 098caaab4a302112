//! What is told of an attack.

use std::fmt;

use serde::Serialize;

use super::{Attack, ending::Ending};

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Names the attack.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The row of the table in `CONTRIBUTING.md` that it would break.
    pub row: &'static str,
    /// Whether the attacker has gained nothing.
    pub stopped: bool,
    /// What stopped it.
    pub stopped_by: StoppedBy,
    /// What was done, in this order.
    pub steps: Vec<Step>,
}

/// What stopped an attack.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedBy {
    /// Which check; `nothing` for an attack that was not stopped.
    pub check: &'static str,
    /// The code of its refusal.
    pub code: String,
    /// Why it stops the attack; of one that was not stopped, what the attacker has gained.
    pub sentence: String,
}

/// What somebody did, and what they were answered.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Who did it.
    pub who: &'static str,
    /// What they did.
    pub does: String,
    /// The answer, without its secrets.
    pub result: String,
}

impl Outcome {
    pub(super) fn new(attack: &Attack, ending: Ending, steps: Vec<Step>) -> Self {
        let Attack { name, title, row, .. } = *attack;
        let stopped = matches!(ending, Ending::Refused { .. });
        let stopped_by = match ending {
            Ending::Refused { check, code } => {
                StoppedBy { check: check.name, code, sentence: check.sentence.to_owned() }
            }
            Ending::Gained(gained) => StoppedBy {
                check: "nothing",
                code: "not_stopped".to_owned(),
                sentence: format!("THE ATTACK HAS SUCCEEDED. {gained}"),
            },
        };
        Self { name, title, row, stopped, stopped_by, steps }
    }
}

/// For a terminal.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})\n", self.title, self.row)?;
        for Step { who, does, result } in &self.steps {
            writeln!(f, "  {who} {does}\n      {result}")?;
        }
        let StoppedBy { check, code, sentence } = &self.stopped_by;
        match self.stopped {
            true => write!(f, "\n  Stopped by: {check} ({code})\n  {sentence}"),
            false => write!(f, "\n  NOT STOPPED\n  {sentence}"),
        }
    }
}
