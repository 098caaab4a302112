//! An answer while it is sent: until then its request counts as at work, and its connection as taken. A
//! stream of events takes as long as its turn.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use tokio::sync::OwnedSemaphorePermit;

use crate::head::HeadAwaited;

/// The body of an answer.
pub(crate) struct Answering {
    body: BoxBody<Bytes, Infallible>,
    head: HeadAwaited,
    _place: Option<OwnedSemaphorePermit>,
}

impl Answering {
    pub(crate) fn new(
        body: BoxBody<Bytes, Infallible>,
        head: HeadAwaited,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { body, head, _place: place }
    }
}

impl Body for Answering {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.head.again();
    }
}
