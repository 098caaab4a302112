//! The stand-ins' own pages: plain, and saying what they are not.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

/// Nothing is loaded, nothing runs, nobody frames it. (`form-action` is left out: browsers apply
/// it to the redirect after the form as well.)
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// A page of the stand-in for `what` around `main`, which is HTML.
pub fn page(status: StatusCode, what: &str, main: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Stand-in for {what}</title>\n\
         <style>:root {{ color-scheme: light dark; }} body {{ font: 1.1rem/1.5 sans-serif; \
         max-width: 36rem; margin: 2rem auto; padding: 0 1rem; }} \
         button {{ font: inherit; padding: .4rem 1rem; }}</style>\n\
         </head>\n<body>\n<main>\n{main}</main>\n\
         <footer><p><small>A stand-in for {what}, for development and tests. Nothing here is \
         real.</small></p></footer>\n</body>\n</html>\n"
    );
    let headers = [
        ("cache-control", "no-store"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}

/// `text` for HTML, in an element or in a quoted attribute.
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

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn an_escaped_text_opens_and_closes_nothing() {
        assert_eq!(escape(r#"<a b="c">&'</a>"#), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;&lt;/a&gt;");
    }
}
