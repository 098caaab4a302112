//! GitHub's REST API, version 2022-11-28, with a user's own token.

use std::{error::Error, sync::OnceLock, time::Duration};

use agent::tool::{Failure, Reply};
use http::HeaderName;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::{Octocrab, service::middleware::retry::RetryConfig};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use vault::AccessToken;

use crate::answer::GitHubAnswer;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No answer that a tool needs is larger, in bytes.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// GitHub's REST API.
#[derive(Debug)]
pub(crate) struct GitHub {
    api: Url,
    shared: OnceLock<Octocrab>,
}

/// No answer came.
#[derive(Debug)]
pub(crate) struct NoAnswer(Box<dyn Error + Send + Sync>);

impl From<octocrab::Error> for NoAnswer {
    /// The cause alone: octocrab's own text has a backtrace in it.
    fn from(error: octocrab::Error) -> Self {
        let cause = error.source().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        Self(cause.into())
    }
}

impl NoAnswer {
    /// Logs the cause for the operator.
    pub(crate) fn log(&self) {
        let Self(cause) = self;
        tracing::warn!(%cause, "GitHub can't be reached");
    }
}

enum Request<'a> {
    Get(&'a str),
    Post(&'a str, &'a Value),
}

impl GitHub {
    /// The API at `api`. Nothing is built before the first call.
    pub(crate) fn new(api: Url) -> Self {
        Self { api, shared: OnceLock::new() }
    }

    /// One GET, read into `T`.
    pub(crate) async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        route: &str,
        token: &AccessToken,
    ) -> Reply<T> {
        match self.send(Request::Get(route), token).await {
            Err(error) => {
                error.log();
                let text = "GitHub can't be reached at the moment.";
                Reply::failed(Failure::new("unreachable", text))
            }
            Ok(answer) => Reply {
                outcome: answer.failure().map_or_else(|| answer.json(), Err),
                request_id: answer.request_id(),
                allows: answer.allows,
            },
        }
    }

    /// One POST. After an error it is not known whether it arrived.
    pub(crate) async fn post(
        &self,
        route: &str,
        body: &Value,
        token: &AccessToken,
    ) -> Result<GitHubAnswer, NoAnswer> {
        self.send(Request::Post(route, body), token).await
    }

    /// One request; nothing is repeated, because octocrab's own repetition makes no difference
    /// between a GET and a POST.
    async fn send(
        &self,
        request: Request<'_>,
        token: &AccessToken,
    ) -> Result<GitHubAnswer, NoAnswer> {
        let client = self.client(token)?;
        let answer = match request {
            Request::Get(route) => client._get(route).await?,
            Request::Post(route, body) => client._post(route, Some(body)).await?,
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = match Limited::new(answer.into_body(), MAX_ANSWER).collect().await {
            Ok(body) => Some(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => None,
            Err(error) => return Err(NoAnswer(error)),
        };
        Ok(GitHubAnswer::new(status, headers, body, token))
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
