//! A handler as a container: sockets in front of the very service that runs on Lambda.
//!
//! A request from a socket becomes a [`lambda_http::Request`] with a load balancer's request
//! context, under the same limit as on Lambda behind an Application Load Balancer, so that
//! nothing works on one platform alone. The answer's body is streamed out as it is made.
#![warn(missing_docs)]

mod answering;
mod connection;
mod files;
mod head;
mod health;
mod request;
mod server;
mod settings;

use std::{convert::Infallible, env, error::Error};

/// What a container's program allocates with. Each says so itself, because a program has one allocator:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: container::Allocator = container::Allocator;
/// # fn main() {}
/// ```
///
/// A fifth of a turn's time went into the C library's (`docs/performance.md`).
pub use mimalloc::MiMalloc as Allocator;

use edge::{ProcessEnvironment, Reply, shell::Function};
use tokio::signal::unix::{SignalKind, signal};
use tower_service::Service;

use self::settings::Settings;
pub use self::{
    server::serve,
    settings::{CONTAINERS, Limits},
};

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

/// A container's program. Serves the function on `PORT` (default 8080; 0 for any free one) of
/// `LISTEN_ADDRESS` until SIGTERM or Ctrl-C, then lets requests in flight finish, for as long as
/// `SHUTDOWN_SECONDS` says. The log says `listening` on which `port`.
///
/// The address is this machine's own (127.0.0.1) unless another is given: what is meant to be
/// reached from elsewhere, as an image is, says so.
///
/// With the argument `health` it asks the one that runs already for `/ping` instead.
///
/// # Errors
/// When the configuration is wrong, `PORT` can't be listened on, or the one that runs is not well.
pub async fn run<F: Function>() -> Result<(), Box<dyn Error + Send + Sync>> {
    match env::args().nth(1).as_deref() {
        None => {
            let (handler, otlp) = edge::Handler::<F>::of_process().await?;
            listen(handler, Settings::read(&ProcessEnvironment)?).await?;
            otlp.flush().await;
            Ok(())
        }
        Some("health") => health::check(Settings::read(&ProcessEnvironment)?.address).await,
        Some(_) => Err("no argument but `health` is known, which asks a running one for /ping; \
                        everything else is configured by environment variables"
            .into()),
    }
}

async fn listen(
    handler: edge::Handler<impl Function>,
    mut settings: Settings,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let limits = &mut settings.limits;
    limits.connections = files::connections(limits.connections, files::raise_limit());
    let listener = server::listener(settings.address)?;
    let port = listener.local_addr()?.port();
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    tracing::info!(port, "listening");
    handler.prepare();
    serve(listener, handler, settings.limits, shutdown).await;
    tracing::info!("stopped");
    Ok(())
}
