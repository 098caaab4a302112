//! The agentic workload as a container.

use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    container::run::<invoke::Service>().await
}
