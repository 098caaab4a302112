//! Measurements as CloudWatch reads them from a log: the embedded metric format.
//!
//! Amazon CloudWatch, "Specification: Embedded metric format": a JSON line whose `_aws` says which of its members
//! are metrics, in which unit, and by which members they are told apart. CloudWatch bills each combination of
//! their values as a metric of its own, so what strangers can name is bounded here.

use std::{
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context};

use super::kinds::{DIMENSIONS, Fields, KINDS, Names, SERVICE, Unit};

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
    unit: &'static str,
}

/// Writes each measurement as a line.
pub(crate) struct Emf<W> {
    service: &'static str,
    namespace: String,
    writer: W,
    names: Names,
}

impl<W> Emf<W> {
    /// The measurements of `service`, in `namespace`.
    pub(crate) fn new(service: &'static str, namespace: String, writer: W) -> Self {
        Self { service, namespace, writer, names: Names::default() }
    }

    fn line(&self, fields: &mut Fields) -> Option<Vec<u8>> {
        let kind = KINDS.iter().find(|kind| kind.metric == fields.metric)?;
        let mut members = Map::new();
        members.insert(SERVICE.to_owned(), self.service.into());
        for (field, name, _) in DIMENSIONS {
            if let Some(value) = fields.dimension(field, &self.names) {
                members.insert(name.to_owned(), value.into());
            }
        }
        let mut metrics = Vec::with_capacity(kind.metrics.len());
        for metric in kind.metrics {
            members.insert(metric.name.to_owned(), fields.values.remove(metric.field)?);
            metrics.push(Definition { name: metric.name, unit: unit(metric.unit) });
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

/// What CloudWatch calls a unit.
fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count | Unit::Level => "Count",
        Unit::Milliseconds => "Milliseconds",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use boon::{Compiler, Schemas};
    use serde_json::Value;
    use tracing::{Level, info};
    use tracing_subscriber::filter::Targets;

    use crate::{
        Metrics,
        metrics::{Measurement, kinds::MOST_NAMES},
        tests::{Lines, with_default},
    };

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
        let called = |name: &str| Measurement::Tool { tool: name, outcome: "ok" }.record();
        let asked = |name: &str| {
            let (service, time) = ("server", Duration::ZERO);
            Measurement::Upstream { service, operation: name, failed: false, time }.record();
        };
        for dimension in ["Tool", "Operation"] {
            let record = |name: String| match dimension {
                "Tool" => called(&name),
                _ => asked(&name),
            };
            let numbers = (0..3 * MOST_NAMES).chain([0]);
            let lines = lines(|| numbers.for_each(|n| record(format!("tool_{n}"))));
            let names: std::collections::BTreeSet<_> =
                lines.iter().map(|line| line[dimension].to_string()).collect();
            assert_eq!(names.len(), MOST_NAMES + 1);
            assert_eq!(lines.last().unwrap()[dimension], "tool_0");
        }
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
