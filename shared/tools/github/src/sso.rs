//! What GitHub says of single sign-on (SAML) in `X-GitHub-SSO`: GitHub, "Authenticating to the REST API",
//! "Personal access tokens and SAML SSO".
//!
//! The link carries an authorization request of the user's. It is for the user alone, and it is one of
//! GitHub's own site, or there is none.

use agent::tool::Notice;
use http::HeaderMap;
use url::{Host, Url};

const HEADER: &str = "x-github-sso";
const MAX_LINK: usize = 2_048;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sso {
    /// The organization demands a sign-on, by this link.
    Required(Option<Url>),
    /// What belongs to these organizations is left out of the answer.
    Partial(Vec<u64>),
}

impl Sso {
    /// What the header says in an answer of the API at `api`.
    pub(crate) fn read(headers: &HeaderMap, api: &Url) -> Option<Self> {
        let header = headers.get(HEADER)?.to_str().ok()?;
        let (kind, rest) = header.split_once(';').unwrap_or((header, ""));
        let value = rest.split_once('=').map(|(_, value)| value.trim()).unwrap_or_default();
        match kind.trim() {
            "required" => Some(Self::Required(link(value, api))),
            "partial-results" => {
                let ids = value.split(',').filter_map(|id| id.trim().parse().ok());
                Some(Self::Partial(ids.collect()))
            }
            _ => None,
        }
    }
}

fn link(text: &str, api: &Url) -> Option<Url> {
    let link = Url::parse(text).ok().filter(|_| text.len() <= MAX_LINK)?;
    let is_plain = link.username().is_empty() && link.password().is_none();
    let is_sign_on = ["/orgs/", "/enterprises/"].iter().any(|it| link.path().starts_with(it));
    let host = link.host_str()?;
    let is_public = link.scheme() == "https" && link.port().is_none();
    let is_site = is_public && (host == "github.com" || Some(host) == site(api));
    // A stand-in on this machine, at a port of its own.
    let is_local = is_loopback(api) && link.host() == api.host();
    (is_plain && is_sign_on && (is_site || is_local)).then_some(link)
}

/// The host of the site that belongs to an API: `api.github.com` and `api.NAME.ghe.com` have one of
/// their own, and GitHub Enterprise Server has one for both.
fn site(api: &Url) -> Option<&str> {
    let host = api.host_str()?;
    Some(host.strip_prefix("api.").unwrap_or(host))
}

fn is_loopback(api: &Url) -> bool {
    match api.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// For the user: where they sign on.
pub(crate) fn notice(link: &Url) -> Notice {
    let organization = link.path_segments().and_then(|mut it| it.nth(1)).unwrap_or_default();
    let text = format!(
        "GitHub shows this only after a single sign-on for {organization}. Open this link, allow it there, \
         and ask again: {link}"
    );
    Notice { about: format!("single sign-on for {organization}"), text }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::Sso;

    const LINK: &str = "https://github.com/orgs/bigcorp/sso?authorization_request=AZSCKL";

    fn read(value: &str, api: &str) -> Option<Sso> {
        let mut headers = HeaderMap::new();
        headers.insert("x-github-sso", HeaderValue::from_str(value).unwrap());
        Sso::read(&headers, &api.parse().unwrap())
    }

    #[test]
    fn the_link_leads_to_githubs_own_site_or_there_is_none() {
        let linked = |url: &str, api: &str| match read(&format!("required; url={url}"), api) {
            Some(Sso::Required(link)) => link.is_some_and(|link| link.as_str() == url),
            other => panic!("{other:?}"),
        };
        let api = "https://api.github.com";
        assert!(linked(LINK, api));
        assert!(linked("https://acme.ghe.com/enterprises/a/sso", "https://api.acme.ghe.com"));
        assert!(linked("https://git.example/orgs/a/sso", "https://git.example/api/v3"));
        assert!(linked("http://127.0.0.1:9002/orgs/a/sso", "http://127.0.0.1:9001"));
        for attack in [
            "https://github.com.mallory.example/orgs/bigcorp/sso",
            "https://mallory.example/orgs/bigcorp/sso",
            "https://github.com@mallory.example/orgs/bigcorp/sso",
            "https://mallory@github.com/orgs/bigcorp/sso",
            "https://github.com:8443/orgs/bigcorp/sso",
            "http://github.com/orgs/bigcorp/sso",
            "http://127.0.0.1:9002/orgs/a/sso",
            "https://github.com/login/oauth/authorize?client_id=mallory",
            "javascript:alert(1)//github.com/orgs/bigcorp/sso",
            "",
        ] {
            assert!(!linked(attack, api), "{attack}");
        }
    }

    #[test]
    fn partial_results_name_the_organizations_that_are_missing() {
        let api = "https://api.github.com";
        let partial = read("partial-results; organizations=21955855,20582480", api);
        assert_eq!(partial, Some(Sso::Partial(vec![21_955_855, 20_582_480])));
        assert_eq!(read("partial-results", api), Some(Sso::Partial(Vec::new())));
        assert_eq!(read("something-new; url=x", api), None);
    }
}
