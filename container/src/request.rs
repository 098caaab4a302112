//! A socket's request as Lambda would have delivered it, but for its body, which is still to come.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Request, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use lambda_http::{
    Body, RequestExt, aws_lambda_events::alb::AlbTargetGroupRequestContext, request::RequestContext,
};
use service::{Kind, Problem, Reply, body::Unread, request};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// What an Application Load Balancer passes on to a Lambda function.
const MAX_BODY_BYTES: usize = 1_048_576;
/// How long a body may take to arrive, once it is read.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How many bytes of incomplete bodies are kept at a time.
const MAX_UNFINISHED_BYTES: usize = 32 * MAX_BODY_BYTES;

/// How many bytes of incomplete bodies may still arrive.
#[derive(Debug, Clone)]
pub(crate) struct Bodies(Arc<Semaphore>);

impl Bodies {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MAX_UNFINISHED_BYTES)))
    }

    async fn read(self, mut body: Incoming) -> Result<Bytes, Problem> {
        let mut bytes = BytesMut::new();
        let mut kept: Option<SemaphorePermit<'_>> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Problem::new(Kind::InvalidRequest, "The body did not arrive.").because(error)
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > MAX_BODY_BYTES {
                return Err(too_large());
            }
            let length = u32::try_from(data.len()).map_err(|_| too_large())?;
            let more = self.0.try_acquire_many(length).map_err(|_| Problem::overloaded())?;
            match &mut kept {
                Some(kept) => kept.merge(more),
                none => *none = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.freeze())
    }
}

/// What is wrong with what a request announces.
pub(crate) fn refusal(request: &Request<Incoming>) -> Option<Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH)?;
    let announced = announced.to_str().ok()?.parse::<usize>().ok()?;
    (announced > MAX_BODY_BYTES).then(too_large)
}

pub(crate) fn from_socket(request: Request<Incoming>, bodies: &Bodies) -> lambda_http::Request {
    let (mut head, incoming) = request.into_parts();
    let reading = bodies.clone().read(incoming);
    head.extensions.insert(Unread::new(async {
        timeout(BODY_TIMEOUT, reading).await.unwrap_or_else(|_| Err(too_slow()))
    }));
    let context = RequestContext::Alb(AlbTargetGroupRequestContext::default());
    Request::from_parts(head, Body::Empty).with_request_context(context)
}

/// The answer to a request that does not reach the handler.
pub(crate) async fn refuse(request: Request<Incoming>, problem: Problem) -> Reply {
    let (head, _unread) = request.into_parts();
    request::refuse(Request::from_parts(head, Body::Empty), problem).await
}

fn too_large() -> Problem {
    let detail = format!("A request may have at most {MAX_BODY_BYTES} bytes.");
    Problem::new(Kind::TooLarge, detail)
}

fn too_slow() -> Problem {
    let detail = format!("The body did not arrive within {} seconds.", BODY_TIMEOUT.as_secs());
    Problem::new(Kind::RequestTimeout, detail)
}
