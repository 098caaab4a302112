//! Measurements as CloudWatch reads them from a log: the embedded metric format.
//!
//! Amazon CloudWatch, "Specification: Embedded metric format": a JSON line whose `_aws` says which of its members
//! are metrics, in which unit, and by which members they are told apart. CloudWatch bills each combination of
//! their values as a metric of its own, so what strangers can name is bounded here.

use std::{
    collections::HashSet,
    io::Write,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context};

/// How many names of tools are told apart; MCP servers choose theirs.
const MOST_TOOLS: usize = 100;

/// How one kind of measurement is written: its dimensions beside the service's name, and its metrics.
struct Kind {
    metric: &'static str,
    dimensions: &'static [&'static [&'static str]],
    metrics: &'static [(&'static str, &'static str, Unit)],
}

#[derive(Clone, Copy, Serialize)]
enum Unit {
    Count,
    Milliseconds,
}

/// The dimension that every metric has.
const SERVICE: &str = "Service";
const KINDS: [Kind; 6] = [
    Kind {
        metric: "turn",
        dimensions: &[&[SERVICE], &[SERVICE, "Outcome"]],
        metrics: &[
            ("turns", "Turns", Unit::Count),
            ("time", "TurnTime", Unit::Milliseconds),
            ("at_work", "TurnsAtWork", Unit::Count),
        ],
    },
    Kind {
        metric: "model",
        dimensions: &[&[SERVICE], &[SERVICE, "Outcome"]],
        metrics: &[
            ("time", "ModelTime", Unit::Milliseconds),
            ("input_tokens", "InputTokens", Unit::Count),
            ("output_tokens", "OutputTokens", Unit::Count),
        ],
    },
    Kind {
        metric: "consent",
        dimensions: &[&[SERVICE, "Outcome"], &[SERVICE, "Outcome", "Reason"]],
        metrics: &[("consents", "Consents", Unit::Count)],
    },
    Kind {
        metric: "tool",
        dimensions: &[&[SERVICE, "Outcome"], &[SERVICE, "Tool", "Outcome"]],
        metrics: &[("calls", "ToolCalls", Unit::Count)],
    },
    Kind {
        metric: "upstream",
        dimensions: &[&[SERVICE, "Upstream", "Operation"]],
        metrics: &[
            ("time", "UpstreamTime", Unit::Milliseconds),
            ("failures", "UpstreamFailures", Unit::Count),
        ],
    },
    Kind {
        metric: "limit",
        dimensions: &[&[SERVICE, "Limit"]],
        metrics: &[("hits", "LimitsHit", Unit::Count)],
    },
];
/// Which field of a measurement is which dimension.
const DIMENSIONS: [(&str, &str); 6] = [
    ("outcome", "Outcome"),
    ("reason", "Reason"),
    ("tool", "Tool"),
    ("service", "Upstream"),
    ("operation", "Operation"),
    ("limit", "Limit"),
];

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "_aws")]
    aws: Metadata<'a>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    /// In milliseconds since 1970.
    timestamp: u64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: &'a [&'a [&'a str]],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: Unit,
}

/// Writes each measurement as a line.
pub(crate) struct Emf<W> {
    service: &'static str,
    namespace: String,
    writer: W,
    tools: Mutex<HashSet<String>>,
}

impl<W> Emf<W> {
    /// The measurements of `service`, in `namespace`.
    pub(crate) fn new(service: &'static str, namespace: String, writer: W) -> Self {
        Self { service, namespace, writer, tools: Mutex::default() }
    }

    /// The name of a tool, unless there are too many.
    fn told_apart(&self, tool: &str) -> bool {
        let mut tools = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        tools.contains(tool) || (tools.len() < MOST_TOOLS && tools.insert(tool.to_owned()))
    }

