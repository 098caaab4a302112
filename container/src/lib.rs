//! stub
use http_body_util::combinators::BoxBody;
use std::{convert::Infallible, future::Future, io};
use tokio::net::TcpListener;

/// Serves `service` on `listener` until `shutdown` completes, then lets requests in flight finish.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: tower_service::Service<
            lambda_http::Request,
            Response = http::Response<BoxBody<bytes::Bytes, Infallible>>,
            Error = Infallible,
        > + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    let _ = (listener, service);
    shutdown.await;
    Ok(())
}
