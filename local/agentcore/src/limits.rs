//! The lengths and patterns that AWS's service model gives each text, checked while it is read.
//!
//! Source: the service models of `bedrock-agentcore` and `bedrock-agentcore-control`. The types of
//! this module have no `Debug`: several hold secrets.

use std::ops::Deref;

use serde::Deserialize;

macro_rules! limited_texts {
    ($($(#[$doc:meta])+ $name:ident: $length:expr, $pattern:expr;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub(super) struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let matches: fn(&str) -> bool = $pattern;
                if $length.contains(&text.chars().count()) && matches(&text) {
                    Ok(Self(text))
                } else {
                    Err(concat!(
                        "failed to satisfy constraint: ", stringify!($name),
                        " has a length in ", stringify!($length), " and its service model's pattern"
                    ))
                }
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }
    )+};
}

limited_texts! {
    /// `[A-Za-z0-9_.-]+`
    WorkloadName: 3..=255, |text| only(text, "_.-");
    /// Any text.
    UserId: 1..=128, |_| true;
    /// Three segments; what they say is looked at elsewhere.
    UserToken: 1..=131_072, is_user_token;
    /// Any text: the token is opaque.
    WorkloadAccessToken: 1..=131_072, |_| true;
    /// `[a-zA-Z0-9\-_]+`
    ProviderName: 1..=128, |text| only(text, "-_");
    /// Any text.
    Scope: 1..=128, |_| true;
    /// `urn:ietf:params:oauth:request_uri:[a-zA-Z0-9-._~]+`
    SessionUri: 1..=1_024, is_session_uri;
    /// An absolute URL (the model says `\w+:(\/?\/?)[^\s]+`).
    ReturnUrl: 1..=2_048, is_return_url;
    /// `[a-zA-Z0-9\-_\.]+`
    ParameterName: 1..=256, |text| only(text, "-_.");
    /// Any text.
    ParameterValue: 1..=2_048, |_| true;
    /// Any text.
    CustomState: 1..=4_096, |_| true;
    /// `[^\s?#]+/\.well-known/(openid-configuration|oauth-authorization-server)(/[^\s?#]+)?`
    DiscoveryUrl: 1..=usize::MAX, is_discovery_url;
    /// Any text.
    ApiKey: 1..=65_536, |_| true;
    /// Any text.
    ClientId: 1..=256, |_| true;
    /// Any text.
    ClientSecret: 1..=2_048, |_| true;
}

/// How a session URI begins (RFC 9126 has the form).
pub(super) const SESSION_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

fn only(text: &str, besides: &str) -> bool {
    text.chars().all(|it| it.is_ascii_alphanumeric() || besides.contains(it))
}

fn is_user_token(text: &str) -> bool {
    let segments: Vec<&str> = text.split('.').collect();
    segments.len() == 3 && segments.iter().all(|it| !it.is_empty() && only(it, "-_="))
}

fn is_session_uri(text: &str) -> bool {
    text.strip_prefix(SESSION_URI_PREFIX).is_some_and(|it| !it.is_empty() && only(it, "-._~"))
}

fn is_return_url(text: &str) -> bool {
    !text.contains(char::is_whitespace) && url::Url::parse(text).is_ok()
}

fn is_discovery_url(text: &str) -> bool {
    let Some((before, after)) = text.split_once("/.well-known/") else { return false };
    let (document, path) = after.split_once('/').unwrap_or((after, "path"));
    let known = ["openid-configuration", "oauth-authorization-server"].contains(&document);
    let is_plain = !text.contains(|it: char| it.is_whitespace() || it == '?' || it == '#');
    !before.is_empty() && known && !path.is_empty() && is_plain
}
