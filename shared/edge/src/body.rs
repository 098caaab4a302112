//! A request's body, read no earlier than a route needs it.
//!
//! On Lambda the body comes with the request. On a socket it is still to come, and its sender may be
//! slow: route, method and sign-in are checked before any of it is kept in memory.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use lambda_http::{Body, Request};

use crate::problem::Problem;

type Reading = Pin<Box<dyn Future<Output = Result<Bytes, Problem>> + Send>>;

/// A body that is still to come. A platform puts it into a request's extensions.
#[derive(Clone)]
pub struct Unread(Arc<Mutex<Option<Reading>>>);

impl Unread {
    /// A body that `read` returns once it is polled.
    pub fn new(read: impl Future<Output = Result<Bytes, Problem>> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(read)))))
    }

    fn take(&self) -> Option<Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unread(…)")
    }
}

/// Reads the rest of the body into `request`. Call it once the head has passed every check.
///
/// # Errors
/// 400 when the body breaks off, 408 when it takes too long, 413 when it is too large, 503 when too
/// much is being read already.
pub async fn read(request: &mut Request) -> Result<(), Problem> {
    if let Some(reading) = request.extensions().get::<Unread>().and_then(Unread::take) {
        let bytes = reading.await?;
        *request.body_mut() =
            if bytes.is_empty() { Body::Empty } else { Body::Binary(bytes.into()) };
    }
    Ok(())
}
