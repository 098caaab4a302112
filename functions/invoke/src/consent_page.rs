//! `GET /consent`: gives the browser the sealed flow and redirects it to the provider.
//!
//! The link in an interrupt leads here and not straight to the provider, because this page checks
//! that person and browser are those that asked, and because the browser needs the sealed flow as a
//! cookie before it leaves.
//!
//! A flow that a client asked for has no browser that asked. Its page shows the person who asked for what,
//! and goes on with a click alone (`client_consent`).

use edge::{
    AgentName, Code, Inbound, Kind, Problem, Reply, browser, open_flows::make_room, reply,
    request::query, visit::visitor,
};
use http::HeaderMap;
use identity::{BrowserHash, User};
use lambda_http::Request;
use telemetry::Audit;
use vault::{Flow, FlowRefusal};

use crate::{client_consent, state::Service};

/// Why a visitor is not redirected to the provider.
enum LinkRefusal {
    /// The link has no flow that this deployment sealed.
    Malformed,
    /// The flow is another user's, another browser's, or has expired.
    NotTheirs(FlowRefusal),
}

/// Redirects `user` to the provider, or shows them what a client asks for.
///
/// # Errors
/// With the reason for refusing.
pub(crate) fn answer(service: &Service, request: &Request, user: &User) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    let sealed = query(request, "flow").next().unwrap_or_default();
    let flow = open(&sealed, inbound);
    let named = flow.as_ref().ok().map(Flow::fingerprint);
    if let Ok(flow) = &flow
        && flow.client_request().is_some()
    {
        let theirs = flow.check_person(user.id(), inbound.clock.now());
        let theirs = theirs.map_err(LinkRefusal::NotTheirs);
        return match theirs {
            Ok(()) => client_consent::page(service, request.headers(), user, flow, &sealed),
            Err(refusal) => Err(refused(&refusal, named.as_deref(), user, inbound)),
        };
    }
    let checked = flow.and_then(|flow| {
        let visitor = visitor(inbound, request.headers(), user);
        flow.check(&visitor).map_err(LinkRefusal::NotTheirs)?;
        Ok(flow)
    });
    match checked {
        Ok(flow) => {
            let fingerprint = flow.fingerprint();
            Audit::ConsentStarted { user: user.id(), flow: &fingerprint, client: None }.record();
            telemetry::traces::flow("consent_started", &fingerprint);
            let mut reply = reply::see_other(flow.authorization_url().expose())?;
            carry(&mut reply, request.headers(), &fingerprint, sealed, inbound)?;
            Ok(reply)
        }
        Err(refusal) => Err(refused(&refusal, named.as_deref(), user, inbound)),
    }
}

/// The flow in `sealed`, to be judged.
fn open(sealed: &str, inbound: &Inbound) -> Result<Flow, LinkRefusal> {
    Flow::open(sealed, &inbound.consent_keys).ok_or(LinkRefusal::Malformed)
}

/// Gives the browser that sent `headers` the sealed flow, which it brings back after the consent.
pub(crate) fn carry(
    reply: &mut Reply,
    headers: &HeaderMap,
    fingerprint: &str,
    sealed: String,
    inbound: &Inbound,
) -> Result<(), Problem> {
    make_room(reply, headers, fingerprint, inbound)?;
    browser::carry(reply, fingerprint, sealed, &inbound.site)
}

/// The flow that a client asked for, in `sealed`, continued by `user` in `browser`.
pub(crate) fn continued(
    sealed: &str,
    user: &User,
    browser: Option<BrowserHash>,
    inbound: &Inbound,
) -> Result<Flow, Problem> {
    let flow = open(sealed, inbound);
    let named = flow.as_ref().ok().map(Flow::fingerprint);
    let continued = flow.and_then(|flow| {
        let continued = flow.continued_in(user.id(), browser, inbound.clock.now());
        continued.map_err(LinkRefusal::NotTheirs)
    });
    continued.map_err(|refusal| refused(&refusal, named.as_deref(), user, inbound))
}

/// `flow` is the fingerprint of the one that the link holds.
fn refused(refusal: &LinkRefusal, flow: Option<&str>, user: &User, inbound: &Inbound) -> Problem {
    let reason = refusal.code().as_str();
    Audit::ConsentRefused { user: user.id(), flow, reason }.record();
    refusal.problem(&inbound.agent)
}

impl LinkRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Malformed => Code::Malformed,
            Self::NotTheirs(FlowRefusal::AnotherUser) => Code::AnotherUser,
            Self::NotTheirs(FlowRefusal::AnotherBrowser) => Code::AnotherBrowser,
            Self::NotTheirs(FlowRefusal::NotContinued) => Code::NotContinued,
            Self::NotTheirs(FlowRefusal::Expired) => Code::Expired,
        }
    }

    fn problem(&self, agent: &AgentName) -> Problem {
        let (kind, heading, text) = match self {
            Self::Malformed => (
                Kind::InvalidRequest,
                "This link is incomplete",
                "Go back to the conversation and follow the link there again.",
            ),
            Self::NotTheirs(FlowRefusal::AnotherUser) => (
                Kind::Forbidden,
                "This request is not yours",
                "If somebody sent you this link, do not use it. Ask in a conversation of your own.",
            ),
            Self::NotTheirs(FlowRefusal::AnotherBrowser) => (
                Kind::Forbidden,
                "This was not asked for in this browser",
                "Consent in the same browser in which you are talking to {agent}. If \
                 somebody sent you this link, do not use it.",
            ),
            Self::NotTheirs(FlowRefusal::NotContinued) => (
                Kind::Forbidden,
                "You have not continued this request",
                "Open the link that your client shows, and continue there.",
            ),
            Self::NotTheirs(FlowRefusal::Expired) => (
                Kind::Gone,
                "This link is too old",
                "A link is good for ten minutes. Ask again in the conversation.",
            ),
        };
        Problem::new(kind, agent.within(text)).code(self.code()).headed(heading)
    }
}
