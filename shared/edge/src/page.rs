//! HTML pages: one look, a strict content security policy, nothing from elsewhere.
//!
//! A page says what happened by an icon and in words, what to do next, and who is signed in. It has the
//! look of the chat page. Style and script are inline and allowed by their SHA-256 (Content Security
//! Policy Level 3, section 2.3.1), so that a page is one answer and an injected script has no way to run.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};

use crate::{
    agent_name::AgentName,
    icon::Icon,
    person::Named,
    question::{self, Question},
    reply::{self, Reply},
};

const STYLE: &str = include_str!("page.css");

/// The usual next step: the chat page, which goes on by itself once something is connected.
pub const BACK: &str = "Back to the conversation";

/// A page to be shown to a person. All text is plain.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Whose page it is.
    pub agent: Option<&'a AgentName>,
    /// What happened.
    pub icon: Icon,
    /// The same in a few words; also the window's title.
    pub heading: &'a str,
    /// What it means.
    pub text: &'a str,
    /// What the link to the chat page says.
    pub next: &'static str,
    /// Who is signed in.
    pub visitor: Option<&'a Named>,
    /// The request's id, by which the operator finds what failed.
    pub request_id: Option<&'a str>,
    /// A script that comes with the program; it may talk to no site.
    pub script: Option<&'static str>,
    /// What the person is asked. Then the page has the question's own script, which talks to this site
    /// alone.
    pub question: Option<Question<'a>>,
}

impl Page<'_> {
    /// The page as an answer.
    #[must_use]
    pub fn into_reply(self, status: StatusCode) -> Reply {
        let mut page = reply::body(status, "text/html; charset=utf-8", self.html());
        let script = self.script().map_or_else(|| "'none'".to_owned(), hash);
        let connect = if self.question.is_some() { "'self'" } else { "'none'" };
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {script}; connect-src {connect}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        page
    }

    fn script(&self) -> Option<&'static str> {
        self.question.as_ref().map_or(self.script, |_| Some(question::SCRIPT))
    }

    fn html(&self) -> String {
        let (heading, text) = (escape(self.heading), escape(self.text));
        let (icon, next) = (self.icon.html(), self.next);
        let brand = self.agent.map(|agent| {
            format!("<header><i aria-hidden=\"true\"></i>{}</header>\n", escape(agent.as_str()))
        });
        let visitor = self.visitor.map(|name| format!("<p>Signed in as {}.</p>\n", name.html()));
        let request = self.request_id.map(|id| {
            let id = escape(id);
            format!("<p>For the people who run this: request <code>{id}</code></p>\n")
        });
        let details = [visitor, request].map(Option::unwrap_or_default).concat();
        let footer = match details.is_empty() {
            true => details,
            false => format!("<footer>\n{details}</footer>\n"),
        };
        let question = self.question.as_ref().map(Question::html).unwrap_or_default();
        let script = self.script().map(|script| format!("<script>{script}</script>\n"));
        let (brand, script) = (brand.unwrap_or_default(), script.unwrap_or_default());
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n{brand}<main>\n{icon}\n<h1>{heading}</h1>\n<p>{text}</p>\n{question}\
             <p><a href=\"/\">{next}</a></p>\n{footer}</main>\n{script}</body>\n</html>\n"
        )
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

/// What allows exactly `source` to be used.
fn hash(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest::digest(&digest::SHA256, source.as_bytes())))
}

#[cfg(test)]
mod tests {
    use http::{StatusCode, header};

    use super::{BACK, Page};
    use crate::icon::Icon;

    const PAGE: Page<'static> = Page {
        agent: None,
        icon: Icon::Done,
        heading: "<b>",
        text: "1 < 2",
        next: BACK,
        visitor: None,
        request_id: Some("\"><script>alert(1)</script>"),
        script: None,
        question: None,
    };

    #[test]
    fn text_and_a_request_id_that_a_caller_chose_are_no_markup() {
        let html = PAGE.html();
        assert!(html.contains("<h1>&lt;b&gt;</h1>") && html.contains("1 &lt; 2"), "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.len() < 4_096, "{} bytes", html.len());
    }

    #[test]
    fn a_page_without_a_script_runs_none_and_no_page_takes_any_inline_style() {
        let policy = |page: Page<'_>| {
            let reply = page.into_reply(StatusCode::OK);
            reply.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert!(policy(PAGE).contains("script-src 'none'"));
        let with = policy(Page { script: Some("let it = 1;"), ..PAGE });
        assert!(with.contains("script-src 'sha256-") && !with.contains("unsafe"), "{with}");
        assert!(with.contains("default-src 'none'"), "{with}");
    }
}
