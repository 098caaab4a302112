//! Bodies that do not arrive as they were sent.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use fastrand::Rng;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::sleep;

/// What arrives at a time of a body that trickles.
const DROP: usize = 64;
/// The server has to have sent what came before an end in the middle.
const SENT: Duration = Duration::from_millis(20);

/// Ends the connection before anything of an answer is sent: a body that fails at once is found before the
/// head is written out.
pub(super) fn none() -> Response {
    let mut response = Response::new(Body::from_stream(stream::once(async { over() })));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// `response`, which ends in the middle of its first piece; an empty one is not sent at all.
pub(super) async fn cut(response: Response, number: u64) -> Response {
    let (head, body) = response.into_parts();
    let mut pieces = body.into_data_stream();
    let first = loop {
        match pieces.next().await {
            Some(Ok(piece)) if piece.is_empty() => {}
            Some(Ok(piece)) => break piece,
            _ => return none(),
        }
    };
    let end = Rng::with_seed(number).usize(..first.len());
    let begun = stream::once(async move { Ok(first.slice(..end)) });
    let ended = stream::once(async {
        sleep(SENT).await;
        over()
    });
    Response::from_parts(head, Body::from_stream(begun.chain(ended)))
}

/// `response` with another body of any bytes, as long as its own.
pub(super) async fn garbage(response: Response, number: u64) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else { return none() };
    let mut random = Rng::with_seed(number);
    let bytes: Vec<u8> = bytes.iter().map(|_| random.u8(..)).collect();
    head.headers.remove(header::TRANSFER_ENCODING);
    Response::from_parts(head, Body::from(bytes))
}

/// `response`, of which some bytes arrive in each `time`.
pub(super) fn trickle(response: Response, time: Duration) -> Response {
    response.map(|body| {
        let drops = body.into_data_stream().map_ok(|piece| {
            let drops: Vec<_> = piece
                .chunks(DROP)
                .map(|it| Ok::<_, axum::Error>(Bytes::copy_from_slice(it)))
                .collect();
            stream::iter(drops)
        });
        Body::from_stream(drops.try_flatten().then(move |drop| async move {
            sleep(time).await;
            drop
        }))
    })
}

fn over() -> Result<Bytes, io::Error> {
    Err(io::ErrorKind::ConnectionReset.into())
}
