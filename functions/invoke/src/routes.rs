//! From a request to an answer.

use std::{sync::Arc, time::Duration};

use edge::{
    Named, PersonMark, Problem, Reply, browser, reply,
    request::{self, refuse_cross_site, require_json},
    visit::refuse_speculation,
};
use http::{HeaderMap, Method, StatusCode, header};
use identity::{BrowserHash, BrowserSecret, User};
use lambda_http::{Request, RequestExt};
use session::SessionId;
use vault::ProviderName;

use crate::{
    assets, chat, client_consent, connections, consent_page, deadline, docs,
    invocation::Invocation,
    mcp::{self, confirm_page, metadata},
    openapi, ping, sessions,
    settings::{MCP_METADATA, MCP_PATH},
    sign_out,
    state::Service,
    turns,
};

const READ: &str = "GET, HEAD";

/// The routes, by path.
enum Route {
    Ping,
    Invocations,
    SignOut,
    Sessions,
    Session(SessionId),
    Connections,
    Connection(ProviderName),
    OpenApi,
    Chat,
    Asset(String),
    Docs(String),
    Consent,
    Confirm,
    Mcp,
    McpMetadata,
}

impl Route {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/ping" => Self::Ping,
            "/invocations" => Self::Invocations,
            "/sign-out" => Self::SignOut,
            "/sessions" => Self::Sessions,
            "/connections" => Self::Connections,
            "/openapi.json" => Self::OpenApi,
            "/" => Self::Chat,
            "/docs" => Self::Docs(String::new()),
            "/consent" => Self::Consent,
            "/confirm" => Self::Confirm,
            MCP_PATH => Self::Mcp,
            MCP_METADATA | "/.well-known/oauth-protected-resource" => Self::McpMetadata,
            _ => Self::below(path)?,
        })
    }

    /// The routes that have a name in their path.
    fn below(path: &str) -> Option<Self> {
        let (first, name) = path.strip_prefix('/')?.split_once('/')?;
        Some(match first {
            "sessions" => Self::Session(SessionId::parse(name).ok()?),
            "connections" => Self::Connection(ProviderName::parse(name).ok()?),
            "c" => SessionId::parse(name).ok().map(|_| Self::Chat)?,
            "assets" => Self::Asset(name.to_owned()),
            "docs" => Self::Docs(name.to_owned()),
            _ => return None,
        })
    }

    fn methods(&self) -> &'static str {
        match self {
            Self::Invocations | Self::SignOut | Self::Mcp => "POST",
            Self::Consent | Self::Confirm => "GET, POST",
            Self::Session(_) => "GET, HEAD, DELETE",
            Self::Connection(_) => "DELETE",
            Self::Ping
            | Self::Sessions
            | Self::Connections
            | Self::OpenApi
            | Self::McpMetadata
            | Self::Chat
            | Self::Asset(_)
            | Self::Docs(_) => READ,
        }
    }

    fn allows(&self, method: &Method) -> bool {
        self.methods().split(", ").any(|allowed| allowed == method.as_str())
    }
}

pub(crate) async fn answer(service: &Arc<Service>, request: Request) -> Reply {
    let inbound = &service.settings.inbound;
    request::answer(request, inbound, |request| route(service, request)).await
}

async fn route(service: &Arc<Service>, request: Request) -> Result<Reply, Problem> {
    let route = Route::at(request.uri().path()).ok_or_else(Problem::no_such_route)?;
    let door = service.settings.other_agents.as_ref();
    if door.is_none() && matches!(route, Route::Mcp | Route::McpMetadata | Route::Confirm) {
        return Err(Problem::no_such_route());
    }
    if !route.allows(request.method()) {
        return Err(Problem::method_not_allowed(route.methods()));
    }
    match route {
        Route::Ping => return ping::answer(service),
        Route::OpenApi => return open_api(service).await,
        Route::Mcp => return Box::pin(mcp::answer(service, request)).await,
        Route::McpMetadata => return metadata::answer(service),
        _ => {}
    }
    let user = service.settings.inbound.user(request.headers()).await?;
    let visitor = Named::new(&user);
    let reply = Box::pin(signed_in(service, request, route, user)).await;
    reply.map_err(|problem| problem.seen_by(visitor))
}

