//! GitHub's REST API, version 2022-11-28, with a user's own token.

use std::{
    error::Error,
    io::{self, ErrorKind},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use agent::tool::{Failure, Reply};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::ACCEPT};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::{Octocrab, service::middleware::retry::RetryConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use vault::AccessToken;

use crate::{
    answer::{self, GitHubAnswer},
    app::App,
    page::Page,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No answer that a tool needs is larger, in bytes.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// What a GET asks for: GitHub, "Media types"; a search says then which words it has found.
const JSON: &str = "application/vnd.github+json";
const SEARCHED: &str = "application/vnd.github.text-match+json";
const DIFF: &str = "application/vnd.github.diff";

/// GitHub's REST API.
#[derive(Debug)]
pub(crate) struct GitHub {
    api: Url,
    /// Whose tokens they are, unless they are an OAuth app's.
    pub(crate) app: Option<App>,
    shared: OnceLock<Octocrab>,
}

/// No answer came.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    cause: Box<dyn Error + Send + Sync>,
    /// Whether the connection ended before the answer was whole, as one that was kept open may at any
    /// time.
    connection_ended: bool,
}

impl NoAnswer {
    fn new(cause: Box<dyn Error + Send + Sync>) -> Self {
        let connection_ended = has_ended(cause.as_ref());
        Self { cause, connection_ended }
    }

    /// Logs the cause for the operator.
    pub(crate) fn log(&self) {
        tracing::warn!(cause = %self.cause, "GitHub can't be reached");
    }
}

impl From<octocrab::Error> for NoAnswer {
    /// The cause alone: octocrab's own text has a backtrace in it.
    fn from(error: octocrab::Error) -> Self {
        let connection_ended = has_ended(&error);
        let cause = error.source().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        Self { cause: cause.into(), connection_ended }
    }
}

fn has_ended(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        let by_http = cause.downcast_ref().is_some_and(|error: &hyper::Error| {
            error.is_incomplete_message() || error.is_closed() || error.is_canceled()
        });
        let by_socket = cause.downcast_ref().is_some_and(|error: &io::Error| {
            matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof
            )
        });
        if by_http || by_socket {
            return true;
        }
        next = cause.source();
    }
    false
}

#[derive(Clone, Copy)]
enum Request<'a> {
    Get(&'a str, &'static str),
    Post(&'a str, &'a Value),
}

impl GitHub {
    /// The API at `api`. Nothing is built before the first call.
    pub(crate) fn new(api: Url, app: Option<App>) -> Self {
        Self { api, app, shared: OnceLock::new() }
    }

    /// One GET, read into `T`.
    pub(crate) async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        route: &str,
        token: &AccessToken,
    ) -> Reply<T> {
        self.read(Request::Get(route, JSON), token, GitHubAnswer::json).await
    }

    /// One GET of a list.
    pub(crate) async fn page(&self, route: &str, token: &AccessToken) -> Reply<Page> {
        self.read(Request::Get(route, JSON), token, GitHubAnswer::page).await
    }

    /// One search.
    pub(crate) async fn search(&self, route: &str, token: &AccessToken) -> Reply<Page> {
        self.read(Request::Get(route, SEARCHED), token, GitHubAnswer::page).await
    }

    /// One GET of a pull request, as a diff.
    pub(crate) async fn diff(&self, route: &str, token: &AccessToken) -> Reply<String> {
        self.read(Request::Get(route, DIFF), token, GitHubAnswer::text).await
    }

    async fn read<T>(
        &self,
        request: Request<'_>,
        token: &AccessToken,
        content: impl FnOnce(&GitHubAnswer) -> Result<T, Failure>,
    ) -> Reply<T> {
        match self.send_again(request, token).await {
            Err(error) => {
                error.log();
                let text = "GitHub can't be reached at the moment.";
                Reply::failed(Failure::new("unreachable", text))
            }
            Ok(answer) => Reply {
                outcome: answer.failure().map_or_else(|| content(&answer), Err),
                request_id: answer.request_id(),
                allows: answer.allows,
            },
        }
    }

    /// One request, and the same once more if its connection ended: only for what changes nothing.
    async fn send_again(
        &self,
        request: Request<'_>,
        token: &AccessToken,
    ) -> Result<GitHubAnswer, NoAnswer> {
        match self.send(request, token).await {
            Err(error) if error.connection_ended => self.send(request, token).await,
            sent => sent,
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

    /// One request; octocrab repeats nothing, because it makes no difference between a GET and a POST.
    async fn send(
        &self,
        request: Request<'_>,
        token: &AccessToken,
    ) -> Result<GitHubAnswer, NoAnswer> {
        let client = self.shared()?.user_access_token(token.expose().to_owned())?;
        let response = match request {
            Request::Get(route, accept) => {
                let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
                client._get_with_headers(route, Some(headers)).await?
            }
            Request::Post(route, body) => client._post(route, Some(body)).await?,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match Limited::new(response.into_body(), MAX_ANSWER).collect().await {
            Ok(body) => Some(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => None,
            Err(error) => return Err(NoAnswer::new(error)),
        };
        let received = SystemTime::now();
        let allows = answer::allows(&headers, token);
        Ok(GitHubAnswer::new((status, headers), body, allows, &self.api, received))
    }

    /// One POST without anybody's token, once. Returns its status.
    pub(crate) async fn post_anonymously<T: Serialize + Sync>(
        &self,
        route: &str,
        body: &T,
    ) -> Result<StatusCode, NoAnswer> {
        Ok(self.shared()?._post(route, Some(body)).await?.status())
    }

    /// The client without a token. Those of users share its connections.
    fn shared(&self) -> octocrab::Result<&Octocrab> {
        if let Some(shared) = self.shared.get() {
            return Ok(shared);
        }
        let built = self.build()?;
        Ok(self.shared.get_or_init(|| built))
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
