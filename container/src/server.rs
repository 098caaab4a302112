//! The listener, and what it takes on.

use std::{
    collections::VecDeque, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};

use edge::shell::all_ended;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    Handler, Limits,
    connection::{Connections, Open, Place, serve_one},
};

/// How many connections may wait to be accepted. The usual 128 make a burst of clients wait for
/// seconds, because a client whose connection found no place tries again only after one (listen(2);
/// the kernel's `net.core.somaxconn` limits it, 4,096 by default).
const BACKLOG: u32 = 4_096;
/// How long to wait before accepting again when the system has no socket left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How many connections that only wait are ended then: for one client, and for what is asked elsewhere.
const ENDED_AT_ONCE: usize = 16;
/// Connections above the limit whose requests are refused, but for `/ping`: who looks whether this service is
/// well has to find a place even if all are taken.
const RESERVE: usize = 32;
/// How many clients are sent away at a time with a word; those above are cut off without one.
const FAREWELLS: usize = 256;
/// How long the refusal of a client may take to be sent.
const FAREWELL: Duration = Duration::from_secs(1);
/// Sent without reading the request, because there is no room for that.
const TOO_MANY: &str = concat!(
    "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n",
    "content-type: application/problem+json\r\ncache-control: no-store\r\n",
    "content-length: 135\r\n\r\n",
    r#"{"type":"about:blank","title":"Service Unavailable","status":503,"#,
    r#""code":"overloaded","detail":"This service is overloaded. Try again."}"#,
);

/// A listener on `address` with room for a burst of clients.
pub(crate) fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `handler` on `listener` until `shutdown` completes, then lets requests in flight finish, and what goes on
/// without the clients that asked for it, for as long as `limits` say, and ends the others.
pub async fn serve(
    listener: TcpListener,
    handler: impl Handler,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let open = GracefulShutdown::new();
    let mut places = Places::new(limits.connections);
    let mut reserve = Places::new(RESERVE);
    let farewells = Arc::new(Semaphore::new(FAREWELLS));
    let connections = Connections::new(&limits);
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let handler = handler.clone();
                    if let Some(place) = places.find().await {
                        let place = Place::for_all(place);
                        places.keep(serve_one(stream, handler, &connections, &open, place));
                    } else if let Some(place) = reserve.find().await {
                        let place = Place::for_ping(place);
                        reserve.keep(serve_one(stream, handler, &connections, &open, place));
                    } else {
                        send_away(stream, &farewells);
                    }
                }
                Err(error) => pause(&error, &mut places).await,
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    let ended = async {
        open.shutdown().await;
        all_ended().await;
    };
    if timeout(limits.shutdown, ended).await.is_err() {
        let cut = limits.connections.saturating_sub(places.free.available_permits());
        tracing::warn!(connections = cut, "stopped before everything was done");
        connections.end();
    }
}

/// The limited places for connections.
struct Places {
    most: usize,
    free: Arc<Semaphore>,
    /// In the order in which they were accepted, some of them over by now.
    open: VecDeque<Open>,
}

impl Places {
    fn new(most: usize) -> Self {
        Self { most, free: Arc::new(Semaphore::new(most)), open: VecDeque::new() }
    }

    /// Returns a free place, or that of the oldest idle connection, so that clients that connect
    /// and send nothing lock no one out. `None` if every connection is at work.
    async fn find(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(place);
        }
        self.open.retain(Open::is_open);
        let oldest = self.open.iter().position(Open::only_waits)?;
        self.open.remove(oldest)?.end();
        timeout(FAREWELL, Arc::clone(&self.free).acquire_owned()).await.ok()?.ok()
    }

    /// Ends up to so many of the oldest idle connections. Returns how many.
    fn end_oldest(&mut self, most: usize) -> usize {
        self.open.retain(Open::is_open);
        let mut ended = 0;
        let (all, kept) = (std::mem::take(&mut self.open), &mut self.open);
        for one in all {
            if ended < most && one.only_waits() {
                one.end();
                ended += 1;
            } else {
                kept.push_back(one);
            }
        }
        ended
    }

    fn keep(&mut self, one: Open) {
        if self.open.len() > 2 * self.most {
            self.open.retain(Open::is_open);
        }
        self.open.push_back(one);
    }
}

/// Refuses a client, and then reads on for a moment: to close a socket with bytes that nobody has read resets
/// it, and the refusal could be lost on its way (RFC 9112, section 9.6).
fn send_away(mut stream: TcpStream, farewells: &Arc<Semaphore>) {
    let Ok(one) = Arc::clone(farewells).try_acquire_owned() else { return };
    tokio::spawn(async move {
        let farewell = async {
            stream.write_all(TOO_MANY.as_bytes()).await?;
            stream.shutdown().await?;
            let mut unread = [0; 1_024];
            while stream.read(&mut unread).await? > 0 {}
            io::Result::Ok(())
        };
        let _heard_or_not = timeout(FAREWELL, farewell).await;
        drop(one);
    });
}

async fn pause(error: &io::Error, places: &mut Places) {
    if edge::out_of_open_files(error) {
        let ended = places.end_oldest(ENDED_AT_ONCE);
        tracing::error!(%error, ended, "no connection can be accepted: every open file is in use");
    } else {
        tracing::warn!(%error, "no connection could be accepted");
    }
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

#[cfg(test)]
mod tests {
    use super::TOO_MANY;

    #[test]
    fn a_client_that_is_sent_away_is_told_the_right_length() {
        let (head, body) = TOO_MANY.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }
}
