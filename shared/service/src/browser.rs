//! Cookies: which browser this is, and the flows that it carries.
//!
//! Names and attributes follow RFC 6265bis: `__Host-` binds a cookie to this very host (section
//! 4.1.3.2), `HttpOnly` keeps it from scripts, `SameSite=Lax` lets it come back from the provider's
//! top-level redirect and from nothing else of another site.

use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};
use identity::BrowserSecret;
use vault::{Flow, SessionUri};

use crate::{problem::Problem, reply::Reply, site::Site};

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

/// The value of the cookie of exactly this name.
///
/// By bytes: other sites of the domain may have put what is no text beside it. Only spaces go from
/// around a name: where more is taken for blank (Unicode's own), a cookie that the browser did not
/// hold to the `__Host-` rules passes for one that it did. Two cookies of one name are none, since
/// one of them is not ours.
fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let mut values = lines
        .flat_map(|line| line.split(|byte| *byte == b';'))
        .filter_map(|cookie| cookie.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let (value, other) = (values.next()?, values.next());
    other.is_none().then(|| String::from_utf8(value.to_vec()).ok()).flatten()
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
    let line = HeaderValue::from_str(&cookie.to_string()).map_err(Problem::internal)?;
    reply.headers_mut().append(header::SET_COOKIE, line);
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::{name, value};
    use crate::site::Site;

    fn read(cookies: &[&str]) -> Option<String> {
        let site = Site::parse("https://agent.example/oauth2/session-binding").unwrap();
        let line =
            |line: &&str| (header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        let mut headers = HeaderMap::new();
        for (header, line) in cookies.iter().map(line) {
            headers.append(header, line);
        }
        value(&headers, &name("countersign", &site))
    }

    #[test]
    fn a_cookie_is_found_beside_whatever_else_the_domain_has() {
        for cookies in [
            &["__Host-countersign=ours"][..],
            &["a=b;  __Host-countersign=ours;c"],
            &["a=b", "__Host-countersign=ours"],
            &["umlaut=ü; __Host-countersign=ours; \u{1f36a}=1"],
        ] {
            assert_eq!(read(cookies).as_deref(), Some("ours"), "{cookies:?}");
        }
    }

    #[test]
    fn what_another_site_of_the_domain_can_set_does_not_pass_for_ours() {
        for cookies in [
            &["countersign=theirs"][..],
            &["__host-countersign=theirs"],
            &["\u{2000}__Host-countersign=theirs"],
            &["__Host-countersign\u{a0}=theirs"],
            &["a=__Host-countersign=theirs"],
            &["__Host-countersign"],
            &["__Host-countersign=ours; __Host-countersign=theirs"],
            &["__Host-countersign=ours", "__Host-countersign=theirs"],
        ] {
            assert_eq!(read(cookies), None, "{cookies:?}");
        }
    }
}
