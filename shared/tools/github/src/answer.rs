//! GitHub's answers, as far as they are the same for every tool.
//!
//! Every answer says what the token allows (`X-OAuth-Scopes`) and what the call would have taken
//! (`X-Accepted-OAuth-Scopes`; GitHub, "Scopes for OAuth apps"), and has an id that GitHub's support
//! can look up.

use agent::{
    scopes::{Scopes, named},
    tool::{Failure, TokenVerdict},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use vault::AccessToken;

/// An answer with any status.
pub(crate) struct GitHubAnswer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    /// `None` if it is too large.
    body: Option<Bytes>,
    /// What the token allows, if GitHub said so.
    pub(crate) allows: Option<Scopes>,
}

impl GitHubAnswer {
    pub(crate) fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: Option<Bytes>,
        token: &AccessToken,
    ) -> Self {
        let allows = allows(&headers, token);
        Self { status, headers, body, allows }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-github-request-id").map(str::to_owned)
    }

    pub(crate) fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        let too_large = || Failure::new("answer_too_large", "GitHub's answer is too large.");
        let body = self.body.as_ref().ok_or_else(too_large)?;
        serde_json::from_slice(body).map_err(|error| {
            // The error's text can quote the answer, and with it a private name.
            let (kind, line, column) = (error.classify(), error.line(), error.column());
            tracing::error!(?kind, line, column, "GitHub's answer has another shape");
            Failure::new("unexpected_answer", "GitHub answered something unexpected.")
        })
    }

    /// What went wrong, if the status says so.
    pub(crate) fn failure(&self) -> Option<Failure> {
        if self.status.is_success() {
            return None;
        }
        let retry_after = self.header("retry-after");
        let is_limited = retry_after.is_some() || self.header("x-ratelimit-remaining") == Some("0");
        Some(match self.status {
            StatusCode::UNAUTHORIZED => Failure {
                token: TokenVerdict::NotAccepted,
                ..Failure::new("unauthorized", "GitHub does not accept the user's authorization.")
            },
            StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS if is_limited => {
                let wait = retry_after.map(|s| format!(" Try again in {s} seconds."));
                let text = format!("GitHub's rate limit is reached.{}", wait.unwrap_or_default());
                Failure::new("rate_limited", text)
            }
            StatusCode::FORBIDDEN => {
                // A GitHub App says what it lacks; no consent of the user's can change that.
                let lacks = self.header("x-accepted-github-permissions");
                let lacks = lacks.map(|names| format!(" The GitHub App would need {names}."));
                let text = format!("GitHub does not allow this.{}", lacks.unwrap_or_default());
                Failure { token: self.accepts(), ..Failure::new("forbidden", text) }
            }
            StatusCode::NOT_FOUND => Failure {
                token: self.accepts(),
                ..Failure::new(
                    "not_found",
                    "GitHub has no such thing, or does not show it to the user.",
                )
            },
            status if status.is_server_error() => {
                Failure::new("server_error", "GitHub is not working at the moment.")
            }
            status => {
                Failure::new("refused", format!("GitHub refused with status {}.", status.as_u16()))
            }
        })
    }

    /// The scopes of which GitHub would have accepted one.
    fn accepts(&self) -> TokenVerdict {
        match self.header("x-accepted-oauth-scopes") {
            Some(accepted) => TokenVerdict::Accepts(listed(accepted)),
            None => TokenVerdict::Fine,
        }
    }
}

/// What the token allows, where GitHub says so. An empty list tells only of an OAuth app's token
/// (`gho_`) that it allows nothing; other kinds have no scopes but permissions.
fn allows(headers: &HeaderMap, token: &AccessToken) -> Option<Scopes> {
    let listed = listed(headers.get("x-oauth-scopes")?.to_str().ok()?);
    (!listed.is_empty() || token.expose().starts_with("gho_")).then_some(listed)
}

/// Scopes as GitHub's headers list them.
fn listed(header: &str) -> Scopes {
    named(header.split(',').map(str::trim))
}

#[cfg(test)]
mod tests {
    use agent::scopes::joined;

    use super::listed;

    #[test]
    fn a_header_lists_scopes_or_nothing() {
        assert_eq!(joined(&listed("repo, read:user")), "read:user repo");
        assert!(listed("").is_empty());
        assert!(listed("\"quoted\", two words").is_empty());
    }
}
