//! From an event of a load balancer to the reply: none panics, none is a failure of our own, nothing is bound,
//! and nobody is sent away from our site.
//!
//! The input is the event's JSON, with the placeholders of [`service`](crate::service) in it.

use std::{panic, sync::LazyLock};

use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use lambda_http::Request;
use tower_service::Service;

use crate::service::Bench;

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);

/// Has the Session Binding Service reply to one input.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Some(request) = request(&BENCH.filled(text)) else { return };
    let mut handler = BENCH.handler.clone();
    let reply = BENCH.runtime.block_on(async {
        let Ok(reply) = handler.call(request).await;
        let (head, body) = reply.into_parts();
        let Ok(body) = body.collect().await;
        (head, body.to_bytes())
    });
    let (head, body) = reply;
    assert_ne!(head.status, StatusCode::INTERNAL_SERVER_ERROR, "{body:?}");
    assert!(!BENCH.was_identity_called(), "a consent was completed that is nobody's here");
    stays_here(&head.headers);
    let secrets = ["@token", "@browser", "@mine", "@bobs"].map(|name| BENCH.value(name));
    let shown = String::from_utf8_lossy(&body);
    assert!(!secrets.iter().any(|secret| shown.contains(secret)), "a page shows a secret");
}

/// The request that an event is. `lambda_http` panics where a body that is said to be base64 is not, or where
/// host and path are no address; on Lambda, `lambda_runtime` catches that, and the request has failed.
fn request(event: &str) -> Option<Request> {
    let ours = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let request = panic::catch_unwind(|| lambda_http::request::from_str(event).ok());
    panic::set_hook(ours);
    request.ok().flatten()
}

fn stays_here(headers: &HeaderMap) {
    let site = BENCH.inbound.site.origin() + "/";
    for place in headers.get_all(header::LOCATION) {
        assert!(place.as_bytes().starts_with(site.as_bytes()), "it leads to {place:?}");
    }
    for cookie in headers.get_all(header::SET_COOKIE) {
        let is_end = cookie.as_bytes().starts_with(b"__Host-ended-");
        assert!(is_end, "a browser is given {cookie:?}, and nothing has begun or was bound");
    }
}
