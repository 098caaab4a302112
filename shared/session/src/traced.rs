//! The span of one request to S3 ("Semantic conventions for AWS SDK client spans").

use std::future::Future;

use futures_util::TryFutureExt;
use tracing::{Instrument, Span, field::Empty};

/// Makes `call`, of the operation `method`, in a span of its own.
pub(crate) fn request<T, E>(
    method: &'static str,
    call: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
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
        span.record("otel.name", format!("S3/{method}"));
        span.record("rpc.method", format!("S3/{method}"));
    }
    // Not `async`, which would hold the call twice.
    call.instrument(span.clone()).inspect_err(move |_| failed(&span))
}

fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", "_OTHER");
}