    fn line(&self, fields: &mut Fields) -> Option<Vec<u8>> {
        let kind = KINDS.iter().find(|kind| kind.metric == fields.metric)?;
        let mut members = Map::new();
        members.insert(SERVICE.to_owned(), self.service.into());
        for (field, name) in DIMENSIONS {
            let Some(value) = fields.values.remove(field) else { continue };
            let is_new = field == "tool" && !value.as_str().is_some_and(|it| self.told_apart(it));
            // To CloudWatch an empty value is no dimension.
            let value = match value.as_str() {
                Some("") => "none".into(),
                _ if is_new => "other".into(),
                _ => value,
            };
            members.insert(name.to_owned(), value);
        }
        let mut metrics = Vec::with_capacity(kind.metrics.len());
        for (field, name, unit) in kind.metrics {
            members.insert((*name).to_owned(), fields.values.remove(*field)?);
            metrics.push(Definition { name, unit: *unit });
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let directive =
            Directive { namespace: &self.namespace, dimensions: kind.dimensions, metrics };
        let aws = Metadata { timestamp, cloud_watch_metrics: [directive] };
        let mut line = serde_json::to_vec(&Line { aws, members }).ok()?;
        line.push(b'\n');
        Some(line)
    }
}

impl<S, W> Layer<S> for Emf<W>
where
    S: Subscriber,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(line) = self.line(&mut fields) {
            // A log that can't be written to is nothing that a turn could mend.
            let _lost = self.writer.make_writer().write_all(&line);
        }
    }
}

/// The fields of a measurement.
#[derive(Default)]
struct Fields {
    metric: String,
    values: Map<String, Value>,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use boon::{Compiler, Schemas};
    use serde_json::Value;
    use tracing::{Level, info, subscriber::with_default};
    use tracing_subscriber::filter::Targets;

    use super::MOST_TOOLS;
    use crate::{Metrics, metrics::Measurement, tests::Lines};

    /// The lines of a service that measures, for `work`.
    fn lines(work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let filter = Targets::new().with_default(Level::INFO);
        let metrics = Metrics::Emf { service: "invoke", namespace: "Countersign".to_owned() };
        with_default(crate::subscriber(filter, metrics, None, move || writer.clone()), work);
        lines.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn all() -> [Measurement<'static>; 6] {
        let time = Duration::from_micros(1_500);
        [
            Measurement::Turn { outcome: "completed", time, at_work: 2 },
            Measurement::Model { outcome: "ok", time, input_tokens: 10, output_tokens: 3 },
            Measurement::Consent { outcome: "given", reason: "" },
            Measurement::Tool { tool: "github_create_issue", outcome: "ok" },
            Measurement::Upstream { service: "S3", operation: "GetObject", failed: true, time },
            Measurement::Limit { limit: "too_many_turns" },
        ]
    }

    #[test]
    fn each_measurement_is_a_line_as_cloudwatch_specifies_it() {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let published = include_str!("../../tests/emf.schema.json");
        compiler.add_resource("emf", serde_json::from_str(published).unwrap()).unwrap();
        let schema = compiler.compile("emf", &mut schemas).unwrap();
        let lines = lines(|| all().into_iter().for_each(Measurement::record));
        assert_eq!(lines.len(), all().len());
        for line in &lines {
            schemas.validate(line, schema).unwrap_or_else(|error| panic!("{line}: {error:#}"));
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(line[name].is_number(), "{name} is a number in {line}");
            }
            for name in directive["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|it| it.as_array().unwrap())
            {
                let value = line[name.as_str().unwrap()].as_str().unwrap_or_default();
                assert!(!value.is_empty(), "{name} has a value in {line}");
            }
        }
        assert_eq!(lines[0]["TurnTime"], 1.5);
        assert_eq!(lines[1]["InputTokens"], 10);
        assert_eq!(lines[4]["UpstreamFailures"], 1);
    }

    #[test]
    fn names_that_strangers_choose_make_a_bounded_number_of_metrics() {
        let call =
            |n: usize| Measurement::Tool { tool: &format!("tool_{n}"), outcome: "ok" }.record();
        let lines = lines(|| (0..3 * MOST_TOOLS).chain([0]).for_each(call));
        let names: std::collections::BTreeSet<_> =
            lines.iter().map(|line| line["Tool"].to_string()).collect();
        assert_eq!(names.len(), MOST_TOOLS + 1);
        assert_eq!(lines.last().unwrap()["Tool"], "tool_0");
    }

    #[test]
    fn measurements_are_no_lines_of_the_log_and_lines_of_the_log_no_measurements() {
        let lines = lines(|| {
            info!("plain");
            Measurement::Limit { limit: "overloaded" }.record();
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].get("_aws").is_none() && lines[1].get("level").is_none(), "{lines:?}");
    }

    #[test]
    fn nothing_is_measured_unless_it_is_wanted() {
        let lines = Lines::default();
        let writer = lines.clone();
        let filter = Targets::new().with_default(Level::TRACE);
        with_default(crate::subscriber(filter, Metrics::Off, None, move || writer.clone()), || {
            assert!(!crate::metrics::is_on());
            all().into_iter().for_each(Measurement::record);
        });
        assert_eq!(lines.text(), "");
    }
}
