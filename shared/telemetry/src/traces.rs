//! Traces: what was done for a request, as spans for a collector of OpenTelemetry.
//!
//! A crate makes a span with `tracing`, under the target [`TARGET`]; its fields are named by OpenTelemetry's
//! semantic conventions ("Semantic conventions for generative AI systems", and those for HTTP and RPC). Such a
//! span is never in a log, and nothing else is ever exported: no event, no span of a dependency. While
//! nothing is exported, no layer wants them, and making one costs a look at a flag.
//!
//! A field holds names, ids, counts and codes: never a message, an input, a result, a token or an address.

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState, TracerProvider},
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Metadata, Span, Subscriber, span_enabled};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt, registry::LookupSpan};

/// The target of spans that are exported.
pub const TARGET: &str = "traces";

/// Where the spans of this process go.
#[derive(Debug, Clone)]
pub struct Tracer(SdkTracer);

impl Tracer {
    /// Spans go where `provider` sends them.
    #[must_use]
    pub fn new(provider: &SdkTracerProvider) -> Self {
        Self(provider.tracer("countersign"))
    }
}

/// The layer that exports, and sees nothing but spans of [`TARGET`]; without a tracer, nothing at all: an absent
/// layer without a filter would switch on every span of every crate.
pub(crate) fn layer<S>(tracer: Option<Tracer>) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let is_on = tracer.is_some();
    let exports = move |it: &Metadata<'_>| is_on && it.is_span() && it.target() == TARGET;
    let layer = tracer.map(|Tracer(tracer)| {
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false)
    });
    layer.with_filter(filter_fn(exports))
}

/// Whether spans go anywhere.
#[must_use]
pub fn is_on() -> bool {
    span_enabled!(target: "traces", tracing::Level::INFO)
}

/// A subscriber that exports and logs nothing, for tests of what exports.
pub fn exporting(tracer: Tracer) -> impl Subscriber {
    tracing_subscriber::registry().with(layer(Some(tracer)))
}

/// The caller's span, of which a request's is to be a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(SpanContext);

impl Caller {
    /// The caller by a `traceparent` (W3C Trace Context, 3.2): `00-{trace}-{span}-{flags}`, in lower case.
    /// A later version may have more at its end. `None` for anything else.
    #[must_use]
    pub fn from_traceparent(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version, trace, span, flags] = std::array::from_fn(|_| parts.next());
        let (version, trace, span, flags) = (version?, trace?, span?, flags?);
        let is_known = version == "00" && parts.next().is_none();
        let is_later = is_hex(version, 2) && version != "00" && version != "ff";
        if !(is_known || is_later) || !is_hex(flags, 2) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Self::new(trace, span, flags & 1 == 1)
    }

    /// The caller by an `X-Amzn-Trace-Id` (AWS X-Ray Developer Guide, "Tracing header"):
    /// `Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=1`. A load balancer names no parent; its own
    /// half of the root stands for one, so that every request that the balancer has given one root to is
    /// in the trace of that id. `Sampled=0` is what AWS writes where X-Ray itself does not trace, and is
    /// no word on this export.
    #[must_use]
    pub fn from_amazon(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut fields = text.split(';').filter_map(|field| field.trim().split_once('='));
            fields.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let root = field("Root")?;
        let (time, random) = root.strip_prefix("1-")?.split_once('-')?;
        if !is_hex(time, 8) || !is_hex(random, 24) {
            return None;
        }
        let parent = field("Parent").unwrap_or(&random[8..]);
        Self::new(&format!("{time}{random}"), parent, true)
    }

    fn new(trace: &str, span: &str, is_sampled: bool) -> Option<Self> {
        if !is_hex(trace, 32) || !is_hex(span, 16) {
            return None;
        }
        let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
        let context = SpanContext::new(trace, span, flags, true, TraceState::default());
        context.is_valid().then_some(Self(context))
    }

    /// The id of the trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace(&self) -> String {
        self.0.trace_id().to_string()
    }

    /// Makes `span` its child.
    pub fn adopt(self, span: &Span) {
        let parent = Context::new().with_remote_span_context(self.0);
        // It fails where nothing is exported.
        let _unless_off = span.set_parent(parent);
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

/// The `traceparent` for a request that is made within the current span; `None` if nothing is exported.
#[must_use]
pub fn traceparent() -> Option<String> {
    let context = Context::current();
    let span = context.span();
    let context = span.span_context();
    let flags = context.trace_flags() & TraceFlags::SAMPLED;
    let text = || format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id());
    context.is_valid().then(text)
}

