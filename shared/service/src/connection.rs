//! Connections that are open before they are needed.
//!
//! The first request to an endpoint waits for DNS, TCP and TLS, which is most of what a first
//! request to a function waits for. While it starts, a bare request goes to each endpoint that will
//! be used. It asks for nothing and proves nothing: it has no signature and no body. Its refusal
//! leaves an open connection in the SDK's pool.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut},
        orchestrator::HttpRequest,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// Takes everything from a request but where it goes.
#[derive(Debug)]
pub struct Bare;

impl Intercept for Bare {
    fn name(&self) -> &'static str {
        "bare"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let address = request.uri().to_owned();
        *request = HttpRequest::empty();
        request.set_method("HEAD")?;
        request.set_uri(address)?;
        Ok(())
    }
}
