//! The stand-ins' own HTML pages. Each says that it belongs to a stand-in.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

/// Allows no scripts, no external resources and no framing. `form-action` is left out, because browsers
/// apply it to the redirect after the form as well.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("page.css");

/// Returns a page of the stand-in for `what`; `main` is its content as HTML.
pub fn page(status: StatusCode, what: &str, main: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Stand-in for {what}</title>\n\
         <style>{STYLE}</style>\n\
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

/// The inputs by which a form sends again what the page was asked with: `parameters` that have a value.
pub fn hidden<'a, const N: usize>(parameters: [(&str, Option<&'a String>); N]) -> String {
    let input = |(name, value): (&str, Option<&'a String>)| {
        let value = escape(value?);
        Some(format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n"))
    };
    parameters.into_iter().filter_map(input).collect()
}

/// Escapes `text` for an HTML element or a quoted attribute.
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
    fn escaped_text_contains_no_markup() {
        assert_eq!(escape(r#"<a b="c">&'</a>"#), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;&lt;/a&gt;");
    }
}
