//! The agentic workload with rig's agent loop, as a container.

use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    container::run::<rig_example::WithRig>().await
}
