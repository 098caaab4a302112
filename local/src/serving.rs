//! Serves the stand-ins.

use std::net::SocketAddr;

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};

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

    pub(crate) async fn shutdown(mut self) {
        self.0.shutdown().await;
    }
}
