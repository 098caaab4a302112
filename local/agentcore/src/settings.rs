//! The settings.

use std::time::Duration;

use url::Url;

/// The settings. The defaults are what AWS documents, or what is known of it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The return URLs of a workload identity that was created without any. On AWS there are none.
    pub default_return_urls: Vec<Url>,
    /// The GitHub of providers of the vendor `GithubOauth2`. `None`: the GitHub of the first call of
    /// [`create_github_provider`](crate::AgentCore::create_github_provider).
    pub github: Option<Url>,
    /// Whether every provider sends people to the built-in consent page, instead of where it is
    /// configured.
    pub consents_here: bool,
    /// How long a consent session lasts, from its beginning to its completion.
    pub session: Duration,
    /// How long a workload access token lasts that was not issued for a JWT.
    pub workload_token: Duration,
    /// How long an access token of the built-in consent page lasts.
    pub access_token: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_return_urls: Vec::new(),
            github: None,
            consents_here: false,
            session: Duration::from_secs(10 * 60),
            workload_token: Duration::from_secs(15 * 60),
            access_token: Duration::from_secs(60 * 60),
        }
    }
}
