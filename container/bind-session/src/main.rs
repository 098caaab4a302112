//! The Session Binding Service as a container.

use std::error::Error;

use bind_session::BindSession;
use service::ProcessEnvironment;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    telemetry::init();
    container::run(|| BindSession::start(&ProcessEnvironment), BindSession::prepare).await
}
