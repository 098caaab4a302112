//! Amazon S3 as far as turns need it: GetObject, and PutObject under conditions.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full};

use super::Reply;

/// The objects by path, each with its version.
#[derive(Debug, Default)]
pub(super) struct Objects {
    objects: HashMap<String, (u64, Bytes)>,
    versions: u64,
    pub(super) last_put: usize,
    pub(super) is_frozen: bool,
}

impl Objects {
    pub(super) fn get(&self, path: &str) -> Reply {
        match self.objects.get(path) {
            Some((version, body)) => Response::builder()
                .header("content-type", "application/json")
                .header("etag", tag(*version))
                .header("x-amz-request-id", "0000000000000000")
                .body(Full::new(body.clone()).boxed())
                .expect("an answer"),
            None => refused(StatusCode::NOT_FOUND, "NoSuchKey"),
        }
    }

    pub(super) fn put(&mut self, path: &str, headers: &HeaderMap, body: Bytes) -> Reply {
        let before = self.objects.get(path).map(|(version, _)| tag(*version));
        let is_met = match headers.get("if-match") {
            Some(wanted) => before.as_ref().is_some_and(|it| wanted == it),
            None => before.is_none() || headers.get("if-none-match").is_none(),
        };
        if !is_met {
            return refused(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        }
        self.versions += 1;
        self.last_put = body.len();
        if !self.is_frozen {
            self.objects.insert(path.to_owned(), (self.versions, body));
        }
        Response::builder()
            .header("etag", tag(self.versions))
            .header("x-amz-request-id", "0000000000000000")
            .body(Full::default().boxed())
            .expect("an answer")
    }
}

fn tag(version: u64) -> String {
    format!("\"{version:032x}\"")
}

fn refused(status: StatusCode, code: &str) -> Reply {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>It is so.</Message></Error>"#
    );
    Response::builder()
        .status(status)
        .header("content-type", "application/xml")
        .header("x-amz-request-id", "0000000000000000")
        .body(Full::new(body.into()).boxed())
        .expect("an answer")
}
