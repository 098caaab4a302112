//! The routes: parse a callback, check and complete it, and answer with the outcome.

use std::sync::Arc;

use edge::{
    Inbound, Kind, Named, Problem, Reply, body, browser, reply,
    request::{self, query, refuse_cross_site, require_json},
    shell::to_the_end,
    site::SESSION_BINDING_PATH,
    visit::{refuse_speculation, visitor},
    wants_document,
};
use http::{HeaderMap, Method};
use identity::User;
use lambda_http::Request;
use serde_json::json;
use telemetry::Audit;
use vault::{Bound, Ended, SessionUri};

use crate::{binding, callback::Callback, outcome::Outcome, pages, state::Service};

/// Goes on if the browser disconnects, so that a binding is audited even then.
pub(crate) async fn answer(service: &Arc<Service>, request: Request) -> Reply {
    let route = |request| to_the_end(route(Arc::clone(service), request));
    request::answer(request, &service.inbound, route).await
}

async fn route(service: Arc<Service>, mut request: Request) -> Result<Reply, Problem> {
    let service = &*service;
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
                let callback = Callback::from_redirect(request, site);
                record(Outcome::NotSignedIn, None, callback.session());
            }
            if wants_document(headers) {
                return Err(problem);
            }
            return pages::page(Outcome::NotSignedIn, None, &service.inbound.agent);
        }
        user => user?,
    };
    let page = match result {
        Some(code) => result_page(service, headers, &user, &code),
        None => completion(service, request, &user).await,
    };
    page.map_err(|problem| problem.seen_by(Named::new(&user)))
}

/// Completes a consent as the provider's redirect asks for, and says how it ended.
async fn completion(service: &Service, request: &Request, user: &User) -> Result<Reply, Problem> {
    let (headers, site) = (request.headers(), &service.inbound.site);
    let callback = Callback::from_redirect(request, site);
    let outcome = attempt(service, headers, user, &callback).await?;
    record(outcome, Some(user), callback.session());
    present(service, headers, user, outcome, callback.session())
}

/// The page that says how a visit ended, to the person and in the browser that it ended for. Anybody
/// can send a link to it.
fn result_page(
    service: &Service,
    headers: &HeaderMap,
    user: &User,
    code: &str,
) -> Result<Reply, Problem> {
    let Inbound { site, consent_keys: keys, clock, agent, .. } = &service.inbound;
    let (visitor, now) = (Named::new(user), clock.now());
    let outcome = Outcome::from_code(code).ok_or_else(Problem::no_such_route)?;
    let browser = browser::hash(headers, site);
    let is_proven = browser::ended(headers, code, site)
        .is_some_and(|sealed| Ended::is_proven(&sealed, user.id(), browser, code, now, keys));
    if is_proven {
        pages::page(outcome, Some(&visitor), agent)
    } else {
        Ok(pages::nothing_happened(&visitor, agent))
    }
}

/// An application that speaks for a browser that has come back to it.
async fn returned(service: &Service, request: &mut Request) -> Result<Reply, Problem> {
    refuse_cross_site(request.method(), request.headers(), &service.inbound.site)?;
    require_json(request.headers())?;
    let user = service.inbound.user(request.headers()).await?;
    body::read(request).await?;
    let callback = Callback::from_json(request.body())?;
    let outcome = attempt(service, request.headers(), &user, &callback).await?;
    record(outcome, Some(&user), callback.session());
    pages::document(outcome, &service.inbound.agent)
}

/// Completes the consent of `callback`, if it may be completed by this user in this browser.
async fn attempt(
    service: &Service,
    headers: &HeaderMap,
    user: &User,
    callback: &Callback,
) -> Result<Outcome, Problem> {
    let inbound = &service.inbound;
    let consent = match callback {
        Callback::Consented(consent) => consent,
        Callback::Ended { outcome, .. } => return Ok(*outcome),
    };
    let principal = inbound.principal(user)?;
    let visitor = visitor(inbound, headers, user);
    Ok(match binding::check(consent, &visitor, &principal, &inbound.consent_keys) {
        Ok(checked) => binding::complete(checked, service.binder().await).await,
        Err(outcome) => outcome,
    })
}

/// Writes the outcome to the audit trail.
fn record(outcome: Outcome, user: Option<&User>, session: Option<&SessionUri>) {
    let flow = session.map(SessionUri::fingerprint);
    if let Some(flow) = &flow {
        let is_bound = matches!(outcome, Outcome::Connected | Outcome::AlreadyConnected);
        telemetry::traces::flow(if is_bound { "bound" } else { "binding_refused" }, flow);
    }
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

/// Redirects a browser to a page with nothing secret in its address, and answers a program at once.
fn present(
    service: &Service,
    headers: &HeaderMap,
    user: &User,
    outcome: Outcome,
    session: Option<&SessionUri>,
) -> Result<Reply, Problem> {
    let Inbound { site, consent_keys: keys, clock, .. } = &service.inbound;
    let (id, now) = (user.id().clone(), clock.now());
    let mut reply = if wants_document(headers) {
        pages::document(outcome, &service.inbound.agent)?
    } else {
        let code = outcome.code();
        let page = site.address(&format!("{SESSION_BINDING_PATH}?result={code}"));
        let mut reply = reply::see_other(&page)?;
        let browser = browser::hash(headers, site);
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
