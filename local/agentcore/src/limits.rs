//! The lengths and patterns of AWS's service model, checked while a text is parsed.
//!
//! Source: the service models of `bedrock-agentcore` and `bedrock-agentcore-control`. The types of
//! this module have no `Debug`, because several are secrets.

use std::ops::Deref;

use serde::Deserialize;

macro_rules! limited_texts {
    ($($name:ident: $length:expr, $rule:literal, $matches:expr;)+) => {$(
        #[doc = $rule]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub(super) struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let matches: fn(&str) -> bool = $matches;
                if $length.contains(&text.chars().count()) && matches(&text) {
                    Ok(Self(text))
                } else {
                    Err(concat!(
                        "failed to satisfy constraint: the length of ", stringify!($name),
                        " is in ", stringify!($length), ", its text is ", $rule
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
    WorkloadName: 3..=255, "letters, digits, `_`, `.` and `-`", |text| only(text, "_.-");
    UserId: 1..=128, "of any kind", |_| true;
    // What the segments say is looked at elsewhere.
    UserToken: 1..=131_072, "three segments of base64url, with dots between them", is_user_token;
    // The token is opaque.
    WorkloadAccessToken: 1..=131_072, "of any kind", |_| true;
    ProviderName: 1..=128, "letters, digits, `_` and `-`", |text| only(text, "-_");
    Scope: 1..=128, "of any kind", |_| true;
    SessionUri: 1..=1_024, "`urn:ietf:params:oauth:request_uri:` and an identifier", is_session_uri;
    // The model says `\w+:(\/?\/?)[^\s]+`.
    ReturnUrl: 1..=2_048, "an absolute URL", is_return_url;
    ParameterName: 1..=256, "letters, digits, `_`, `.` and `-`", |text| only(text, "-_.");
    ParameterValue: 1..=2_048, "of any kind", |_| true;
    CustomState: 1..=4_096, "of any kind", |_| true;
    // `[^\s?#]+/\.well-known/(openid-configuration|oauth-authorization-server)(/[^\s?#]+)?`
    DiscoveryUrl: 1..=usize::MAX, "a URL of metadata below `/.well-known/`", is_discovery_url;
    ApiKey: 1..=65_536, "of any kind", |_| true;
    ClientId: 1..=256, "of any kind", |_| true;
    ClientSecret: 1..=2_048, "of any kind", |_| true;
}

/// The beginning of a session URI (the form is from RFC 9126).
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
