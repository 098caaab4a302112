//! Who asks, a person's browser or a program: `Accept` tells (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

/// What a caller wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// HTML: a browser that navigates names it.
    Page,
    /// JSON, and no HTML.
    Document,
    /// It names neither.
    Anything,
}

impl Wanted {
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        let accepts = || headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
        let names = |media_type: &str| accepts().any(|accept| accept.contains(media_type));
        if names("text/html") {
            return Self::Page;
        }
        if names("application/json") { Self::Document } else { Self::Anything }
    }
}

/// Whether the caller is a program: it asks for JSON, and not for a page.
#[must_use]
pub fn wants_document(headers: &HeaderMap) -> bool {
    Wanted::by(headers) == Wanted::Document
}
