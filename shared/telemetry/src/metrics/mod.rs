//! What is counted and measured, for the one who operates a deployment.
//!
//! A [`Measurement`] is an event of a target of its own. Which output it goes to is a layer's business (`emf`, `otlp`);
//! with none there, it costs one comparison. Nothing in it tells of one user or one conversation: a metric's
//! dimensions are few, and what was said to whom is for the audit trail.

pub(crate) mod emf;
mod kinds;
pub(crate) mod otlp;

use std::time::Duration;

use tracing::{enabled, info};

/// The target of every measurement.
pub(crate) const TARGET: &str = "metric";

/// Something that was counted or measured.
#[derive(Debug, Clone, Copy)]
pub enum Measurement<'a> {
    /// A turn ended.
    Turn {
        /// `completed`, `interrupted`, or the code of its problem.
        outcome: &'a str,
        /// How long it took.
        time: Duration,
        /// How many were at work when it ended, itself among them.
        at_work: usize,
    },
    /// The language model answered, or failed to.
    Model {
        /// `ok`, or what went wrong.
        outcome: &'a str,
        /// How long it took, to the last word.
        time: Duration,
        /// Tokens that it read.
        input_tokens: u64,
        /// Tokens that it wrote.
        output_tokens: u64,
    },
    /// A consent was asked for, given or refused.
    Consent {
        /// `asked`, `given` or `refused`.
        outcome: &'a str,
        /// The check that failed; empty if none did.
        reason: &'a str,
    },
    /// A tool was called.
    Tool {
        /// Its name.
        tool: &'a str,
        /// `ok`, or what went wrong.
        outcome: &'a str,
    },
    /// AWS answered a request, or did not, with the SDK's retries; or a provider what a tool has asked it.
    Upstream {
        /// Which service, as its SDK names it, or which provider.
        service: &'a str,
        /// Which operation, or which tool.
        operation: &'a str,
        /// Whether there was no answer, or one that is a failure of the service or of its configuration.
        failed: bool,
        /// How long it took, up to the head of the answer.
        time: Duration,
    },
    /// A request was refused because a limit was reached.
    Limit {
        /// Which, by the problem's code.
        limit: &'a str,
    },
}

/// Whether measurements go anywhere.
#[must_use]
pub fn is_on() -> bool {
    enabled!(target: "metric", tracing::Level::INFO)
}

impl Measurement<'_> {
    /// Passes it on.
    pub fn record(self) {
        match self {
            Self::Turn { outcome, time, at_work } => {
                let (time, at_work) = (milliseconds(time), at_work as u64);
                info!(target: "metric", metric = "turn", outcome, turns = 1_u64, time, at_work);
            }
            Self::Model { outcome, time, input_tokens, output_tokens } => {
                let time = milliseconds(time);
                info!(target: "metric", metric = "model", outcome, time, input_tokens, output_tokens);
            }
            Self::Consent { outcome, reason } => {
                info!(target: "metric", metric = "consent", outcome, reason, consents = 1_u64);
            }
            Self::Tool { tool, outcome } => {
                info!(target: "metric", metric = "tool", tool, outcome, calls = 1_u64);
            }
            Self::Upstream { service, operation, failed, time } => {
                let (time, failures) = (milliseconds(time), u64::from(failed));
                info!(target: "metric", metric = "upstream", service, operation, time, failures);
            }
            Self::Limit { limit } => {
                info!(target: "metric", metric = "limit", limit, hits = 1_u64);
            }
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
