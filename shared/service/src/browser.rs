//! Cookies: which browser this is, and the flows that it carries.
//!
//! Names and attributes follow RFC 6265bis: `__Host-` binds a cookie to this very host (section
//! 4.1.3.2), `HttpOnly` keeps it from scripts, `SameSite=Lax` lets it come back from the provider's
//! top-level redirect and from nothing else of another site.

use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};
use identity::BrowserSecret;
use vault::{Flow, SessionUri};

use crate::{
    problem::{Kind, Problem},
    reply::Reply,
    site::Site,
};

const BROWSER_DAYS: i64 = 30;

/// What a flow's cookie holds once the flow is bound, so that a reload can say so.
pub const DONE: &str = "done";

/// The browser that sent these headers, if it has our cookie.
#[must_use]
pub fn secret(headers: &HeaderMap, site: &Site) -> Option<BrowserSecret> {
    BrowserSecret::parse(&value(headers, &name("countersign", site))?)
}

/// Gives a browser its secret, for 30 days.
///
/// # Errors
/// An internal problem when the cookie can't be in a header.
pub fn remember(reply: &mut Reply, secret: &BrowserSecret, site: &Site) -> Result<(), Problem> {
    set(reply, "countersign", secret.expose(), Duration::days(BROWSER_DAYS), site)
}

/// What the browser carries of the flow `session`: sealed, or [`DONE`].
#[must_use]
pub fn flow(headers: &HeaderMap, session: &SessionUri, site: &Site) -> Option<String> {
    value(headers, &name(&format!("flow-{}", session.fingerprint()), site))
}

/// Gives the browser a flow to carry (sealed, or [`DONE`]) for as long as the flow can last.
///
/// # Errors
/// An internal problem when the cookie can't be in a header.
pub fn carry(
    reply: &mut Reply,
    fingerprint: &str,
    flow: impl Into<String>,
    site: &Site,
) -> Result<(), Problem> {
    let lifetime = i64::try_from(Flow::LIFETIME.as_secs()).unwrap_or(i64::MAX);
    set(reply, &format!("flow-{fingerprint}"), flow.into(), Duration::seconds(lifetime), site)
}

fn name(name: &str, site: &Site) -> String {
    if site.is_secure() { format!("__Host-{name}") } else { name.to_owned() }
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

fn set(
    reply: &mut Reply,
    of: &str,
    value: String,
    lifetime: Duration,
    site: &Site,
) -> Result<(), Problem> {
    let cookie = Cookie::build((name(of, site), value))
        .path("/")
        .http_only(true)
        .secure(site.is_secure())
        .same_site(SameSite::Lax)
        .max_age(lifetime)
        .build();
    let line = HeaderValue::from_str(&cookie.to_string())
        .map_err(|error| Problem::new(Kind::Internal, "A cookie failed.").because(error))?;
    reply.headers_mut().append(header::SET_COOKIE, line);
    Ok(())
}
