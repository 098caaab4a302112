//! One connection: heads have a time limit, and requests a limit on how many are at work.

use std::{convert::Infallible, sync::Arc, time::Duration};

use edge::{Problem, Reply};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch},
    time::Instant,
};

use crate::{
    Handler, Limits,
    answering::Answering,
    head::{HeadAwaited, HeadTimed},
    request::{self, Bodies},
};

/// A connection without a request is closed after this long. It is longer than any load balancer in
/// front keeps an idle connection: one that was closed here first could just have been given a
/// request, which would then be answered 502 (AWS, "Application Load Balancer target groups", on the
/// keep-alive time of targets).
const IDLE_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// A connection that is there for one `/ping` is closed after this long without it.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection is new for this long, and is not ended for another one then.
const NEW: Duration = Duration::from_millis(500);
/// The load balancer passes on at most 60 KiB of headers.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// What all connections of a server share.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    at_work: Arc<Semaphore>,
    bodies: Bodies,
    end: watch::Sender<bool>,
}

impl Connections {
    pub(crate) fn new(limits: &Limits) -> Self {
        let at_work = Arc::new(Semaphore::new(limits.requests));
        Self { at_work, bodies: Bodies::new(), end: watch::Sender::new(false) }
    }

    /// Ends every connection, with the requests that are at work on it.
    pub(crate) fn end(&self) {
        self.end.send_replace(true);
    }

    async fn answer(
        self,
        mut handler: impl Handler,
        request: Request<Incoming>,
        (head, is_for_ping): (HeadAwaited, bool),
    ) -> Result<Response<Answering>, Infallible> {
        let (reply, place) = self.reply(&mut handler, request, is_for_ping).await?;
        Ok(reply.map(|body| Answering::new(body, head, place)))
    }

    /// The reply, and the place of the request among those at work.
    async fn reply(
        self,
        handler: &mut impl Handler,
        request: Request<Incoming>,
        is_for_ping: bool,
    ) -> Result<(Reply, Option<OwnedSemaphorePermit>), Infallible> {
        // A health check is answered even when the service is busy.
        let counts = request.uri().path() != "/ping";
        let place = Arc::clone(&self.at_work).try_acquire_owned();
        if counts && (place.is_err() || is_for_ping) {
            return Ok((request::refuse(request, Problem::overloaded()).await, None));
        }
        let place = place.ok().filter(|_| counts);
        if let Some(problem) = request::refusal(&request) {
            return Ok((request::refuse(request, problem).await, place));
        }
        let reply = handler.call(request::from_socket(request, &self.bodies)).await?;
        Ok((reply, place))
    }
}

/// The place of a connection, which it holds until it ends.
pub(crate) struct Place {
    /// Whether it is for one `/ping`, and anything else is refused, because every place for that is taken.
    is_for_ping: bool,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// A place for every request.
    pub(crate) fn for_all(permit: OwnedSemaphorePermit) -> Self {
        Self { is_for_ping: false, _permit: permit }
    }

    /// A place for one `/ping`.
    pub(crate) fn for_ping(permit: OwnedSemaphorePermit) -> Self {
        Self { is_for_ping: true, _permit: permit }
    }
}

/// A connection that is being served.
pub(crate) struct Open {
    since: Instant,
    head: HeadAwaited,
    end: oneshot::Sender<()>,
}

impl Open {
    /// Returns whether it is still open.
    pub(crate) fn is_open(&self) -> bool {
        !self.end.is_closed()
    }

    /// Whether it only waits for a request, so that ending it takes nothing from anybody. What a new
    /// client sends is on its way.
    pub(crate) fn only_waits(&self) -> bool {
        self.head.is_awaited() && self.since.elapsed() >= NEW
    }

    pub(crate) fn end(self) {
        let _over_already = self.end.send(());
    }
}

/// Serves one connection in the background, which holds its `place` until it ends.
pub(crate) fn serve_one(
    stream: TcpStream,
    handler: impl Handler,
    connections: &Connections,
    open: &GracefulShutdown,
    place: Place,
) -> Open {
    let is_for_ping = place.is_for_ping;
    let _slower_but_correct = stream.set_nodelay(true);
    let (stream, head) = HeadTimed::new(stream);
    let (end_this, ended) = oneshot::channel();
    let this = Open { since: Instant::now(), head: head.clone(), end: end_this };
    let shared = connections.clone();
    let answer = service_fn(move |request: Request<Incoming>| {
        head.arrived();
        let (shared, handler, head) =
            (shared.clone(), handler.clone(), (head.clone(), is_for_ping));
        // Boxed, so that a connection without a request holds no room for one.
        Box::pin(async move { shared.answer(handler, request, head).await })
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(if is_for_ping { PING_TIMEOUT } else { IDLE_TIMEOUT })
        .keep_alive(!is_for_ping)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let connection = open.watch(connection);
    let mut end = connections.end.subscribe();
    tokio::spawn(async move {
        tokio::select! {
            ended = connection => if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            },
            _ = end.wait_for(|end| *end) => {}
            // A dropped sender ends nothing.
            Ok(()) = ended => {}
        }
        drop(place);
    });
    this
}

#[cfg(test)]
mod tests {
    use super::IDLE_TIMEOUT;

    #[test]
    fn no_load_balancer_of_the_template_keeps_a_connection_longer_than_the_container() {
        let template = include_str!("../../template.yaml");
        let idle = template.split("LoadBalancer: '").skip(1);
        let idle = idle.filter_map(|rest| rest.split('\'').next()?.parse::<u64>().ok());
        let longest = idle.max().unwrap();
        assert!((60..IDLE_TIMEOUT.as_secs()).contains(&longest), "{longest} s");
    }
}
