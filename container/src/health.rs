//! Asks a container that runs whether it is well, for platforms that ask by starting a program
//! (ECS, Docker): the image holds no other program to ask with.

use std::{
    error::Error,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

const PATIENCE: Duration = Duration::from_secs(3);

/// Asks for `/ping` where the one that runs listens: on loopback, if that is every interface.
///
/// # Errors
/// When the answer is not 200, or does not arrive within three seconds.
pub(crate) async fn check(mut at: SocketAddr) -> Result<(), Box<dyn Error + Send + Sync>> {
    match at {
        SocketAddr::V4(it) if it.ip().is_unspecified() => at.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(it) if it.ip().is_unspecified() => at.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    match timeout(PATIENCE, ping(at)).await?? {
        StatusCode::OK => Ok(()),
        status => Err(format!("/ping is answered {status}").into()),
    }
}

async fn ping(at: SocketAddr) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(at).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/ping").header(header::HOST, "localhost");
    let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    Ok(answer.status())
}
