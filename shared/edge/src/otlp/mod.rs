//! Traces and metrics for a collector: whether and where a process exports them, by OpenTelemetry's protocol
//! (OTLP) over HTTP as protobuf.
//!
//! `telemetry` says what a span and a measurement are. Here they are collected by threads of OpenTelemetry's
//! SDK, which wait for nobody and drop what does not fit, and sent by `client`. The variables are
//! OpenTelemetry's own ("Environment Variable Specification", "OpenTelemetry Protocol Exporter"); those
//! that are not read here are read by its SDK.

mod client;
mod lambda;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry_http::HttpError;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource, error::OTelSdkResult, metrics::SdkMeterProvider, trace::SdkTracerProvider,
};
use telemetry::traces::Tracer;
use tokio::{task::spawn_blocking, time::timeout};
use vault::endpoint;

pub(crate) use self::lambda::Flush;
use crate::{
    aws::Aws,
    environment::{ConfigError, Reader, Source, text},
    variable::{Optional, Variable},
};

crate::variables! {
    /// Where spans and measurements go.
    pub OTLP = "Traces", read by "both services, by OpenTelemetry's own names":
    OTEL_EXPORTER_OTLP_ENDPOINT: Optional, "a collector's address (`https`, or `http` on this machine), to which `/v1/traces` and `/v1/metrics` are added: traces are exported by OTLP, over HTTP as protobuf, and with `METRICS=otlp` metrics. Not set: nothing is, and nothing is spent on it";
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Optional, "in its place, the whole address for traces. One of X-Ray (`https://xray.{region}.amazonaws.com/v1/traces`) is sent signed requests";
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: Optional, "in its place, the whole address for metrics";
    OTEL_EXPORTER_OTLP_HEADERS: Optional, "headers for the collector, `name=value,…`: a key to it is a secret";
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: Or("cumulative"), "`delta` where many short-lived processes measure";
    OTEL_METRIC_EXPORT_INTERVAL: Or("60000"), "how often metrics are exported, in milliseconds";
    OTEL_SERVICE_NAME: Optional, "what the service is called there. Not set: `countersign-invoke` or `countersign-bind-session`";
    OTEL_RESOURCE_ATTRIBUTES: Optional, "more about it, `name=value,…`";
    OTEL_TRACES_SAMPLER: Optional, "which traces are exported, as `parentbased_traceidratio` with `OTEL_TRACES_SAMPLER_ARG`. Not set: all, unless the caller's `traceparent` says no";
    OTEL_TRACES_SAMPLER_ARG: Optional, "its argument, as `0.1`";
}

/// How long one invocation, or the end of a process, waits for what is to be sent.
const FLUSHING: Duration = Duration::from_secs(1);
/// How long nobody waits for a collector that was not reached in time. It is sent to meanwhile, too.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the spans and measurements of this process go; nowhere, unless the environment says so. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Otlp(Option<Arc<Exporting>>);

#[derive(Debug)]
struct Exporting {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    started: Instant,
    /// Until when nobody waits, in milliseconds since the start.
    not_before: AtomicU64,
}

