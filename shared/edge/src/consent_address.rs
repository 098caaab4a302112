//! Where the page `/consent` is, as a browser reaches it.

use url::Url;
use vault::endpoint;

use crate::site::Site;

/// What comes before `/consent`: `https`, or `http` on a loopback host.
#[derive(Debug, Clone)]
pub struct ConsentAddress {
    base: Url,
}

impl ConsentAddress {
    /// The page at a configured base address.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const RULE: &str =
            "not an https base address without query, fragment or user (http on a loopback host)";
        let base = endpoint(text).map_err(|_| RULE)?;
        let has_user = !base.username().is_empty() || base.password().is_some();
        if has_user || base.query().is_some() || base.fragment().is_some() {
            return Err(RULE);
        }
        Ok(Self { base })
    }

    /// The page on `site`, where it is unless configured otherwise.
    pub(crate) fn on(site: &Site) -> Self {
        let mut base = site.session_binding_url().clone();
        base.set_path("/");
        Self { base }
    }

    /// Whether browsers bring the cookies of `site` along to it: a cookie belongs to a host with
    /// all its ports (RFC 6265, section 8.5).
    pub(crate) fn has_cookies_of(&self, site: &Site) -> bool {
        self.base.host() == site.session_binding_url().host()
    }

    /// The link to the page on which a call that waits is approved or declined, beside this one.
    #[must_use]
    pub fn confirmation_link(&self, call: &str) -> String {
        format!("{}/confirm?call={call}", self.base.as_str().trim_end_matches('/'))
    }

    /// The link to the page for a sealed flow.
    #[must_use]
    pub fn link(&self, flow: &str) -> String {
        format!("{}/consent?flow={flow}", self.base.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::ConsentAddress;
    use crate::site::Site;

    #[test]
    fn a_link_leads_to_the_page_below_the_base_address() {
        let link = |base| ConsentAddress::parse(base).unwrap().link("x-_1");
        assert_eq!(link("https://a.example"), "https://a.example/consent?flow=x-_1");
        assert_eq!(link("https://a.example/agent/"), "https://a.example/agent/consent?flow=x-_1");
        let site = Site::parse("https://b.example:8443/oauth2/session-binding").unwrap();
        let own = ConsentAddress::on(&site);
        assert_eq!(own.link("1"), "https://b.example:8443/consent?flow=1");
        assert!(own.has_cookies_of(&site));
        assert!(!ConsentAddress::parse("https://a.example").unwrap().has_cookies_of(&site));
    }

    #[test]
    fn nobody_on_the_network_and_no_other_part_of_an_address_gets_the_flow() {
        for base in [
            "http://a.example",
            "a.example",
            "javascript:alert(1)",
            "https://a.example/?x",
            "https://a.example/#x",
            "https://bob@a.example/",
        ] {
            assert!(ConsentAddress::parse(base).is_err(), "{base}");
        }
    }
}
