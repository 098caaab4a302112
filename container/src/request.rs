//! A socket's request as Lambda would have delivered it.

use http::{Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use lambda_http::{
    Body, RequestExt, aws_lambda_events::alb::AlbTargetGroupRequestContext, request::RequestContext,
};
use service::{Kind, Problem, Reply, request};

/// What an Application Load Balancer passes on to a Lambda function.
const MAX_BODY_BYTES: usize = 1_048_576;

/// The request, or the answer that it gets instead.
pub(crate) async fn read(request: Request<Incoming>) -> Result<lambda_http::Request, Reply> {
    let (head, incoming) = request.into_parts();
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let body = if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        Err(too_large())
    } else {
        let collected = Limited::new(incoming, MAX_BODY_BYTES).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large()
            } else {
                Problem::new(Kind::InvalidRequest, "The body did not arrive.").because(error)
            }
        })
    };
    match body {
        Ok(bytes) => {
            let context = RequestContext::Alb(AlbTargetGroupRequestContext::default());
            let body = if bytes.is_empty() { Body::Empty } else { Body::Binary(bytes.into()) };
            Ok(Request::from_parts(head, body).with_request_context(context))
        }
        Err(problem) => {
            let refused = Request::from_parts(head, Body::Empty);
            Err(request::answer(refused, |_| async { Err(problem) }).await)
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("A request may have at most {MAX_BODY_BYTES} bytes.");
    Problem::new(Kind::TooLarge, detail)
}
