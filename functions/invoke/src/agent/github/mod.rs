//! What the tools do at GitHub, with the user's own token.
//!
//! GitHub REST API, version 2022-11-28. Every answer tells what the token allows
//! (`X-OAuth-Scopes`) and what the call would have taken (`X-Accepted-OAuth-Scopes`), and has an
//! id that GitHub's support can look up.

mod issues;
mod reading;

use std::{error::Error, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::{Octocrab, service::middleware::retry::RetryConfig};
use serde::Deserialize;
use serde_json::Value;
use session::ToolUse;
use url::Url;
use vault::AccessToken;

use super::{
    scopes::{self, Scopes},
    tools::Tool,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No answer that a tool needs is larger.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// GitHub's REST API.
#[derive(Debug)]
pub(crate) struct GitHub {
    api: Url,
    shared: OnceLock<Octocrab>,
}

/// What became of one call.
#[derive(Debug)]
pub(crate) struct Called<T> {
    pub(crate) outcome: Result<T, Failure>,
    /// What the token allows, where GitHub said so.
    pub(crate) allows: Option<Scopes>,
    /// GitHub's own id of the request.
    pub(crate) request: Option<String>,
}

/// Why GitHub did not do it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// For the model.
    pub(crate) text: String,
    /// For the audit trail.
    pub(crate) code: &'static str,
    /// What would help, if something does. Nothing has been done then.
    pub(crate) remedy: Option<Remedy>,
}

/// How another token could help.
#[derive(Debug)]
pub(crate) enum Remedy {
    /// This one is not accepted any more.
    AnotherToken,
    /// This one has to allow these as well.
    MoreScopes(Scopes),
}

/// No answer came.
#[derive(Debug)]
struct Unheard(Box<dyn Error + Send + Sync>);

impl From<octocrab::Error> for Unheard {
    /// The cause alone: octocrab's own text has a backtrace in it.
    fn from(error: octocrab::Error) -> Self {
        Self(error.source().map(ToString::to_string).unwrap_or_default().into())
    }
}

/// One request.
enum Request<'a> {
    Get(&'a str),
    Post(&'a str, &'a Value),
}

/// GitHub's answer to it, whatever its status.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Nothing if it is too large.
    body: Option<Bytes>,
    allows: Option<Scopes>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { text: text.into(), code, remedy: None }
    }
}

impl<T> Called<T> {
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), allows: None, request: None }
    }
}

impl GitHub {
    /// The API at `api`. Nothing is built before the first call.
    pub(crate) fn new(api: Url) -> Self {
        Self { api, shared: OnceLock::new() }
    }

    /// One request; nothing is repeated, because octocrab's own repetition makes no difference
    /// between a GET and a POST.
    async fn send(&self, request: Request<'_>, token: &AccessToken) -> Result<Answer, Unheard> {
        let client = self.client(token)?;
        let answer = match request {
            Request::Get(route) => client._get(route).await?,
            Request::Post(route, body) => client._post(route, Some(body)).await?,
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = match Limited::new(answer.into_body(), MAX_ANSWER).collect().await {
            Ok(body) => Some(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => None,
            Err(error) => return Err(Unheard(error)),
        };
        let allows = allows(&headers, token);
        Ok(Answer { status, headers, body, allows })
    }

    /// The user's client, sharing connections with everyone's.
    fn client(&self, token: &AccessToken) -> octocrab::Result<Octocrab> {
        let shared = match self.shared.get() {
            Some(shared) => shared,
            None => {
                let built = self.build()?;
                self.shared.get_or_init(|| built)
            }
        };
        shared.user_access_token(token.expose().to_owned())
    }

    fn build(&self) -> octocrab::Result<Octocrab> {
        let version = HeaderName::from_static("x-github-api-version");
        Octocrab::builder()
            .base_uri(self.api.as_str().trim_end_matches('/'))?
            .add_header(version, "2022-11-28".to_owned())
            // octocrab would repeat any method up to three times, a POST included.
            .add_retry_config(RetryConfig::None)
            .set_connect_timeout(Some(CONNECT_TIMEOUT))
            .set_read_timeout(Some(READ_TIMEOUT))
            .build()
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn request(&self) -> Option<String> {
        self.header("x-github-request-id").map(str::to_owned)
    }

    fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        let too_large = || Failure::new("answer_too_large", "GitHub's answer is too large.");
        let body = self.body.as_ref().ok_or_else(too_large)?;
        serde_json::from_slice(body).map_err(|error| {
            // Its own words can quote the answer, and with it a private name.
            let (kind, line, column) = (error.classify(), error.line(), error.column());
            tracing::error!(?kind, line, column, "GitHub's answer has another shape");
            Failure::new("unexpected_answer", "GitHub answered something unexpected.")
        })
    }

    /// What went wrong, if the status says so.
    fn failure(&self, tool: Tool) -> Option<Failure> {
        if self.status.is_success() {
            return None;
        }
        let retry_after = self.header("retry-after");
        let is_limited = retry_after.is_some() || self.header("x-ratelimit-remaining") == Some("0");
        Some(match self.status {
            StatusCode::UNAUTHORIZED => Failure {
                remedy: Some(Remedy::AnotherToken),
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
                Failure { remedy: self.more_scopes(tool), ..Failure::new("forbidden", text) }
            }
            StatusCode::NOT_FOUND => Failure {
                remedy: self.more_scopes(tool),
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

    /// The scopes that GitHub names and the token lacks, as far as the tool may need them.
    fn more_scopes(&self, tool: Tool) -> Option<Remedy> {
        let has = self.allows.as_ref()?;
        let accepted = scopes::listed(self.header("x-accepted-oauth-scopes")?);
        let has_one = accepted.iter().any(|one| scopes::allow(has, &Scopes::from([one.clone()])));
        let wider: Scopes = tool.wider_scopes().intersection(&accepted).cloned().collect();
        (!has_one && !wider.is_empty()).then_some(Remedy::MoreScopes(wider))
    }
}

/// What the token allows, where GitHub says so. An empty list tells only of an OAuth app's token
/// (`gho_`) that it allows nothing; other kinds have no scopes but permissions.
fn allows(headers: &HeaderMap, token: &AccessToken) -> Option<Scopes> {
    let listed = scopes::listed(headers.get("x-oauth-scopes")?.to_str().ok()?);
    (!listed.is_empty() || token.expose().starts_with("gho_")).then_some(listed)
}

fn unreachable(error: &Unheard) -> Failure {
    log(error);
    Failure::new("unreachable", "GitHub can't be reached at the moment.")
}

fn log(Unheard(cause): &Unheard) {
    tracing::warn!(%cause, "GitHub can't be reached");
}

fn input<T: for<'de> Deserialize<'de>>(call: &ToolUse) -> Result<T, Failure> {
    serde_json::from_value(call.input.clone())
        .map_err(|error| Failure::new("wrong_input", format!("The input is wrong: {error}")))
}
