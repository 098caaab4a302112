//! The Session Binding Service as a container.

use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    container::run::<bind_session::Service>().await
}
