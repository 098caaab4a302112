//! HTML pages: one style, a strict content security policy, nothing from elsewhere.
//!
//! Style and script are inline and allowed by their SHA-256 (Content Security Policy Level 3,
//! section 2.3.1), so that a page is one answer and an injected script has no way to run.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};

use crate::reply::{self, Reply};

const STYLE: &str = include_str!("page.css");

/// A page to be shown to a person.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Shown as the window's title; plain text.
    pub title: &'a str,
    /// HTML: everything in it that came from outside has gone through [`escape`].
    pub main: &'a str,
    /// A script that comes with the program; it may talk to this site only.
    pub script: &'static str,
}

impl Page<'_> {
    /// The page as an answer.
    #[must_use]
    pub fn into_reply(self, status: StatusCode) -> Reply {
        let Self { title, main, script } = self;
        let title = escape(title);
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<main>\n{main}\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
        );
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(script)
        );
        let mut page = reply::body(status, "text/html; charset=utf-8", html);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        page
    }
}

/// Text as HTML shows it.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

fn hash(source: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest::digest(&digest::SHA256, source.as_bytes())))
}
