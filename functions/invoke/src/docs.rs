//! `/docs`: the OpenAPI document as an interactive page that is embedded in the binary.
//!
//! Each file is sent as it is stored, compressed: the plain bundle has 1.5 MB, and a Lambda
//! function behind an Application Load Balancer can answer with 1 MB.

use std::sync::Arc;

use edge::{PersonMark, Problem, Reply, person::MARK_HEADER, reply};
use http::{HeaderMap, HeaderValue, header};
use utoipa_swagger_ui::Config;

/// Swagger UI writes style attributes, and draws its icons from data URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The file with the page's settings, and the text before which another setting is inserted.
const SETTINGS: &str = "swagger-initializer.js";
const A_SETTING: &str = "presets: [";

/// Returns the file at `path` below `/docs/`, or that the browser has it already. The page sends the
/// person's mark with each request.
pub(crate) fn file(path: &str, asked: &HeaderMap, mark: &PersonMark) -> Result<Reply, Problem> {
    let config = Config::from("/openapi.json").use_base_layout().with_credentials(true);
    let file = utoipa_swagger_ui::serve(path, Arc::new(config))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(Problem::no_such_route)?;
    let media_type = HeaderValue::from_str(&file.content_type).map_err(Problem::internal)?;
    let mut bytes = file.bytes.into_owned();
    if path == SETTINGS {
        bytes = marked(&bytes, mark).ok_or_else(|| Problem::internal("no settings of /docs"))?;
    }
    let mut reply = reply::validated(asked, bytes)?;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(reply)
}

/// The settings, with the mark in every request ("requestInterceptor" of Swagger UI's configuration).
fn marked(settings: &[u8], mark: &PersonMark) -> Option<Vec<u8>> {
    let (before, after) = str::from_utf8(settings).ok()?.split_once(A_SETTING)?;
    let (name, mark) = (MARK_HEADER, mark.as_str());
    let interceptor = format!(
        "requestInterceptor: (request) => {{ request.headers[\"{name}\"] = \"{mark}\"; return request; }},\n    "
    );
    Some(format!("{before}{interceptor}{A_SETTING}{after}").into_bytes())
}
