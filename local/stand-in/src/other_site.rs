//! Requests of pages of other sites.

use axum::http::HeaderMap;

/// Whether a page of another site has made the request (W3C, "Fetch Metadata Request Headers"). A program
/// does not say where it comes from.
#[must_use]
pub fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    !matches!(site, None | Some(b"same-origin" | b"none"))
}
