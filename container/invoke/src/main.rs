//! The agentic workload as a container.

use std::error::Error;

use invoke::Invoke;
use service::ProcessEnvironment;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    telemetry::init();
    container::run(|| Invoke::start(&ProcessEnvironment), Invoke::prepare).await
}
