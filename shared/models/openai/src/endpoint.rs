//! Where the model is, and the key to it.

use std::{fmt, str::FromStr};

use url::{Host, Url};
use vault::endpoint;
use zeroize::Zeroizing;

/// A server's address up to `/chat/completions`, as OpenAI's own clients take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a string is no [`BaseUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// It could be listened in on, or is no URL.
    #[error(transparent)]
    Endpoint(#[from] vault::InvalidEndpoint),
    /// It has parts that are not for an address.
    #[error("must have no user name, query or fragment")]
    Parts,
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = endpoint(text)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidBaseUrl::Parts);
        }
        Ok(Self(url))
    }
}

impl BaseUrl {
    fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }
}

/// A server's API key. It goes into the `Authorization` header, and nowhere else.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

/// A string that is no [`ApiKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be printable ASCII without spaces")]
pub struct InvalidApiKey;

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(Zeroizing::new(text.to_owned()))).ok_or(InvalidApiKey)
    }
}

impl ApiKey {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// A server that can be asked.
#[derive(Debug, Clone)]
pub struct Endpoint {
    base: BaseUrl,
    key: Option<ApiKey>,
}

/// A server on another machine that would be asked without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("missing: only a server on this machine is asked without a key")]
pub struct MissingKey;

/// Domains whose reasoning models refuse `max_tokens` (OpenAI API Reference, "Create chat completion":
/// deprecated in favour of `max_completion_tokens`; Amazon Bedrock User Guide, "OpenAI models").
const OPENAIS_OWN: [&str; 4] = ["api.openai.com", "openai.azure.com", "amazonaws.com", "api.aws"];

impl Endpoint {
    /// The server at `base`.
    ///
    /// # Errors
    /// When there is no key, and the server is not on this machine.
    pub fn new(base: BaseUrl, key: Option<ApiKey>) -> Result<Self, MissingKey> {
        if key.is_none() && !base.is_loopback() {
            return Err(MissingKey);
        }
        Ok(Self { base, key })
    }

    pub(crate) fn key(&self) -> Option<&ApiKey> {
        self.key.as_ref()
    }

    /// The address of chat completions.
    pub(crate) fn chat_completions(&self) -> String {
        format!("{}/chat/completions", self.base.0.as_str().trim_end_matches('/'))
    }

    /// Whether it takes `max_completion_tokens` in place of `max_tokens`.
    pub(crate) fn takes_max_completion_tokens(&self) -> bool {
        OPENAIS_OWN.into_iter().any(|domain| self.is_in(domain))
    }

    /// Whether it takes back what its model has thought. Most servers leave it out if they have no use
    /// for it; Groq answers 400.
    pub(crate) fn takes_reasoning(&self) -> bool {
        !self.is_in("api.groq.com")
    }

    fn is_in(&self, domain: &str) -> bool {
        let host = self.base.0.host_str().unwrap_or_default();
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, BaseUrl, Endpoint};

    fn at(base: &str) -> Endpoint {
        Endpoint::new(base.parse().unwrap(), Some("sk-secret".parse().unwrap())).unwrap()
    }

    #[test]
    fn a_key_is_never_printed() {
        let printed = format!("{:?}", at("https://api.openai.com/v1"));
        assert!(printed.contains("ApiKey(…)") && !printed.contains("secret"), "{printed}");
    }

    #[test]
    fn a_key_that_would_break_a_header_is_refused() {
        for wrong in ["", "a b", "a\nb", "ä"] {
            assert!(wrong.parse::<ApiKey>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_a_server_on_this_machine_is_asked_over_plain_http_or_without_a_key() {
        for base in ["http://127.0.0.1:11434/v1", "http://localhost:1/v1", "https://[::1]/v1"] {
            assert!(Endpoint::new(base.parse().unwrap(), None).is_ok(), "{base}");
        }
        let elsewhere: BaseUrl = "https://llm.example/v1".parse().unwrap();
        assert!(Endpoint::new(elsewhere, None).is_err());
        for base in [
            "http://llm.example/v1",
            "http://localhost.example/v1",
            "https://me:secret@llm.example/v1",
            "https://llm.example/v1?key=secret",
            "https://llm.example/v1#x",
            "llm.example/v1",
        ] {
            assert!(base.parse::<BaseUrl>().is_err(), "{base}");
        }
    }

    #[test]
    fn the_path_is_added_to_a_base_with_and_without_a_slash() {
        for base in ["https://llm.example/a/v1", "https://llm.example/a/v1/"] {
            assert_eq!(at(base).chat_completions(), "https://llm.example/a/v1/chat/completions");
        }
        assert_eq!(
            at("https://llm.example").chat_completions(),
            "https://llm.example/chat/completions"
        );
    }

    #[test]
    fn the_name_of_the_token_limit_depends_on_the_host() {
        for own in [
            "https://api.openai.com/v1",
            "https://eu.api.openai.com/v1",
            "https://x.openai.azure.com/openai/v1",
            "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1",
            "https://bedrock-mantle.us-east-1.api.aws/v1",
        ] {
            assert!(at(own).takes_max_completion_tokens(), "{own}");
        }
        for other in [
            "http://127.0.0.1:11434/v1",
            "https://notapi.openai.com.example/v1",
            "https://xamazonaws.com",
        ] {
            assert!(!at(other).takes_max_completion_tokens(), "{other}");
        }
    }
}
