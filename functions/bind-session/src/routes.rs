//! From a request to an answer.

use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method, header};
use identity::User;
use lambda_http::Request;
use serde_json::json;
use service::{
    Kind, Problem, Reply,
    browser::{self, DONE},
    reply,
    request::{self, query},
    site::SESSION_BINDING_PATH,
    visit::refuse_speculation,
};
use telemetry::Audit;
use vault::SessionUri;

use crate::{
    Service,
    binding::{self, Visit},
    outcome::Outcome,
    pages,
};

const RETRY: Duration = Duration::from_secs(5);

pub(crate) async fn answer(service: &Service, request: Request) -> Reply {
    request::answer(request, |request| route(service, request)).await
}

async fn route(service: &Service, request: Request) -> Result<Reply, Problem> {
    match (request.uri().path(), request.method()) {
        ("/ping", &Method::GET | &Method::HEAD) => {
            reply::json(http::StatusCode::OK, &json!({ "status": "Healthy" }))
        }
        ("/ping", _) => Err(Problem::method_not_allowed("GET, HEAD")),
        (SESSION_BINDING_PATH, &Method::GET) => session_binding(service, &request).await,
        (SESSION_BINDING_PATH, _) => Err(Problem::method_not_allowed("GET")),
        _ => Err(Problem::no_such_route()),
    }
}

async fn session_binding(service: &Service, request: &Request) -> Result<Reply, Problem> {
    let (headers, site) = (request.headers(), &service.inbound.site);
    refuse_speculation(headers)?;
    if !site.is_asked(headers) {
        let path =
            request.uri().path_and_query().map_or(SESSION_BINDING_PATH, |path| path.as_str());
        return reply::temporary(&site.address(path));
    }
    let user = match service.inbound.user(headers).await {
        Err(problem) if problem.kind() == Kind::Unauthorized && !pages::wants_document(headers) => {
            return Ok(pages::not_signed_in());
        }
        user => user?,
    };
    if let Some(code) = query(request, "result").next() {
        let outcome = Outcome::of_code(&code).ok_or_else(Problem::no_such_route)?;
        return Ok(retry_later(pages::page(outcome), outcome));
    }
    let (outcome, session) = bind(service, request, &user).await;
    present(service, request, outcome, session.as_ref())
}

/// Does what the visit asks for, if it may, and records how it ended.
async fn bind(service: &Service, request: &Request, user: &User) -> (Outcome, Option<SessionUri>) {
    let session = only_session(request);
    let outcome = match &session {
        Some(session) => attempt(service, request, user, session).await,
        None if is_declined(request) => Outcome::Declined,
        None => Outcome::Malformed,
    };
    let flow = session.as_ref().map(SessionUri::fingerprint);
    match (outcome, flow.as_deref()) {
        (Outcome::Connected, Some(flow)) => Audit::Bound { user: user.id(), flow }.record(),
        (outcome, flow) => {
            let reason = outcome.code();
            Audit::BindingRefused { user: Some(user.id()), flow, reason }.record();
        }
    }
    (outcome, session)
}

async fn attempt(
    service: &Service,
    request: &Request,
    user: &User,
    session: &SessionUri,
) -> Outcome {
    if is_declined(request) {
        return Outcome::Declined;
    }
    let (headers, inbound) = (request.headers(), &service.inbound);
    let flow = browser::flow(headers, session, &inbound.site);
    let browser = browser::secret(headers, &inbound.site);
    let visit = Visit {
        user: user.id(),
        browser: browser.as_ref(),
        session,
        flow: flow.as_deref(),
        states: &binding::STATE_PARAMETERS
            .iter()
            .flat_map(|name| query(request, name))
            .collect::<Vec<_>>(),
        now: SystemTime::now(),
    };
    match binding::check(&visit, &inbound.consent_keys) {
        Ok(checked) => binding::complete(checked, &service.binder).await,
        Err(outcome) => outcome,
    }
}

/// The one session that the address names; two would let each check see another one.
fn only_session(request: &Request) -> Option<SessionUri> {
    let mut sessions = query(request, "session_id");
    let session = sessions.next()?;
    if sessions.next().is_some() { None } else { SessionUri::parse(session).ok() }
}

/// RFC 6749, section 4.1.2.1.
fn is_declined(request: &Request) -> bool {
    query(request, "error").next().is_some()
}

/// A browser is sent on to a page with nothing secret in its address; a program is told at once.
fn present(
    service: &Service,
    request: &Request,
    outcome: Outcome,
    session: Option<&SessionUri>,
) -> Result<Reply, Problem> {
    let site = &service.inbound.site;
    let mut reply = if pages::wants_document(request.headers()) {
        pages::document(outcome).map_err(|problem| match outcome {
            Outcome::Unavailable => problem.retry_after(RETRY),
            _ => problem,
        })?
    } else {
        reply::see_other(
            &site.address(&format!("{SESSION_BINDING_PATH}?result={}", outcome.code())),
        )?
    };
    if let (Outcome::Connected, Some(session)) = (outcome, session) {
        browser::carry(&mut reply, &session.fingerprint(), DONE, site)?;
    }
    Ok(reply)
}

fn retry_later(mut reply: Reply, outcome: Outcome) -> Reply {
    if outcome == Outcome::Unavailable {
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY.as_secs()));
    }
    reply
}
