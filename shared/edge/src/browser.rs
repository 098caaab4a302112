//! Cookies: which browser this is, and the flows that it carries.
//!
//! Names and attributes follow RFC 6265bis: `__Host-` binds a cookie to this very host (section
//! 4.1.3.2), `HttpOnly` keeps it from scripts, `SameSite=Lax` lets it come back from the provider's
//! top-level redirect and from nothing else of another site.

use cookie::{
    Cookie, SameSite,
    time::{Duration, OffsetDateTime},
};
use http::{HeaderMap, HeaderValue, header};
use identity::{BrowserHash, BrowserSecret};
use vault::{Ended, Flow, SessionUri};

use crate::{problem::Problem, reply::Reply, site::Site};

const BROWSER_DAYS: i64 = 30;

/// How many cookies a load balancer's session takes at most ("Authenticate users using an
/// Application Load Balancer": it is split into shards of 4 KB).
const SESSION_SHARDS: u8 = 4;

/// The browser that sent these headers, if it has our cookie.
#[must_use]
pub fn secret(headers: &HeaderMap, site: &Site) -> Option<BrowserSecret> {
    BrowserSecret::parse(&value(headers, &name("countersign", site))?)
}

/// What stands for the browser that sent these headers, if it has our cookie.
#[must_use]
pub fn hash(headers: &HeaderMap, site: &Site) -> Option<BrowserHash> {
    secret(headers, site).map(|secret| secret.hash())
}

/// Gives a browser its secret, for 30 days.
///
/// # Errors
/// An internal problem when the cookie can't be in a header.
pub fn remember(reply: &mut Reply, secret: &BrowserSecret, site: &Site) -> Result<(), Problem> {
    set(reply, "countersign", secret.expose(), Duration::days(BROWSER_DAYS), site)
}

/// What the browser carries of the flow `session`, sealed: the flow, or that it is bound.
#[must_use]
pub fn flow(headers: &HeaderMap, session: &SessionUri, site: &Site) -> Option<String> {
    flow_of(headers, &session.fingerprint(), site)
}

/// What the browser carries of the flow with this fingerprint.
pub(crate) fn flow_of(headers: &HeaderMap, fingerprint: &str, site: &Site) -> Option<String> {
    value(headers, &name(&format!("flow-{fingerprint}"), site))
}

/// The fingerprints in the names of all the cookies that are called as flows are, each once, in the
/// order in which they came.
pub(crate) fn flow_fingerprints(headers: &HeaderMap, site: &Site) -> Vec<String> {
    let prefix = name("flow-", site);
    let is_fingerprint = |name: &&[u8]| {
        name.len() == 16 && name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let named = cookies(headers).filter_map(|cookie| {
        cookie.strip_prefix(prefix.as_bytes())?.split(|it| *it == b'=').next()
    });
    let mut all = Vec::new();
    for fingerprint in named.filter(is_fingerprint).map(String::from_utf8_lossy) {
        if !all.iter().any(|known| *known == fingerprint) {
            all.push(fingerprint.into_owned());
        }
    }
    all
}

/// Makes the browser forget what it carries of the flow with this fingerprint.
pub(crate) fn drop_flow(reply: &mut Reply, fingerprint: &str, site: &Site) -> Result<(), Problem> {
    set(reply, &format!("flow-{fingerprint}"), String::new(), Duration::ZERO, site)
}

/// Gives the browser what it is to carry of a flow, sealed, for as long as the flow can last.
///
/// # Errors
/// An internal problem when the cookie can't be in a header.
pub fn carry(
    reply: &mut Reply,
    fingerprint: &str,
    flow: impl Into<String>,
    site: &Site,
) -> Result<(), Problem> {
    let of = format!("flow-{fingerprint}");
    set(reply, &of, flow.into(), seconds(Flow::LIFETIME), site)
}

/// What the browser carries of a visit that ended as `code`, sealed.
#[must_use]
pub fn ended(headers: &HeaderMap, code: &str, site: &Site) -> Option<String> {
    value(headers, &name(&format!("ended-{code}"), site))
}

/// Gives the browser what proves to the next page that its visit ended as `code`.
///
/// # Errors
/// An internal problem when the cookie can't be in a header.
pub fn prove_end(
    reply: &mut Reply,
    code: &str,
    sealed: String,
    site: &Site,
) -> Result<(), Problem> {
    set(reply, &format!("ended-{code}"), sealed, seconds(Ended::LIFETIME), site)
}

/// Ends the load balancer's session, which is all in its cookies: the application is to let them
/// expire ("Authenticate users using an Application Load Balancer", "Authentication logout").
///
/// # Errors
/// An internal problem when a cookie can't be in a header.
pub fn end_session(reply: &mut Reply, site: &Site) -> Result<(), Problem> {
    for shard in 0..SESSION_SHARDS {
        let cookie = Cookie::build((format!("AWSELBAuthSessionCookie-{shard}"), ""))
            .path("/")
            .http_only(true)
            .secure(site.is_secure())
            .max_age(Duration::ZERO)
            .expires(OffsetDateTime::UNIX_EPOCH);
        append(reply, &cookie.build())?;
    }
    Ok(())
}

fn seconds(lifetime: std::time::Duration) -> Duration {
    Duration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX))
}

fn name(name: &str, site: &Site) -> String {
    if site.is_secure() { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of the cookie of exactly this name.
///
/// Compares bytes: other sites of the domain may have set cookies that are not text. Only ASCII
/// spaces are trimmed from a name: if Unicode's were, a cookie to which the browser did not apply the
/// `__Host-` rules would pass for one to which it did. If a cookie name occurs twice, ignores both:
/// one was set by someone else.
fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = cookies(headers)
        .filter_map(|cookie| cookie.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let (value, other) = (values.next()?, values.next());
    other.is_none().then(|| String::from_utf8(value.to_vec()).ok()).flatten()
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii)
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
    append(reply, &cookie)
}

fn append(reply: &mut Reply, cookie: &Cookie<'_>) -> Result<(), Problem> {
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
    fn a_cookie_is_found_among_others_of_the_domain() {
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
    fn a_cookie_that_another_site_of_the_domain_set_is_ignored() {
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
