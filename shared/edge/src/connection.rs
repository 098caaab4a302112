//! Opens connections before they are needed.
//!
//! The first request to an endpoint waits for DNS, TCP and TLS, which is most of what a first
//! request to a function waits for. So while a function starts, it sends an empty, unsigned request
//! to each endpoint that it will use. The refusal leaves an open connection in the SDK's pool.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
            },
        },
        orchestrator::HttpRequest,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// Turns a request into an unsigned, empty HEAD, so that sending it only opens the connection.
#[derive(Debug)]
pub struct Preconnect;

/// Said of a request that only opens a connection: its refusal is no failure.
#[derive(Debug)]
pub(crate) struct OnlyConnects;

impl Storable for OnlyConnects {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Preconnect {
    fn name(&self) -> &'static str {
        "preconnect"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(OnlyConnects);
        Ok(())
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
