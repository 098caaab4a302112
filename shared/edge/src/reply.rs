//! HTTP responses, and the headers that all of them carry.

use std::convert::Infallible;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use serde::Serialize;

use crate::problem::Problem;

/// A response: the body is streamed as it is made, and never ends in an error, because a platform
/// that collects it (Lambda) could not report one.
pub type Reply = Response<BoxBody<Bytes, Infallible>>;

/// A response with a body of `media_type`, which no cache may keep.
pub fn body(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()).boxed());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    protect(headers);
    reply
}

/// Stands for `parts`: 22 characters of base64url, others if one of them is another.
#[must_use]
pub fn content_hash<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut whole = digest::Context::new(&digest::SHA256);
    for part in parts {
        whole.update(digest::digest(&digest::SHA256, part.as_ref()).as_ref());
    }
    URL_SAFE_NO_PAD.encode(&whole.finish().as_ref()[..16])
}

/// A response to who `asked` for something that seldom changes: `bytes`, or 304 if they have them (RFC
/// 9110, section 13.1.2). Their browser keeps it, and asks each time whether it is the same.
///
/// # Errors
/// An internal problem when the entity tag can't be in a header.
pub fn validated(asked: &HeaderMap, bytes: impl Into<Bytes>) -> Result<Reply, Problem> {
    let bytes = bytes.into();
    let tag = format!("\"{}\"", content_hash([&bytes]));
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|it| it.to_str().ok());
    // A proxy that compresses makes a tag weak, which is as good here.
    let is_tag = |known: &str| known.trim().trim_start_matches("W/") == tag;
    let mut reply = match known.flat_map(|known| known.split(',')).any(is_tag) {
        true => body(StatusCode::NOT_MODIFIED, "text/plain", Bytes::new()),
        false => body(StatusCode::OK, "text/plain", bytes),
    };
    let headers = reply.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(Problem::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(reply)
}

/// A response whose body is streamed: `events`, as server-sent events (HTML, "Server-sent events").
pub fn events(
    events: impl Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static,
) -> Reply {
    let mut reply = body(StatusCode::OK, "text/event-stream", Bytes::new()).map(|_| events.boxed());
    // A reverse proxy would collect them otherwise (nginx, "X-Accel-Buffering").
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    reply.headers_mut().insert(unbuffered, HeaderValue::from_static("no"));
    reply
}

/// `value` as JSON.
///
/// # Errors
/// An internal problem when `value` has no JSON form.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Reply, Problem> {
    let json = serde_json::to_vec(value).map_err(Problem::internal)?;
    Ok(body(status, "application/json", json))
}

/// 303 to `location`, which a browser then asks for with GET.
///
/// # Errors
/// An internal problem when `location` can't be in a header.
pub fn see_other(location: &str) -> Result<Reply, Problem> {
    redirect(StatusCode::SEE_OTHER, location)
}

/// 307 to `location`, for a page asked for under another name of this site.
///
/// # Errors
/// An internal problem when `location` can't be in a header.
pub fn temporary(location: &str) -> Result<Reply, Problem> {
    redirect(StatusCode::TEMPORARY_REDIRECT, location)
}

fn redirect(status: StatusCode, location: &str) -> Result<Reply, Problem> {
    let location = HeaderValue::from_str(location).map_err(Problem::internal)?;
    let mut reply = body(status, "text/plain; charset=utf-8", Bytes::new());
    reply.headers_mut().insert(header::LOCATION, location);
    Ok(reply)
}

/// Keeps a response from being cached, sniffed, framed, named in `Referer`, or loaded by another
/// site's page (Fetch, "Cross-Origin-Resource-Policy"; HTML, "Cross-origin opener policies").
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