/// A span without duration that says what has happened to the consent flow with this fingerprint. All of one
/// flow have the same `countersign.flow`, in both services.
pub fn flow(what: &'static str, fingerprint: &str) {
    drop(tracing::info_span!(
        target: "traces",
        "flow",
        otel.name = what,
        countersign.flow = fingerprint,
    ));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    };
    use tracing::{info, info_span};
    use tracing_subscriber::layer::SubscriberExt;

    use super::{Caller, Tracer, traceparent};
    use crate::tests::with_default;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[derive(Debug, Clone, Default)]
    struct Exported(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Exported {
        async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(spans);
            Ok(())
        }
    }

    fn exporting(work: impl FnOnce()) -> Vec<SpanData> {
        let exported = Exported::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exported.clone()).build();
        with_default(super::exporting(Tracer::new(&provider)), work);
        let spans = exported.0.lock().unwrap();
        spans.clone()
    }

    #[test]
    fn a_traceparent_is_read_as_the_specification_says() {
        let good = format!("00-{TRACE}-{SPAN}-01");
        let caller = Caller::from_traceparent(&good).unwrap().0;
        assert_eq!((caller.trace_id().to_string(), caller.is_sampled()), (TRACE.into(), true));
        assert!(Caller::from_traceparent(&format!("cc-{TRACE}-{SPAN}-00-more")).is_some());
        for bad in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}é-{SPAN}-01"),
        ] {
            assert_eq!(Caller::from_traceparent(&bad), None, "{bad}");
        }
    }

    #[test]
    fn amazons_header_is_a_caller_too() {
        let root = "1-67891233-abcdef012345678912345678";
        let caller = Caller::from_amazon(&format!("Self=x;Root={root};Sampled=0")).unwrap().0;
        assert_eq!(caller.trace_id().to_string(), "67891233abcdef012345678912345678");
        assert!(caller.is_sampled());
        let caller = Caller::from_amazon(&format!("Root={root};Parent={SPAN};Sampled=1")).unwrap();
        assert_eq!(caller.0.span_id().to_string(), SPAN);
        for bad in ["", "Root=", "Root=1-6789123é-abcdef012345678912345678", "Root=1-67891233-abc"]
        {
            assert_eq!(Caller::from_amazon(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_request_goes_on_with_its_callers_trace_and_no_event_is_exported() {
        let spans = exporting(|| {
            let request = info_span!(target: "traces", "request");
            Caller::from_traceparent(&format!("00-{TRACE}-{SPAN}-01")).unwrap().adopt(&request);
            request.in_scope(|| {
                let logged = info_span!(target: "aws_sdk", "secret", secret = "secret");
                logged.in_scope(|| info!(secret = "secret", "secret"));
                let inner = info_span!(target: "traces", "inner", countersign.flow = "f");
                let sent = inner.in_scope(traceparent).unwrap();
                assert!(
                    sent.starts_with(&format!("00-{TRACE}-")) && !sent.contains(SPAN),
                    "{sent}"
                );
            });
        });
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["inner", "request"]);
        assert_eq!(spans[1].parent_span_id.to_string(), SPAN);
        assert_eq!(spans[0].parent_span_id, spans[1].span_context.span_id());
        assert!(!format!("{spans:?}").contains("secret"), "{spans:?}");
    }

    #[test]
    fn without_an_exporter_there_is_no_span_and_no_header() {
        let subscriber = tracing_subscriber::registry().with(super::layer(None));
        with_default(subscriber, || {
            let span = info_span!(target: "traces", "without");
            assert!(span.is_disabled() && span.in_scope(traceparent).is_none());
            assert!(info_span!(target: "another", "span").is_disabled());
        });
    }
}
