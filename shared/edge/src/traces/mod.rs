//! Traces: whether and where a process exports the spans of what it does.
//!
//! `telemetry::traces` says what a span is. Here they are collected in batches by a thread of OpenTelemetry's
//! SDK, which waits for nobody and drops what does not fit, and sent by [`export`]. The variables are
//! OpenTelemetry's own ("Environment Variable Specification", "OpenTelemetry Protocol Exporter"); those
//! that are not declared here are read by its SDK.

mod export;
mod lambda;
mod request;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use telemetry::traces::Tracer;
use tokio::{task::spawn_blocking, time::timeout};
use vault::endpoint;

pub(crate) use self::lambda::Flush;
pub(crate) use self::request::RequestSpan;
use crate::{
    aws::Aws,
    environment::{ConfigError, Reader, Source, text},
};

crate::variables! {
    /// Where spans go.
    pub TRACES = "Traces", read by "both services, by OpenTelemetry's own names":
    OTEL_EXPORTER_OTLP_ENDPOINT: Optional, "a collector's address (`https`, or `http` on this machine), to which `/v1/traces` is added: traces are exported by OTLP, over HTTP as protobuf. Not set: nothing is, and nothing is spent on it";
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Optional, "in its place, the whole address for traces. One of X-Ray (`https://xray.{region}.amazonaws.com/v1/traces`) is sent signed requests";
    OTEL_EXPORTER_OTLP_HEADERS: Optional, "headers for the collector, `name=value,…`: a key to it is a secret";
    OTEL_SERVICE_NAME: Optional, "what the service is called in traces. Not set: `countersign-invoke` or `countersign-bind-session`";
    OTEL_RESOURCE_ATTRIBUTES: Optional, "more about it, `name=value,…`";
    OTEL_TRACES_SAMPLER: Optional, "which traces are exported, as `parentbased_traceidratio` with `OTEL_TRACES_SAMPLER_ARG`. Not set: all, unless the caller's `traceparent` says no";
    OTEL_TRACES_SAMPLER_ARG: Optional, "its argument, as `0.1`";
}

/// How long one invocation, or the end of a process, waits for its spans to be sent.
const FLUSHING: Duration = Duration::from_secs(1);
/// How long nobody waits for a collector that was not reached in time. Spans are sent meanwhile, too.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the spans of this process go; nowhere, unless the environment says so. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Exporting>>);

#[derive(Debug)]
struct Exporting {
    provider: SdkTracerProvider,
    started: Instant,
    /// Until when nobody waits, in milliseconds since the start.
    not_before: AtomicU64,
}

impl Traces {
    /// Begins to export as `source` says, under the name `service` unless it has another. Nothing goes
    /// over the network yet.
    ///
    /// # Errors
    /// When a variable is malformed.
    pub(crate) async fn start(source: &dyn Source, service: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let whole = reader.optional(&OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, endpoint);
        let base = reader.optional(&OTEL_EXPORTER_OTLP_ENDPOINT, endpoint);
        let address = whole.map(String::from).or_else(|| {
            base.map(|base| format!("{}/v1/traces", base.as_str().trim_end_matches('/')))
        });
        let named = reader.optional(&OTEL_SERVICE_NAME, text);
        let Some(address) = reader.finish(Some(address))? else { return Ok(Self(None)) };
        let mut reader = Reader::new(source);
        let signer = match export::xray_region(&address) {
            Some(region) => Some(export::Signer::new(&Aws::read(&mut reader), region).await),
            None => None,
        };
        let mut reader = reader;
        let made = export::OwnClient::new(signer).map_err(|error| error.to_string());
        let made = made.and_then(|client| {
            let exporter = SpanExporter::builder().with_http().with_http_client(client);
            let exporter = exporter.with_endpoint(&address).with_timeout(export::EXPORTING);
            exporter.build().map_err(|error| error.to_string())
        });
        let exporter = match made {
            Ok(exporter) => exporter,
            Err(error) => {
                reader.mistake(&OTEL_EXPORTER_OTLP_ENDPOINT, error);
                return Err(reader.into_error());
            }
        };
        let name = named.unwrap_or_else(|| format!("countersign-{service}"));
        let resource = Resource::builder().with_service_name(name).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(exporter)
            .build();
        let (started, not_before) = (Instant::now(), AtomicU64::new(0));
        Ok(Self(Some(Arc::new(Exporting { provider, started, not_before }))))
    }

    /// What makes spans, if they go anywhere.
    pub(crate) fn tracer(&self) -> Option<Tracer> {
        self.0.as_ref().map(|exporting| Tracer::new(&exporting.provider))
    }

    /// Whether spans go anywhere.
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
        let provider = exporting.provider.clone();
        let flushed = timeout(FLUSHING, spawn_blocking(move || provider.force_flush())).await;
        if !matches!(flushed, Ok(Ok(Ok(())))) {
            let patience = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
            exporting.not_before.store(now().saturating_add(patience), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
