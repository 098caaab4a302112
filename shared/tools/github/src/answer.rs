//! GitHub's answers, as far as they are the same for every tool.
//!
//! Every answer says what the token allows (`X-OAuth-Scopes`) and what the call would have taken
//! (`X-Accepted-OAuth-Scopes`; GitHub, "Scopes for OAuth apps"), and has an id that GitHub's support
//! can look up.

use std::time::SystemTime;

use agent::{
    scopes::{Scopes, named},
    tool::{Failure, TokenVerdict},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;
use vault::AccessToken;

use crate::{page::Page, refusal, sso::Sso};

/// An answer with any status.
pub(crate) struct GitHubAnswer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    /// `None` if it is too large.
    body: Option<Bytes>,
    received: SystemTime,
    /// What the token allows, if GitHub said so.
    pub(crate) allows: Option<Scopes>,
    /// What it says of single sign-on, if anything.
    pub(crate) sso: Option<Sso>,
}

impl GitHubAnswer {
    /// An answer of the API at `api`, received at `received`, to a token that allows `allows`.
    pub(crate) fn new(
        (status, headers): (StatusCode, HeaderMap),
        body: Option<Bytes>,
        allows: Option<Scopes>,
        api: &Url,
        received: SystemTime,
    ) -> Self {
        let sso = Sso::read(&headers, api);
        Self { status, headers, body, received, allows, sso }
    }

    pub(crate) fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-github-request-id").map(str::to_owned)
    }

    pub(crate) fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        let body = self.body.as_ref().ok_or_else(too_large)?;
        serde_json::from_slice(body).map_err(|error| {
            // The error's text can quote the answer, and with it a private name.
            let (kind, line, column) = (error.classify(), error.line(), error.column());
            tracing::error!(?kind, line, column, "GitHub's answer has another shape");
            Failure::new("unexpected_answer", "GitHub answered something unexpected.")
        })
    }

    /// The text that it is.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        let body = self.body.as_ref().ok_or_else(too_large)?;
        Ok(String::from_utf8_lossy(body).into_owned())
    }

    /// A list, or the result of a search, which has one as `items`.
    pub(crate) fn page(&self) -> Result<Page, Failure> {
        let missing = match &self.sso {
            Some(Sso::Partial(organizations)) => Some(organizations.clone()),
            Some(Sso::Required(_)) | None => None,
        };
        // Looked at instead of tried: `serde(untagged)` would read all of it twice.
        let is_list = |body: &Bytes| body.trim_ascii_start().starts_with(b"[");
        let (items, found) = if self.body.as_ref().is_some_and(is_list) {
            (self.json()?, None)
        } else {
            let Found { items, total_count, incomplete_results } = self.json()?;
            (items, Some((total_count, !incomplete_results)))
        };
        Ok(Page { items, has_next: self.has_next_page(), found, missing })
    }

    /// What went wrong, if the status says so.
    pub(crate) fn failure(&self) -> Option<Failure> {
        (!self.status.is_success()).then(|| refusal::failure(self, self.received))
    }

    /// Whether GitHub has more of this list on a next page ("Using pagination in the REST API").
    fn has_next_page(&self) -> bool {
        self.header("link").is_some_and(|links| links.contains("rel=\"next\""))
    }

    /// The scopes of which GitHub would have accepted one: none, where it counts no scopes.
    pub(crate) fn accepts(&self) -> TokenVerdict {
        let accepted = self.header("x-accepted-oauth-scopes").unwrap_or_default();
        TokenVerdict::Accepts(listed(accepted))
    }
}

/// The result of a search.
#[derive(Deserialize)]
struct Found {
    items: Vec<Box<RawValue>>,
    total_count: u64,
    incomplete_results: bool,
}

fn too_large() -> Failure {
    Failure::new("answer_too_large", "GitHub's answer is too large.")
}

/// What the token allows, where GitHub says so. An empty list tells only of an OAuth app's token
/// (`gho_`) that it allows nothing; other kinds have no scopes but permissions.
pub(crate) fn allows(headers: &HeaderMap, token: &AccessToken) -> Option<Scopes> {
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
