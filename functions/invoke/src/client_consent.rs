//! The consent that a client asks for: `GET /consent` shows it, and a click on that page continues it.
//!
//! Such a flow began in no browser, so that there is none to compare. A link to it may have come from
//! anybody: an attacker's client, or a message. Nothing goes on by opening it. The page says who asks (the
//! person who is signed in, and that is checked), through which client, when, and for what; a click sends
//! the flow back, from this page alone, and seals it anew for this browser, which every later check then
//! compares with.

use edge::{
    Icon, Named, Page, PersonMark, Problem, Question, Reply, browser, reply,
    request::{self, refuse_cross_site, require_json},
};
use http::{HeaderMap, StatusCode};
use identity::{BrowserSecret, User};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;
use telemetry::Audit;
use time::{OffsetDateTime, macros::format_description};
use utoipa::ToSchema;
use vault::{ClientRequest, Flow};

use crate::{consent_page, state::Service};

/// A click on the page of a consent that a client asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentContinued {
    /// As in the page's address.
    flow: String,
    // Described by its type: with words of its own, it would be an `allOf` of a string and an object.
    #[schema(inline)]
    #[serde(rename = "choice")]
    _choice: Choice,
}

/// What a person says to a consent that a client asks for; to decline, they leave the page.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Choice {
    /// They go on to the provider.
    Continue,
}

/// Where to consent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentLocation {
    /// The provider's page.
    #[schema(format = "uri")]
    location: String,
}

/// Shows `user` what a client asks for.
pub(crate) fn page(
    service: &Service,
    headers: &HeaderMap,
    user: &User,
    flow: &Flow,
    sealed: &str,
) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    let (visitor, mark) = (Named::new(user), PersonMark::new(user, &inbound.consent_keys));
    let Some(request) = flow.client_request() else { return Err(Problem::no_such_route()) };
    let about = about(flow, request);
    let question = Question {
        about: &about,
        answers: &[("continue", "Continue")],
        sends: &json!({ "flow": sealed }),
        mark: &mark,
    };
    let page = Page {
        agent: Some(&inbound.agent),
        icon: Icon::Note,
        heading: &format!("Connect {}?", request.provider),
        text: "A client asks for it in your name. Continue only if you use this client and have just asked \
               it for something. If somebody sent you this link, do not use it.",
        next: "Leave it",
        visitor: Some(&visitor),
        request_id: None,
        script: None,
        question: Some(question),
    };
    let mut reply = page.into_reply(StatusCode::OK);
    if inbound.browser_binding && browser::secret(headers, &inbound.site).is_none() {
        browser::remember(&mut reply, &new_browser()?, &inbound.site)?;
    }
    Ok(reply)
}

fn about(flow: &Flow, request: &ClientRequest) -> Vec<(&'static str, String)> {
    let mut about = vec![
        ("Client, as it calls itself", invisible::shown(request.client.as_str())),
        ("When", when(flow)),
        ("For", request.provider.clone()),
    ];
    if !request.scopes.is_empty() {
        about.push(("It may then", request.scopes.join(" ")));
    }
    about.extend(request.choice.clone().map(|choice| ("You choose there", choice)));
    about
}

fn when(flow: &Flow) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from(flow.began_at()).format(format).unwrap_or_default()
}

/// Continues the flow in the browser of `user`, who has clicked, and says where to consent.
pub(crate) async fn continued(
    service: &Service,
    request: &mut Request,
    user: &User,
) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    refuse_cross_site(request.method(), request.headers(), &inbound.site)?;
    require_json(request.headers())?;
    service.limits.read(user.id(), request).await?;
    let ConsentContinued { flow: sealed, .. } = request::json(request.body())?;
    let known = browser::secret(request.headers(), &inbound.site);
    let is_new = inbound.browser_binding && known.is_none();
    let browser = match inbound.browser_binding {
        true => Some(known.map_or_else(new_browser, Ok)?),
        false => None,
    };
    let client = Flow::open(&sealed, &inbound.consent_keys);
    let client = client.and_then(|flow| Some(flow.client_request()?.client.clone()));
    let hash = browser.as_ref().map(BrowserSecret::hash);
    let flow = consent_page::continued(&sealed, user, hash, inbound)?;
    let fingerprint = flow.fingerprint();
    let client = client.as_ref().map(vault::ClientName::as_str);
    Audit::ConsentStarted { user: user.id(), flow: &fingerprint, client }.record();
    let location = flow.authorization_url().expose().to_owned();
    let mut reply = reply::json(StatusCode::OK, &ConsentLocation { location })?;
    let sealed = flow.seal(&inbound.consent_keys).map_err(Problem::internal)?;
    consent_page::carry(&mut reply, request.headers(), &fingerprint, sealed, inbound)?;
    if let Some(browser) = browser.filter(|_| is_new) {
        browser::remember(&mut reply, &browser, &inbound.site)?;
    }
    Ok(reply)
}

fn new_browser() -> Result<BrowserSecret, Problem> {
    BrowserSecret::generate().map_err(Problem::internal)
}
