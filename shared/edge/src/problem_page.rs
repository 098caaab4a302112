//! A problem as a person reads it: the page for a browser that came to an address.

use crate::{
    agent_name::AgentName,
    code::Code,
    icon::Icon,
    page::{BACK, Page},
    person::Named,
    problem::{Kind, Problem},
    reply::Reply,
    request_id::RequestId,
};

/// What the page of a problem says beside its detail.
#[derive(Debug, Default)]
pub(crate) struct ProblemPage {
    heading: Option<&'static str>,
    visitor: Option<Named>,
    script: Option<&'static str>,
}

impl Problem {
    /// Shown to a person under `heading`. A caller who asks for no media type gets the page.
    #[must_use]
    pub fn headed(mut self, heading: &'static str) -> Self {
        self.page.get_or_insert_default().heading = Some(heading);
        self
    }

    /// Shown to `visitor`, who is signed in.
    #[must_use]
    pub fn seen_by(mut self, visitor: Named) -> Self {
        self.page.get_or_insert_default().visitor = Some(visitor);
        self
    }

    /// With a script on its page.
    #[must_use]
    pub fn with_script(mut self, script: &'static str) -> Self {
        self.page.get_or_insert_default().script = Some(script);
        self
    }

    /// Whether it is for a person first of all.
    pub(crate) fn is_headed(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.heading.is_some())
    }
}

/// The page of `problem`, with the id by which the operator finds the request.
pub(crate) fn page(problem: &Problem, request: &RequestId, agent: Option<&AgentName>) -> Reply {
    let Problem { kind, code, detail, page, .. } = problem;
    let own = page.as_deref();
    let page = Page {
        agent,
        icon: Icon::new(*kind, *code),
        heading: own.and_then(|page| page.heading).unwrap_or_else(|| heading(*kind, *code)),
        text: detail,
        next: next(*kind, *code),
        visitor: own.and_then(|page| page.visitor.as_ref()),
        request_id: Some(request.as_str()),
        script: own.and_then(|page| page.script),
        question: None,
    };
    page.into_reply(kind.status())
}

fn next(kind: Kind, code: Code) -> &'static str {
    match (kind, code) {
        (Kind::Unauthorized, _) => "Sign in",
        // Whom the operator has let in meanwhile.
        (_, Code::NotAllowed) => "Try again",
        _ => BACK,
    }
}

/// The kind of problem in a few words.
fn heading(kind: Kind, code: Code) -> &'static str {
    match code {
        Code::AnotherUser => return "Another person is signed in now",
        Code::NotAllowed => return "You may not use this service",
        _ => {}
    }
    match kind {
        Kind::InvalidRequest => "This address is not complete",
        Kind::Unauthorized => "You are not signed in",
        Kind::Forbidden => "This is not allowed",
        Kind::NotFound => "Page not found",
        Kind::MethodNotAllowed => "This is no page",
        Kind::RequestTimeout => "That took too long",
        Kind::Conflict => "Something else came first",
        Kind::Gone => "This is over",
        Kind::TooLarge => "This is too large",
        Kind::UnsupportedMediaType => "This form can't be read",
        Kind::TooManyRequests => "This was too much at once",
        Kind::Internal | Kind::UpstreamFailed => "Something is wrong on our side",
        Kind::UpstreamUnavailable | Kind::Overloaded => "Please try again in a moment",
    }
}
