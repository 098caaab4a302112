//! A handler as a container: sockets in front of the very service that runs on Lambda.
//!
//! A request from a socket becomes a [`lambda_http::Request`] with a load balancer's request
//! context, under the same limit as on Lambda behind an Application Load Balancer, so that
//! nothing works on one platform alone. The answer's body is streamed out as it is made.
#![warn(missing_docs)]

mod health;
mod request;

use std::{
    convert::Infallible,
    env,
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use service::{ConfigError, ProcessEnvironment, Reader, Reply, environment::parsed};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
};
use tower_service::Service;

/// A connection without a request, or with one whose head is not whole, is closed after this long.
/// It is longer than any load balancer in front keeps an idle connection: one that was closed here
/// first could just have been given a request, which would then be answered 502 (AWS, "Application
/// Load Balancer target groups", on the keep-alive time of targets).
const HEAD_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// The load balancer passes on at most 60 KiB of headers.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How long to leave the listener alone when the system has no socket to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A handler as both platforms take it.
pub trait Handler:
    Service<lambda_http::Request, Response = Reply, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Handler for S where
    S: Service<lambda_http::Request, Response = Reply, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// A container's program. Serves the handler that `start` makes on `PORT` (default 8080; 0 for any
/// free one) of `LISTEN_ADDRESS` until SIGTERM or Ctrl-C, then lets requests in flight finish. The
/// log says `listening` on which `port`.
///
/// The address is this machine's own (127.0.0.1) unless another is given: what is meant to be
/// reached from elsewhere, as an image is, says so.
///
/// With the argument `health` it asks the one that runs already for `/ping` instead.
///
/// # Errors
/// When the configuration is wrong, `PORT` can't be listened on, or the one that runs is not well.
pub async fn run<H: Handler>(
    start: impl FnOnce() -> Result<H, ConfigError>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    match env::args().nth(1).as_deref() {
        None => listen(start()?, address()?).await,
        Some("health") => health::check(address()?).await,
        Some(_) => Err("no argument but `health` is known, which asks a running one for /ping; \
                        everything else is configured by environment variables"
            .into()),
    }
}

fn address() -> Result<SocketAddr, ConfigError> {
    let mut reader = Reader::new(&ProcessEnvironment);
    let address = reader.or("LISTEN_ADDRESS", "127.0.0.1", parsed::<IpAddr>);
    let port = reader.or("PORT", "8080", parsed::<u16>);
    reader.finish(address.zip(port).map(SocketAddr::from))
}

async fn listen(
    handler: impl Handler,
    address: SocketAddr,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind(address).await?;
    let port = listener.local_addr()?.port();
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    tracing::info!(port, "listening");
    serve(listener, handler, shutdown).await;
    tracing::info!("stopped");
    Ok(())
}

/// Serves `handler` on `listener` until `shutdown` completes, then lets requests in flight finish.
pub async fn serve(
    listener: TcpListener,
    handler: impl Handler,
    shutdown: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connect(stream, handler.clone(), &connections),
                Err(error) => pause(&error).await,
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    connections.shutdown().await;
}

fn connect(stream: TcpStream, handler: impl Handler, connections: &GracefulShutdown) {
    let _slower_but_correct = stream.set_nodelay(true);
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let mut handler = handler.clone();
        async move {
            match request::read(request).await {
                Ok(request) => handler.call(request).await,
                Err(reply) => Ok(reply),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "no connection could be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

#[cfg(test)]
mod tests {
    use super::HEAD_TIMEOUT;

    #[test]
    fn no_load_balancer_of_the_template_keeps_a_connection_longer_than_the_container() {
        let template = include_str!("../../template.yaml");
        let idle = template.split("LoadBalancer: '").skip(1);
        let idle = idle.filter_map(|rest| rest.split('\'').next()?.parse::<u64>().ok());
        let longest = idle.max().unwrap();
        assert!((60..HEAD_TIMEOUT.as_secs()).contains(&longest), "{longest} s");
    }
}