impl Otlp {
    /// Begins to export as `source` says, metrics only if they are wanted, under the name `service` unless it
    /// has another. Nothing goes over the network yet.
    ///
    /// # Errors
    /// When a variable is malformed, or metrics are wanted and have no address.
    pub(crate) async fn start(
        source: &dyn Source,
        service: &str,
        wants_metrics: bool,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let spans = address(&mut reader, &OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, "/v1/traces");
        let mut numbers = address(&mut reader, &OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, "/v1/metrics");
        if !wants_metrics {
            numbers = None;
        } else if numbers.is_none() {
            let mistake = "METRICS=otlp needs a collector's address";
            reader.mistake(&OTEL_EXPORTER_OTLP_ENDPOINT, mistake);
        }
        let named = reader.optional(&OTEL_SERVICE_NAME, text);
        let (spans, numbers) = reader.finish(Some((spans, numbers)))?;
        if spans.is_none() && numbers.is_none() {
            return Ok(Self(None));
        }
        let name = named.unwrap_or_else(|| format!("countersign-{service}"));
        let resource = Resource::builder().with_service_name(name).build();
        let mut reader = Reader::new(source);
        let signer = match spans.as_deref().and_then(client::xray_region) {
            Some(region) => Some(client::Signer::new(&Aws::read(&mut reader), region).await),
            None => None,
        };
        let made = providers(spans, numbers, signer, &resource);
        let made = made.map_err(|error| {
            reader.mistake(&OTEL_EXPORTER_OTLP_ENDPOINT, error.to_string());
        });
        let (traces, metrics) = reader.finish(made.ok())?;
        let (started, not_before) = (Instant::now(), AtomicU64::new(0));
        Ok(Self(Some(Arc::new(Exporting { traces, metrics, started, not_before }))))
    }

    /// What makes spans, if they go anywhere.
    pub(crate) fn tracer(&self) -> Option<Tracer> {
        self.0.as_ref()?.traces.as_ref().map(Tracer::new)
    }

    /// What measures, if that goes anywhere.
    pub(crate) fn meter(&self) -> Option<SdkMeterProvider> {
        self.0.as_ref()?.metrics.clone()
    }

    /// Whether anything goes anywhere.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Sends what has not been sent, and waits for that; not long, and not at all for a collector that
    /// was not reached a moment ago.
    pub async fn flush(&self) {
        let Some(exporting) = self.0.clone() else { return };
        let now = || u64::try_from(exporting.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now() < exporting.not_before.load(Ordering::Relaxed) {
            return;
        }
        let all = Arc::clone(&exporting);
        let flushed = timeout(FLUSHING, spawn_blocking(move || all.flush())).await;
        if !matches!(flushed, Ok(Ok(Ok(())))) {
            let patience = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
            exporting.not_before.store(now().saturating_add(patience), Ordering::Relaxed);
        }
    }
}

impl Exporting {
    /// Blocks until all is sent.
    fn flush(&self) -> OTelSdkResult {
        self.traces.as_ref().map_or(Ok(()), SdkTracerProvider::force_flush)?;
        self.metrics.as_ref().map_or(Ok(()), SdkMeterProvider::force_flush)
    }
}

/// The address in `whole`, or the common one with `path`.
fn address(reader: &mut Reader<'_>, whole: &Variable<Optional>, path: &str) -> Option<String> {
    let whole = reader.optional(whole, endpoint);
    let base = reader.optional(&OTEL_EXPORTER_OTLP_ENDPOINT, endpoint);
    let added = |base: String| format!("{}{path}", base.trim_end_matches('/'));
    whole.map(String::from).or_else(|| base.map(String::from).map(added))
}

/// What collects for each address.
fn providers(
    spans: Option<String>,
    numbers: Option<String>,
    signer: Option<client::Signer>,
    resource: &Resource,
) -> Result<(Option<SdkTracerProvider>, Option<SdkMeterProvider>), HttpError> {
    let client = |what, signer| client::OwnClient::new(what, signer);
    let mut made = (None, None);
    if let Some(address) = spans {
        let exporter = SpanExporter::builder().with_http();
        let exporter = exporter.with_http_client(client("traces", signer)?);
        let exporter = exporter.with_endpoint(address).with_timeout(client::EXPORTING).build()?;
        let provider = SdkTracerProvider::builder().with_resource(resource.clone());
        made.0 = Some(provider.with_batch_exporter(exporter).build());
    }
    if let Some(address) = numbers {
        let exporter = MetricExporter::builder().with_http();
        let exporter = exporter.with_http_client(client("metrics", None)?);
        let exporter = exporter.with_endpoint(address).with_timeout(client::EXPORTING).build()?;
        let provider = SdkMeterProvider::builder().with_resource(resource.clone());
        made.1 = Some(provider.with_periodic_exporter(exporter).build());
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
