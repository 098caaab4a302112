//! Measurements as OpenTelemetry's instruments, for any collector.
//!
//! The same numbers as for CloudWatch, under `countersign.…`: what is added up is a counter, times are
//! histograms in seconds ("General metric semantic conventions"), and what there is at one moment is a
//! histogram, too, so that its peaks are seen.

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::{Layer, layer::Context};

use super::kinds::{DIMENSIONS, Fields, KINDS, Kind, Metric, Names, Unit};

/// The bounds of the histograms of times, in seconds: from an answer of AWS to the longest turn.
const SECONDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// Those of numbers of turns at work.
const LEVELS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Records each measurement with its instruments.
pub(crate) struct Otlp {
    kinds: Vec<(&'static Kind, Vec<Instrument>)>,
    names: Names,
}

enum Instrument {
    Counter(Counter<u64>),
    Level(Histogram<u64>),
    Time(Histogram<f64>),
}

impl Otlp {
    /// Measurements go where `provider` sends them.
    pub(crate) fn new(provider: &SdkMeterProvider) -> Self {
        let meter = provider.meter("countersign");
        let instruments = |kind: &'static Kind| {
            kind.metrics.iter().map(|it| Instrument::new(&meter, it)).collect()
        };
        let kinds = KINDS.iter().map(|kind| (kind, instruments(kind))).collect();
        Self { kinds, names: Names::default() }
    }

    fn record(&self, fields: &mut Fields) {
        let Some((kind, instruments)) =
            self.kinds.iter().find(|(kind, _)| kind.metric == fields.metric)
        else {
            return;
        };
        let mut attributes = Vec::with_capacity(DIMENSIONS.len());
        for (field, _, name) in DIMENSIONS {
            let value = fields.dimension(field, &self.names);
            attributes.extend(value.map(|value| KeyValue::new(name, value)));
        }
        for (metric, instrument) in kind.metrics.iter().zip(instruments) {
            if let Some(value) = fields.values.get(metric.field) {
                instrument.record(value, &attributes);
            }
        }
    }
}

impl Instrument {
    fn new(meter: &Meter, metric: &Metric) -> Self {
        let name = format!("countersign.{}", metric.otlp);
        match metric.unit {
            Unit::Count => Self::Counter(meter.u64_counter(name).build()),
            Unit::Level => {
                let bounds = LEVELS.to_vec();
                Self::Level(meter.u64_histogram(name).with_boundaries(bounds).build())
            }
            Unit::Milliseconds => {
                let times = meter.f64_histogram(name).with_unit("s");
                Self::Time(times.with_boundaries(SECONDS.to_vec()).build())
            }
        }
    }

    fn record(&self, value: &Value, attributes: &[KeyValue]) {
        match self {
            Self::Counter(counter) => {
                value.as_u64().into_iter().for_each(|it| counter.add(it, attributes));
            }
            Self::Level(levels) => {
                value.as_u64().into_iter().for_each(|it| levels.record(it, attributes));
            }
            Self::Time(times) => {
                let milliseconds = value.as_f64().into_iter();
                milliseconds.for_each(|it| times.record(it / 1_000.0, attributes));
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for Otlp {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.record(&mut fields);
    }
}
