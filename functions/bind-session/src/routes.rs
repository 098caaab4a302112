//! From a request to an answer.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use identity::{BrowserHash, User};
use lambda_http::Request;
use serde_json::json;
use service::{
    Inbound, Kind, Named, Problem, Reply, body, browser, reply,
    request::{self, query, refuse_cross_site, require_json},
    returned::ReturnedConsent,
    site::SESSION_BINDING_PATH,
    visit::refuse_speculation,
};
use telemetry::Audit;
use vault::{Bound, Ended, SessionUri};

use crate::{
    Service,
    binding::{self, Browser, Carried, Visit},
    outcome::Outcome,
    pages,
};

const RETRY: Duration = Duration::from_secs(5);

pub(crate) async fn answer(service: &Service, request: Request) -> Reply {
    request::answer(request, &service.inbound.site, |request| route(service, request)).await
}

async fn route(service: &Service, mut request: Request) -> Result<Reply, Problem> {
    match (request.uri().path(), request.method()) {
        ("/ping", &Method::GET | &Method::HEAD) => {
            reply::json(http::StatusCode::OK, &json!({ "status": "Healthy" }))
        }
        ("/ping", _) => Err(Problem::method_not_allowed("GET, HEAD")),
        (SESSION_BINDING_PATH, &Method::GET) => session_binding(service, &request).await,
        // A browser that a load balancer signs in comes here itself.
        (SESSION_BINDING_PATH, &Method::POST) if service.inbound.bearer => {
            returned(service, &mut request).await
        }
        (SESSION_BINDING_PATH, _) if service.inbound.bearer => {
            Err(Problem::method_not_allowed("GET, POST"))
        }
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
    let result = query(request, "result").next();
    let user = match service.inbound.user(headers).await {
        Err(problem) if problem.kind() == Kind::Unauthorized => {
            if result.is_none() {
                let session = only_session(request).ok();
                record(Outcome::NotSignedIn, None, session.as_ref());
            }
            if pages::wants_document(headers) {
                return Err(problem);
            }
            return Ok(pages::page(Outcome::NotSignedIn, None));
        }
        user => user?,
    };
    if let Some(code) = result {
        let outcome = Outcome::of_code(&code).ok_or_else(Problem::no_such_route)?;
        if !is_proven(service, request, &user, outcome) {
            return Ok(pages::nothing_happened(&Named::new(&user)));
        }
        return Ok(retry_later(pages::page(outcome, Some(&Named::new(&user))), outcome));
    }
    let session = only_session(request);
    let outcome = match &session {
        _ if query(request, "error").next().is_some() => not_consented(request),
        Ok(session) => visit(service, request, &user, session).await?,
        Err(outcome) => *outcome,
    };
    let session = session.ok();
    record(outcome, Some(&user), session.as_ref());
    present(service, request, &user, outcome, session.as_ref())
}

/// A browser that has come back from its consent.
async fn visit(
    service: &Service,
    request: &Request,
    user: &User,
    session: &SessionUri,
) -> Result<Outcome, Problem> {
    let flow = browser::flow(request.headers(), session, &service.inbound.site);
    let states: Vec<String> =
        binding::STATE_PARAMETERS.iter().flat_map(|name| query(request, name)).collect();
    let flow = match flow.as_deref() {
        None => Carried::Nothing,
        Some(sealed) if was_bound(service, sealed, user, session) => Carried::Done,
        Some(sealed) => Carried::Sealed(sealed),
    };
    attempt(service, request, user, session, flow, &states).await
}

/// Whether what the browser carries says that this user's flow is bound.
fn was_bound(service: &Service, sealed: &str, user: &User, session: &SessionUri) -> bool {
    let inbound = &service.inbound;
    Bound::open(sealed, &inbound.consent_keys).is_some_and(|bound| {
        bound.is_of_user(user.id())
            && bound.is_of_session(session)
            && !bound.has_expired(inbound.clock.now())
    })
}

/// Whether a visit of this user in this browser has just ended so. Anybody can send a link that says
/// it did.
fn is_proven(service: &Service, request: &Request, user: &User, outcome: Outcome) -> bool {
    let inbound = &service.inbound;
    let (headers, code) = (request.headers(), outcome.code());
    let sealed = browser::ended(headers, code, &inbound.site).unwrap_or_default();
    let (now, keys) = (inbound.clock.now(), &inbound.consent_keys);
    Ended::is_proven(&sealed, user.id(), browser_hash(inbound, headers), code, now, keys)
}

fn browser_hash(inbound: &Inbound, headers: &HeaderMap) -> Option<BrowserHash> {
    browser::secret(headers, &inbound.site).map(|browser| browser.hash())
}

/// An application that speaks for a browser that has come back to it.
async fn returned(service: &Service, request: &mut Request) -> Result<Reply, Problem> {
    refuse_cross_site(request.method(), request.headers(), &service.inbound.site)?;
    require_json(request.headers())?;
    let user = service.inbound.user(request.headers()).await?;
    body::read(request).await?;
    let returned: ReturnedConsent = request::json(request.body())?;
    let session = SessionUri::parse(returned.session_id).map_err(|_| Outcome::Malformed);
    let outcome = match &session {
        Ok(session) => {
            let (flow, states) = (Carried::Sealed(&returned.flow), [returned.state]);
            attempt(service, request, &user, session, flow, &states).await?
        }
        Err(outcome) => *outcome,
    };
    record(outcome, Some(&user), session.ok().as_ref());
    document(outcome)
}

/// Checks the visit, and binds if every check passes.
async fn attempt(
    service: &Service,
    request: &Request,
    user: &User,
    session: &SessionUri,
    flow: Carried<'_>,
    states: &[String],
) -> Result<Outcome, Problem> {
    let inbound = &service.inbound;
    let browser = browser::secret(request.headers(), &inbound.site);
    let browser =
        if inbound.browser_binding { Browser::Of(browser.as_ref()) } else { Browser::Any };
    let principal = inbound.principal(user)?;
    let (user, now) = (user.id(), inbound.clock.now());
    let visit = Visit { user, principal: &principal, browser, session, flow, states, now };
    Ok(match binding::check(&visit, &inbound.consent_keys) {
        Ok(checked) => binding::complete(checked, service.binder().await).await,
        Err(outcome) => outcome,
    })
}

/// Writes how it ended to the audit trail.
fn record(outcome: Outcome, user: Option<&User>, session: Option<&SessionUri>) {
    let flow = session.map(SessionUri::fingerprint);
    match (outcome, user, flow.as_deref()) {
        (Outcome::Connected, Some(user), Some(flow)) => {
            Audit::Bound { user: user.id(), flow }.record();
        }
        (Outcome::AlreadyConnected, Some(user), Some(flow)) => {
            Audit::BoundBefore { user: user.id(), flow }.record();
        }
        (Outcome::Unclear, Some(user), Some(flow)) => {
            Audit::BindingUnclear { user: user.id(), flow }.record();
        }
        (outcome, user, flow) => {
            let (user, reason) = (user.map(User::id), outcome.code());
            Audit::BindingRefused { user, flow, reason }.record();
        }
    }
}

/// Returns the one session that the address names. Two are refused: each check could see another.
fn only_session(request: &Request) -> Result<SessionUri, Outcome> {
    let mut sessions = query(request, "session_id");
    let session = sessions.next().ok_or(Outcome::NoSession)?;
    if sessions.next().is_some() {
        return Err(Outcome::Malformed);
    }
    SessionUri::parse(session).map_err(|_| Outcome::Malformed)
}

/// What the provider's `error` says (RFC 6749, section 4.1.2.1).
fn not_consented(request: &Request) -> Outcome {
    let is_declined = query(request, "error").any(|error| error == "access_denied");
    if is_declined { Outcome::Declined } else { Outcome::ProviderFailed }
}

/// Redirects a browser to a page with nothing secret in its address, and answers a program at once.
fn present(
    service: &Service,
    request: &Request,
    user: &User,
    outcome: Outcome,
    session: Option<&SessionUri>,
) -> Result<Reply, Problem> {
    let Inbound { site, consent_keys: keys, clock, .. } = &service.inbound;
    let (id, now) = (user.id().clone(), clock.now());
    let mut reply = if pages::wants_document(request.headers()) {
        document(outcome)?
    } else {
        let code = outcome.code();
        let page = site.address(&format!("{SESSION_BINDING_PATH}?result={code}"));
        let mut reply = reply::see_other(&page)?;
        let browser = browser_hash(&service.inbound, request.headers());
        let ended = Ended::new(id.clone(), browser, code, now).seal(keys);
        browser::prove_end(&mut reply, code, ended.map_err(Problem::internal)?, site)?;
        reply
    };
    if let (Outcome::Connected, Some(session)) = (outcome, session) {
        let bound = Bound::new(id, session, now).seal(keys).map_err(Problem::internal)?;
        browser::carry(&mut reply, &session.fingerprint(), bound, site)?;
    }
    Ok(reply)
}

/// The outcome for a program.
fn document(outcome: Outcome) -> Result<Reply, Problem> {
    pages::document(outcome).map_err(|problem| match problem.kind() {
        Kind::UpstreamUnavailable => problem.retry_after(RETRY),
        _ => problem,
    })
}

fn retry_later(mut reply: Reply, outcome: Outcome) -> Reply {
    if outcome.may_pass() {
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY.as_secs()));
    }
    reply
}
