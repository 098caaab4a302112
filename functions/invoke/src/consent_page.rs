//! `GET /consent`: gives the browser the sealed flow and redirects it to the provider.
//!
//! The link in an interrupt leads here and not straight to the provider, because this page checks
//! that person and browser are those that asked, and because the browser needs the sealed flow as a
//! cookie before it leaves.

use edge::{
    AgentName, Code, Kind, Problem, Reply, browser, open_flows::make_room, reply, request::query,
    visit::visitor,
};
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

/// Redirects `user` to the provider.
///
/// # Errors
/// With the reason for refusing.
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
            Audit::ConsentRefused { user: user.id(), reason: refusal.code().as_str() }.record();
            Err(refusal.problem(&inbound.agent))
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
    fn code(&self) -> Code {
        match self {
            Self::Malformed => Code::Malformed,
            Self::NotTheirs(FlowRefusal::AnotherUser) => Code::AnotherUser,
            Self::NotTheirs(FlowRefusal::AnotherBrowser) => Code::AnotherBrowser,
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
            Self::NotTheirs(FlowRefusal::Expired) => (
                Kind::Gone,
                "This link is too old",
                "A link is good for ten minutes. Ask again in the conversation.",
            ),
        };
        Problem::new(kind, agent.within(text)).code(self.code()).headed(heading)
    }
}
