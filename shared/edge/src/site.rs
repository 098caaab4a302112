//! The application's own origin, as `SESSION_BINDING_URL` names it.

use http::{HeaderMap, header};
use url::Url;
use vault::endpoint;

/// Path of the page after consent.
pub const SESSION_BINDING_PATH: &str = "/oauth2/session-binding";

/// The origin that browsers know both services by: `https`, or `http` on a loopback host.
#[derive(Debug, Clone)]
pub struct Site {
    session_binding: Url,
}

impl Site {
    /// The site of a session binding URL.
    ///
    /// # Errors
    /// When `text` is not `https://{host}/oauth2/session-binding` (`http` on a loopback host).
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const RULE: &str = "not https://{host}/oauth2/session-binding (http on a loopback host)";
        let session_binding = endpoint(text).map_err(|_| RULE)?;
        let is_plain = session_binding.query().is_none() && session_binding.fragment().is_none();
        if is_plain && session_binding.path() == SESSION_BINDING_PATH {
            Ok(Self { session_binding })
        } else {
            Err(RULE)
        }
    }

    /// The page after consent.
    #[must_use]
    pub fn session_binding_url(&self) -> &Url {
        &self.session_binding
    }

    /// The absolute address of `path_and_query` on this site.
    #[must_use]
    pub fn address(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.origin())
    }

    /// `scheme://host[:port]`, as a browser sends it in `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.session_binding.origin().ascii_serialization()
    }

    /// Whether cookies can be `Secure` and have the `__Host-` prefix. Not on loopback `http`,
    /// where Safari refuses them.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.session_binding.scheme() == "https"
    }

    /// Whether the request names this site in `Host`, or has no `Host`.
    #[must_use]
    pub fn is_asked(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST) else { return true };
        let origin = self.origin();
        let own = origin.split_once("://").map_or("", |(_, host)| host);
        host.to_str().is_ok_and(|host| host.eq_ignore_ascii_case(own))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::Site;

    #[test]
    fn the_page_after_consent_has_one_path() {
        assert!(Site::parse("https://a.example/oauth2/session-binding").is_ok());
        for url in ["https://a.example/", "https://a.example/oauth2/session-binding?x"] {
            assert!(Site::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn another_host_is_not_this_site() {
        let site = Site::parse("http://localhost:8080/oauth2/session-binding").unwrap();
        let asked = |host| {
            let host = HeaderValue::from_static(host);
            site.is_asked(&HeaderMap::from_iter([(header::HOST, host)]))
        };
        assert!(asked("localhost:8080"));
        assert!(!asked("127.0.0.1:8080"));
        assert!(site.is_asked(&HeaderMap::new()));
    }
}
