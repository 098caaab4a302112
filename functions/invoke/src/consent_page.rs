//! `GET /consent`: gives the browser the sealed flow and redirects it to the provider.
//!
//! The link in an interrupt leads here and not straight to the provider, because this page checks
//! that person and browser are those that asked, and because the browser needs the sealed flow as a
//! cookie before it leaves.

use edge::{
    AgentName, Named, Problem, Reply, browser,
    open_flows::make_room,
    page::{Page, escape},
    reply,
    request::query,
    visit::visitor,
};
use http::StatusCode;
use identity::User;
use lambda_http::Request;
use telemetry::Audit;
use vault::{Flow, FlowRefusal};

use crate::state::Service;

/// Why a visitor is not redirected to the provider.
enum LinkRefusal {
    /// The link has no flow that this deployment sealed.
    Malformed,
    /// The flow is another user's, another browser's, or has expired.
    NotTheirs(FlowRefusal),
}

/// Redirects `user` to the provider, or returns a page with the reason for refusing.
pub(crate) fn answer(service: &Service, request: &Request, user: &User) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    let sealed = query(request, "flow").next().unwrap_or_default();
    match check(service, request, user, &sealed) {
        Ok(flow) => {
            let fingerprint = flow.fingerprint();
            Audit::ConsentStarted { user: user.id(), flow: &fingerprint }.record();
            let mut reply = reply::see_other(flow.authorization_url().expose())?;
            make_room(&mut reply, request.headers(), &fingerprint, inbound)?;
            browser::carry(&mut reply, &fingerprint, sealed, &inbound.site)?;
            Ok(reply)
        }
        Err(refusal) => {
            Audit::ConsentRefused { user: user.id(), reason: refusal.code() }.record();
            Ok(refusal.page(&Named::new(user), &inbound.agent))
        }
    }
}

fn check(
    service: &Service,
    request: &Request,
    user: &User,
    sealed: &str,
) -> Result<Flow, LinkRefusal> {
    let inbound = &service.settings.inbound;
    let flow = Flow::open(sealed, &inbound.consent_keys).ok_or(LinkRefusal::Malformed)?;
    let visitor = visitor(inbound, request.headers(), user);
    flow.check(&visitor).map_err(LinkRefusal::NotTheirs)?;
    Ok(flow)
}

impl LinkRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotTheirs(FlowRefusal::AnotherUser) => "another_user",
            Self::NotTheirs(FlowRefusal::AnotherBrowser) => "another_browser",
            Self::NotTheirs(FlowRefusal::Expired) => "expired",
        }
    }

    fn page(&self, visitor: &Named, agent: &AgentName) -> Reply {
        let (status, title, text) = match self {
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "This link is incomplete",
                "Go back to the conversation and follow the link there again.",
            ),
            Self::NotTheirs(FlowRefusal::AnotherUser) => (
                StatusCode::FORBIDDEN,
                "This request is not yours",
                "If somebody sent you this link, do not use it. Ask in a conversation of your own.",
            ),
            Self::NotTheirs(FlowRefusal::AnotherBrowser) => (
                StatusCode::FORBIDDEN,
                "This was not asked for in this browser",
                "Consent in the same browser in which you are talking to {agent}. If \
                 somebody sent you this link, do not use it.",
            ),
            Self::NotTheirs(FlowRefusal::Expired) => (
                StatusCode::GONE,
                "This link is too old",
                "A link is good for ten minutes. Ask again in the conversation.",
            ),
        };
        let (heading, text) = (escape(title), escape(&agent.within(text)));
        let visitor = visitor.html();
        let main = format!(
            "<h1>{heading}</h1>\n<p>{text}</p>\n<p class=\"quiet\">Signed in as {visitor}.</p>\n\
             <p><a href=\"/\">Back to the conversation</a></p>"
        );
        Page { title, main: &main, script: "" }.into_reply(status)
    }
}
