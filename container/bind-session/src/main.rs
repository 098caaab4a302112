//! The Session Binding Service as a container.

use std::error::Error;

#[global_allocator]
static ALLOCATOR: container::Allocator = container::Allocator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    container::run::<bind_session::Service>().await
}
