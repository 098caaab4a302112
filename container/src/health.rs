//! Asks a container that runs whether it is well, for platforms that ask by starting a program
//! (ECS, Docker): the image holds no other program to ask with.

use std::{error::Error, net::Ipv4Addr, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

const PATIENCE: Duration = Duration::from_secs(3);

/// Asks for `/ping` on `port` of this machine.
///
/// # Errors
/// When the answer is not 200, or there is none within three seconds.
pub(crate) async fn check(port: u16) -> Result<(), Box<dyn Error + Send + Sync>> {
    match timeout(PATIENCE, ping(port)).await?? {
        StatusCode::OK => Ok(()),
        status => Err(format!("/ping is answered {status}").into()),
    }
}

async fn ping(port: u16) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/ping").header(header::HOST, "localhost");
    let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    Ok(answer.status())
}
