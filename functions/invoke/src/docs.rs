//! `/docs`: the OpenAPI document as an interactive page, out of the binary.
//!
//! Each file is sent as it is stored, compressed: the plain bundle has 1.5 MB, and a Lambda
//! function behind an Application Load Balancer can answer with 1 MB.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use service::{Problem, Reply, reply};
use utoipa_swagger_ui::Config;

/// Swagger UI writes style attributes, and draws its icons from data URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The file at `path` below `/docs/`.
pub(crate) fn file(path: &str) -> Result<Reply, Problem> {
    let config = Config::from("/openapi.json").use_base_layout().with_credentials(true);
    let file = utoipa_swagger_ui::serve(path, Arc::new(config))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(Problem::no_such_route)?;
    let media_type = HeaderValue::from_str(&file.content_type).map_err(Problem::internal)?;
    let mut reply = reply::body(StatusCode::OK, "text/html", file.bytes.into_owned());
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(reply)
}
