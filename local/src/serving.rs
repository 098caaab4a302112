//! Serves the stand-ins.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use development_key::Keyring;
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

/// The tasks that serve the stand-ins; they stop when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct StandIns(JoinSet<()>);

impl StandIns {
    pub(crate) fn serve(&mut self, listener: TcpListener, router: Router) {
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        self.0.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a stand-in has ended");
            }
        });
    }

    /// Replaces the signing key of `keys` in each `time`.
    pub(crate) fn rotate(&mut self, keys: Keyring, time: Duration) {
        self.0.spawn(async move {
            loop {
                sleep(time).await;
                match keys.rotate() {
                    Ok(kid) => tracing::info!(kid, "a signing key was replaced"),
                    Err(error) => tracing::warn!(%error, "a signing key could not be replaced"),
                }
            }
        });
    }

    pub(crate) async fn shutdown(mut self) {
        self.0.shutdown().await;
    }
}
