//! A time limit for a request's head that is not one for an idle connection.
//!
//! A load balancer keeps connections open between requests, and for longer than it should take to
//! send a head. hyper's own limit counts from the end of the answer before; this one counts from the
//! first byte of a head until the request is handed to the handler.
//!
//! And a time limit for a client that takes nothing in: a whole answer would wait for it for ever.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A head that is not whole this long after its first byte ends its connection.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A client that reads nothing for so long of what is sent to it ends its connection. Load balancers are as
/// patient.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection on which a head has [`HEAD_TIMEOUT`] to arrive.
pub(crate) struct HeadTimed<S> {
    stream: S,
    awaited: HeadAwaited,
    /// What [`HeadAwaited`] said last: a request may have come and gone between two reads.
    last: u64,
    arriving: Option<Pin<Box<Sleep>>>,
    leaving: Option<Pin<Box<Sleep>>>,
}

/// Whether what arrives next is a head: how many times that has changed. It is one at even numbers.
#[derive(Debug, Clone)]
pub(crate) struct HeadAwaited(Arc<AtomicU64>);

impl HeadAwaited {
    /// A whole head has arrived.
    pub(crate) fn arrived(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// Whether the connection waits for a head, or for the rest of one.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.load(Relaxed).is_multiple_of(2)
    }

    /// The request is answered: the next byte begins another head.
    pub(crate) fn again(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl<S> HeadTimed<S> {
    pub(crate) fn new(stream: S) -> (Self, HeadAwaited) {
        let awaited = HeadAwaited(Arc::new(AtomicU64::new(0)));
        (Self { stream, awaited: awaited.clone(), last: 0, arriving: None, leaving: None }, awaited)
    }
}

impl<S> HeadTimed<S> {
    /// Ends the connection if nothing could be written for [`READ_TIMEOUT`].
    fn in_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.leaving = None;
            return written;
        }
        let limit = self.leaving.get_or_insert_with(|| Box::pin(sleep(READ_TIMEOUT)));
        limit.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadTimed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let now = self.awaited.0.load(Relaxed);
        if self.last != now {
            self.last = now;
            self.arriving = None;
        }
        if !self.awaited.is_awaited() {
            return read;
        }
        if self.arriving.is_none() && buffer.filled().len() > before {
            self.arriving = Some(Box::pin(sleep(HEAD_TIMEOUT)));
        }
        if read.is_pending()
            && let Some(limit) = &mut self.arriving
            && limit.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadTimed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{advance, timeout},
    };

    use super::{HEAD_TIMEOUT, HeadTimed, READ_TIMEOUT};

    const HOURS: Duration = Duration::from_secs(7_200);

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_stays_and_half_a_head_ends_it_in_time() {
        let (mut client, server) = duplex(64);
        let (mut server, head) = HeadTimed::new(server);
        let mut bytes = [0; 64];
        assert!(timeout(HOURS, server.read(&mut bytes)).await.is_err(), "idle");
        client.write_all(b"GET / HT").await.unwrap();
        assert_eq!(server.read(&mut bytes).await.unwrap(), 8);
        let ended = timeout(HEAD_TIMEOUT * 2, server.read(&mut bytes)).await.unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(head);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_in_ends_its_connection_and_a_slow_one_does_not() {
        let (mut client, server) = duplex(4);
        let (mut server, _head) = HeadTimed::new(server);
        let mut bytes = [0; 4];
        for _ in 0..3 {
            server.write_all(b"four").await.unwrap();
            assert!(timeout(READ_TIMEOUT / 2, server.write_all(b"m")).await.is_err());
            client.read_exact(&mut bytes).await.unwrap();
        }
        server.write_all(b"four").await.unwrap();
        let ended = timeout(READ_TIMEOUT * 2, server.write_all(b"more")).await.unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_after_a_request_that_came_and_went_between_two_reads() {
        let (mut client, server) = duplex(64);
        let (mut server, head) = HeadTimed::new(server);
        let mut bytes = [0; 64];
        client.write_all(b"a whole head").await.unwrap();
        assert_eq!(server.read(&mut bytes).await.unwrap(), 12);
        head.arrived();
        head.again();
        assert!(timeout(HOURS, server.read(&mut bytes)).await.is_err(), "it was ended");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_after_a_whole_head_is_not_taken_for_one() {
        let (mut client, server) = duplex(64);
        let (mut server, head) = HeadTimed::new(server);
        let mut bytes = [0; 64];
        client.write_all(b"a head").await.unwrap();
        assert_eq!(server.read(&mut bytes).await.unwrap(), 6);
        head.arrived();
        assert!(timeout(HOURS, server.read(&mut bytes)).await.is_err());
        head.again();
        assert!(timeout(HOURS, server.read(&mut bytes)).await.is_err(), "idle again");
        client.write_all(b"another").await.unwrap();
        assert_eq!(server.read(&mut bytes).await.unwrap(), 7);
        advance(HEAD_TIMEOUT).await;
        assert!(server.read(&mut bytes).await.is_err());
    }
}
