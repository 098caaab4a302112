//! Addresses that may be given a secret or a person.

use url::{Host, Url};

/// `https`, or `http` on a loopback host, where nobody else listens in.
///
/// # Errors
/// When `text` is no such URL.
pub fn endpoint(text: &str) -> Result<Url, InvalidEndpoint> {
    let url = Url::parse(text).map_err(|_| InvalidEndpoint)?;
    let is_loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        _ => Err(InvalidEndpoint),
    }
}

/// A string that is no [`endpoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an https URL (http is for loopback hosts only)")]
pub struct InvalidEndpoint;

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn plain_http_is_for_loopback_hosts_only() {
        for url in
            ["http://127.0.0.1:8084", "http://[::1]/", "http://localhost", "https://s3.example"]
        {
            assert!(endpoint(url).is_ok(), "{url}");
        }
        for url in [
            "http://s3.example",
            "http://localhost.example",
            "javascript:alert(1)",
            "/x",
            "ftp://127.0.0.1",
        ] {
            assert!(endpoint(url).is_err(), "{url}");
        }
    }
}