/// The routes for `user`. Those that do more than show a file are boxed, here and above: a future has the size
/// of its largest part, so that `/ping` would allocate what a turn needs.
async fn signed_in(
    service: &Arc<Service>,
    mut request: Request,
    route: Route,
    user: User,
) -> Result<Reply, Problem> {
    let path = request.uri().path();
    match route {
        Route::Ping => ping::answer(service),
        Route::OpenApi => open_api(service).await,
        Route::Mcp => Box::pin(mcp::answer(service, request)).await,
        Route::McpMetadata => metadata::answer(service),
        Route::Invocations => Box::pin(invocations(service, &mut request, user)).await,
        Route::Sessions => Box::pin(sessions::list(service, &request, &user)).await,
        Route::Session(id) => Box::pin(sessions::one(service, &request, &user, &id)).await,
        Route::Connections => Box::pin(connections::list(service, &request, &user)).await,
        Route::Connection(name) => {
            Box::pin(connections::remove(service, &request, &user, &name)).await
        }
        Route::SignOut => sign_out::answer(service, &request, &user),
        Route::Chat => page(service, &request, || Ok(chat::page(service, &user))),
        Route::Asset(file) => assets::file(&file),
        Route::Docs(_) if path == "/docs" => reply::see_other("/docs/"),
        Route::Docs(file) if file.is_empty() => {
            page(service, &request, || docs::file(&file, request.headers(), &mark(service, &user)))
        }
        Route::Docs(file) => docs::file(&file, request.headers(), &mark(service, &user)),
        Route::Confirm => Box::pin(confirm_page::answer(service, &mut request, &user)).await,
        Route::Consent if request.method() == Method::POST => {
            Box::pin(client_consent::continued(service, &mut request, &user)).await
        }
        Route::Consent => {
            refuse_speculation(request.headers())?;
            consent_page::answer(service, &request, &user)
        }
    }
}

/// Returns the OpenAPI document. It is the same for everybody, so it needs no sign-in.
async fn open_api(service: &Service) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    let other_agents = service.settings.other_agents.is_some();
    let document = || async { openapi::document(&inbound.site, inbound.bearer, other_agents) };
    let document = service.description.get_or_try_init(document).await;
    let document = document.map_err(Problem::internal)?;
    Ok(reply::body(StatusCode::OK, "application/json", document.clone()))
}

async fn invocations(
    service: &Arc<Service>,
    request: &mut Request,
    user: User,
) -> Result<Reply, Problem> {
    let site = &service.settings.inbound.site;
    refuse_cross_site(request.method(), request.headers(), site)?;
    require_json(request.headers())?;
    service.limits.read(user.id(), request).await?;
    let headers = request.headers();
    let invocation = Invocation::parse(request.body(), headers)?;

    let time = deadline::time_left(service, request.lambda_context_ref());
    let wants_events = invocation.run.is_some() || wants_events(headers);
    if !service.settings.inbound.browser_binding {
        return invoke(service, user, None, (invocation, wants_events), time).await;
    }
    let known = browser::secret(headers, site);
    let is_new = known.is_none();
    let browser = known.map_or_else(new_browser, Ok)?;
    let hash = Some(browser.hash());
    let mut reply = invoke(service, user, hash, (invocation, wants_events), time).await?;
    if is_new {
        browser::remember(&mut reply, &browser, site)?;
    }
    Ok(reply)
}

async fn invoke(
    service: &Arc<Service>,
    user: User,
    browser: Option<BrowserHash>,
    (invocation, wants_events): (Invocation, bool),
    time: Duration,
) -> Result<Reply, Problem> {
    let service = Arc::clone(service);
    if wants_events {
        return Ok(reply::events(turns::stream(service, user, browser, invocation, time).await?));
    }
    let answer = turns::run(service, user, browser, invocation, time).await?;
    reply::json(StatusCode::OK, &answer)
}

/// Whether the caller takes server-sent events, and no JSON (RFC 9110, section 12.5.1).
fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = |essence: &str| {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
        let mut types = values.flat_map(|value| value.split(','));
        types.any(|it| it.split(';').next().is_some_and(|it| it.trim() == essence))
    };
    accepts("text/event-stream") && !accepts("application/json")
}

/// Returns a page for a person: redirects to the site's own name if another was asked for, and sets
/// the browser cookie if it is absent.
fn page(
    service: &Service,
    request: &Request,
    make: impl FnOnce() -> Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    let (headers, site): (&HeaderMap, _) = (request.headers(), &service.settings.inbound.site);
    if !site.is_asked(headers) {
        return reply::temporary(&site.address(request.uri().path()));
    }
    let mut reply = make()?;
    if service.settings.inbound.browser_binding && browser::secret(headers, site).is_none() {
        browser::remember(&mut reply, &new_browser()?, site)?;
    }
    Ok(reply)
}

fn mark(service: &Service, user: &User) -> PersonMark {
    PersonMark::new(user, &service.settings.inbound.consent_keys)
}

fn new_browser() -> Result<BrowserSecret, Problem> {
    BrowserSecret::generate().map_err(Problem::internal)
}
