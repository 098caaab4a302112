//! Which measurements there are, by every name that an output gives them.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// How many names of tools are told apart, and of operations; MCP servers choose theirs.
pub(super) const MOST_NAMES: usize = 100;

/// One kind of measurement: the dimensions that CloudWatch tells it apart by, and its metrics.
pub(super) struct Kind {
    pub(super) metric: &'static str,
    pub(super) dimensions: &'static [&'static [&'static str]],
    pub(super) metrics: &'static [Metric],
}

/// One number of a measurement.
pub(super) struct Metric {
    /// Its field in the event.
    pub(super) field: &'static str,
    /// Its name in CloudWatch.
    pub(super) name: &'static str,
    /// Its name in OpenTelemetry ("General naming considerations"), without `countersign.`.
    pub(super) otlp: &'static str,
    pub(super) unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// What is added up.
    Count,
    /// How many there are at one moment.
    Level,
    Milliseconds,
}

const fn metric(field: &'static str, name: &'static str, otlp: &'static str, unit: Unit) -> Metric {
    Metric { field, name, otlp, unit }
}

/// The dimension that every metric has.
pub(super) const SERVICE: &str = "Service";
pub(super) static KINDS: [Kind; 6] = [
    Kind {
        metric: "turn",
        dimensions: &[&[SERVICE], &[SERVICE, "Outcome"]],
        metrics: &[
            metric("turns", "Turns", "turns", Unit::Count),
            metric("time", "TurnTime", "turn.duration", Unit::Milliseconds),
            metric("at_work", "TurnsAtWork", "turns.at_work", Unit::Level),
        ],
    },
    Kind {
        metric: "model",
        dimensions: &[&[SERVICE], &[SERVICE, "Outcome"]],
        metrics: &[
            metric("time", "ModelTime", "model.duration", Unit::Milliseconds),
            metric("input_tokens", "InputTokens", "model.input_tokens", Unit::Count),
            metric("output_tokens", "OutputTokens", "model.output_tokens", Unit::Count),
        ],
    },
    Kind {
        metric: "consent",
        dimensions: &[&[SERVICE, "Outcome"], &[SERVICE, "Outcome", "Reason"]],
        metrics: &[metric("consents", "Consents", "consents", Unit::Count)],
    },
    Kind {
        metric: "tool",
        dimensions: &[&[SERVICE, "Outcome"], &[SERVICE, "Tool", "Outcome"]],
        metrics: &[metric("calls", "ToolCalls", "tool.calls", Unit::Count)],
    },
    Kind {
        metric: "upstream",
        dimensions: &[&[SERVICE, "Upstream", "Operation"]],
        metrics: &[
            metric("time", "UpstreamTime", "upstream.duration", Unit::Milliseconds),
            metric("failures", "UpstreamFailures", "upstream.failures", Unit::Count),
        ],
    },
    Kind {
        metric: "limit",
        dimensions: &[&[SERVICE, "Limit"]],
        metrics: &[metric("hits", "LimitsHit", "limit.hits", Unit::Count)],
    },
];

/// Which field of a measurement is which dimension of CloudWatch's, and which attribute of OpenTelemetry's.
pub(super) const DIMENSIONS: [(&str, &str, &str); 6] = [
    ("outcome", "Outcome", "outcome"),
    ("reason", "Reason", "reason"),
    ("tool", "Tool", "tool"),
    ("service", "Upstream", "upstream"),
    ("operation", "Operation", "operation"),
    ("limit", "Limit", "limit"),
];

/// The fields of a measurement.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) metric: String,
    pub(super) values: Map<String, Value>,
}

impl Fields {
    /// The dimension `field`, as it is told apart; `None` if this kind has none.
    pub(super) fn dimension(&mut self, field: &str, names: &Names) -> Option<String> {
        let Value::String(value) = self.values.remove(field)? else { return None };
        Some(match value.as_str() {
            // To CloudWatch an empty value is no dimension.
            "" => "none".to_owned(),
            name if !names.are_told_apart(field, name) => "other".to_owned(),
            _ => value,
        })
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "metric" {
            value.clone_into(&mut self.metric);
        } else {
            self.values.insert(field.name().to_owned(), value.into());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.values.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.values.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The names that are told apart, of those that strangers choose: each is a metric of its own, for which CloudWatch
/// bills.
#[derive(Default)]
pub(super) struct Names {
    tools: Mutex<HashSet<String>>,
    operations: Mutex<HashSet<String>>,
}

impl Names {
    fn are_told_apart(&self, field: &str, name: &str) -> bool {
        let known = match field {
            "tool" => &self.tools,
            "operation" => &self.operations,
            _ => return true,
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(name) || (known.len() < MOST_NAMES && known.insert(name.to_owned()))
    }
}
