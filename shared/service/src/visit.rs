//! Visits: who comes, and requests that a browser makes without a person behind them, which must
//! never begin or bind anything.
//!
//! Prefetch and prerender say so in `Sec-Purpose` (W3C, "Nav Speculation") or the older
//! `Purpose`. Fetch Metadata (W3C) tells a visit from a script, an image or a frame. Where the visit
//! came from is not looked at: the chain ends at another site's redirect.

use http::HeaderMap;
use identity::User;
use vault::{Visitor, VisitorBrowser};

use crate::{
    browser,
    code::Code,
    inbound::Inbound,
    problem::{Kind, Problem},
};

/// The visitor: `user` with the browser that sent `headers`, to be compared with who began a flow.
#[must_use]
pub fn visitor<'a>(inbound: &Inbound, headers: &HeaderMap, user: &'a User) -> Visitor<'a> {
    let browser = if inbound.browser_binding {
        VisitorBrowser::Counts(browser::hash(headers, &inbound.site))
    } else {
        VisitorBrowser::Any
    };
    Visitor { user: user.id(), browser, now: inbound.clock.now() }
}

/// Whether a person opened this page.
fn is_a_visit(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_speculative =
        ["sec-purpose", "purpose", "x-moz"].into_iter().filter_map(says).any(|purpose| {
            let purpose = purpose.to_ascii_lowercase();
            purpose.contains("prefetch") || purpose.contains("prerender")
        });
    let navigates = says("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    let is_document = says("sec-fetch-dest").is_none_or(|destination| destination == "document");
    !is_speculative && navigates && is_document
}

/// Refuses what no person asked for.
///
/// # Errors
/// 403 for anything but a person's visit.
pub fn refuse_speculation(headers: &HeaderMap) -> Result<(), Problem> {
    let detail = "Open this page yourself.";
    let problem = || Problem::new(Kind::Forbidden, detail).code(Code::NotAVisit);
    if is_a_visit(headers) { Ok(()) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::is_a_visit;

    fn with(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        headers.iter().map(header).collect()
    }

    #[test]
    fn a_person_or_an_old_browser_visits() {
        assert!(is_a_visit(&with(&[])));
        assert!(is_a_visit(&with(&[
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-site", "cross-site"),
        ])));
    }

    #[test]
    fn speculation_frames_scripts_and_images_are_no_visit() {
        for headers in [
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "image"),
        ] {
            assert!(!is_a_visit(&with(&[headers])), "{headers:?}");
        }
    }
}
