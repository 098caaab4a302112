//! How long AWS takes to answer, and how often it fails, by operation; and the span of a request (OpenTelemetry,
//! "Semantic conventions for AWS SDK client spans"), which the request carries (W3C Trace Context).
//!
//! One interceptor for all clients: it sees an operation with all its retries. A request whose caller has gone
//! is dropped with its span, which ends then.

use std::time::Instant;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept, SharedInterceptor,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
                FinalizerInterceptorContextRef,
            },
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use telemetry::{
    metrics::{self, Measurement},
    traces,
};
use tracing::{Span, field::Empty};

use crate::connection::OnlyConnects;

/// For a client's configuration; `None` if nothing is measured, and nothing traced.
#[must_use]
pub fn interceptor() -> Option<SharedInterceptor> {
    (metrics::is_on() || traces::is_on()).then(|| SharedInterceptor::new(Upstream))
}

#[derive(Debug)]
struct Upstream;

/// An operation that goes on.
#[derive(Debug)]
struct Began {
    at: Instant,
    span: Span,
}

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Upstream {
    fn name(&self) -> &'static str {
        "upstream"
    }

    // The first hook after which it is known whether the request only connects.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<OnlyConnects>().is_some() {
            return Ok(());
        }
        if let Some(operation) = config.load::<Metadata>() {
            let span = span(operation);
            config.interceptor_state().store_put(Began { at: Instant::now(), span });
        }
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let began = config.load::<Began>();
        if let Some(parent) = began.and_then(|it| it.span.in_scope(traces::traceparent)) {
            context.request_mut().headers_mut().insert("traceparent", parent);
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(began), Some(operation)) = (config.load::<Began>(), config.load::<Metadata>())
        else {
            return Ok(());
        };
        let status = context.response().map(|answer| answer.status().as_u16());
        let succeeded = context.output_or_error().is_some_and(|it| it.is_ok());
        let failed = !succeeded && !status.is_some_and(says_how_it_is);
        if failed {
            began.span.record("otel.status_code", "ERROR");
            let code = status.map_or_else(|| "_OTHER".to_owned(), |it| it.to_string());
            began.span.record("error.type", code);
        }
        Measurement::Upstream {
            service: operation.service(),
            operation: operation.name(),
            failed,
            time: began.at.elapsed(),
        }
        .record();
        Ok(())
    }
}

/// The span of an `operation`, within the caller's.
fn span(operation: &Metadata) -> Span {
    let span = tracing::info_span!(
        target: "traces",
        "request",
        otel.name = Empty,
        otel.kind = "client",
        otel.status_code = Empty,
        rpc.system.name = "aws-api",
        rpc.method = Empty,
        error.r#type = Empty,
    );
    if !span.is_disabled() {
        // AWS's names of its services have spaces.
        let method = format!("{}/{}", operation.service().replace(' ', ""), operation.name());
        span.record("otel.name", &method);
        span.record("rpc.method", &method);
    }
    span
}

/// Whether an error is an answer about what was asked for, and no failure: nothing is there, or another
/// writer was first.
fn says_how_it_is(status: u16) -> bool {
    matches!(status, 404 | 409 | 412)
}
