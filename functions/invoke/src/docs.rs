//! `/docs`: the OpenAPI document as an interactive page that is embedded in the binary.
//!
//! Each file of Swagger UI is sent as it is stored, compressed: the plain bundle has 1.5 MB, and a Lambda
//! function behind an Application Load Balancer can answer with 1 MB. The page itself, its settings and
//! what its style lacks are ours.

use std::sync::Arc;

use edge::{PersonMark, Problem, Reply, person::MARK_HEADER, reply};
use http::{HeaderMap, HeaderValue, header};
use utoipa_swagger_ui::Config;

/// Swagger UI writes style attributes, and draws its icons from data URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const PAGE: &str = include_str!("docs/index.html");
const STYLE: &str = include_str!("docs/index.css");
const SETTINGS: &str = include_str!("docs/swagger-initializer.js");

/// Returns the file at `path` below `/docs/`, or that the browser has it already. The page sends the
/// person's mark with each request.
pub(crate) fn file(path: &str, asked: &HeaderMap, mark: &PersonMark) -> Result<Reply, Problem> {
    let (media_type, text) = match path {
        "" | "index.html" => ("text/html; charset=utf-8", PAGE.to_owned()),
        "index.css" => ("text/css; charset=utf-8", STYLE.to_owned()),
        "swagger-initializer.js" => ("text/javascript; charset=utf-8", settings(mark)),
        _ => return file_of_swagger_ui(path, asked),
    };
    sent(asked, text, HeaderValue::from_static(media_type))
}

fn file_of_swagger_ui(path: &str, asked: &HeaderMap) -> Result<Reply, Problem> {
    let file = utoipa_swagger_ui::serve(path, Arc::new(Config::default()))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(Problem::no_such_route)?;
    let media_type = HeaderValue::from_str(&file.content_type).map_err(Problem::internal)?;
    let mut reply = sent(asked, file.bytes.into_owned(), media_type)?;
    if file.gzpipped {
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(reply)
}

fn sent(
    asked: &HeaderMap,
    bytes: impl Into<bytes::Bytes>,
    media_type: HeaderValue,
) -> Result<Reply, Problem> {
    let mut reply = reply::validated(asked, bytes)?;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(reply)
}

/// The settings, with the mark in every request ("requestInterceptor" of Swagger UI's configuration).
fn settings(mark: &PersonMark) -> String {
    SETTINGS.replace("{{header}}", MARK_HEADER.as_str()).replace("{{mark}}", mark.as_str())
}
