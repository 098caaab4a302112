//! How long AWS takes to answer, and how often it fails, by operation; and of which trace a request is (W3C Trace
//! Context).
//!
//! One interceptor for all clients: it sees an operation with all its retries.

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

use crate::connection::OnlyConnects;

/// For a client's configuration; `None` if nothing is measured, and nothing traced.
#[must_use]
pub fn interceptor() -> Option<SharedInterceptor> {
    (metrics::is_on() || traces::is_on()).then(|| SharedInterceptor::new(Upstream))
}

#[derive(Debug)]
struct Upstream;

/// When an operation began.
#[derive(Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Upstream {
    fn name(&self) -> &'static str {
        "upstream"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(parent) = traces::traceparent() {
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
        if config.load::<OnlyConnects>().is_some() {
            return Ok(());
        }
        let status = context.response().map(|answer| answer.status().as_u16());
        let succeeded = context.output_or_error().is_some_and(|it| it.is_ok());
        Measurement::Upstream {
            service: operation.service(),
            operation: operation.name(),
            failed: !succeeded && !status.is_some_and(says_how_it_is),
            time: began.0.elapsed(),
        }
        .record();
        Ok(())
    }
}

/// Whether an error is an answer about what was asked for, and no failure: nothing is there, or another
/// writer was first.
fn says_how_it_is(status: u16) -> bool {
    matches!(status, 404 | 409 | 412)
}
