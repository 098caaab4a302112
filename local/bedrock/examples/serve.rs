//! The scripted model on a free port of this machine, for clients in other languages. Its first line of
//! output is the address.

use std::{error::Error, io::Write};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    axum::serve(listener, bedrock_local::router()).await?;
    Ok(())
}
