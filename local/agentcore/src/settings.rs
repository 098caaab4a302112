//! What can differ from one stand-in to another.

use std::time::Duration;

use url::Url;

/// What can differ. The defaults are what AWS documents, or what is known of it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What a workload identity may use that was created without return URLs of its own. On AWS: nothing.
    pub default_return_urls: Vec<Url>,
    /// Where providers of GitHub's vendor send people. `None`: where the first of
    /// [`create_github_provider`](crate::AgentCore::create_github_provider) does.
    pub github: Option<Url>,
    /// Whether every provider sends people to the built-in consent page, whatever its configuration says.
    pub consents_here: bool,
    /// How long a consent session lasts, from its beginning to its completion.
    pub session: Duration,
    /// How long a workload access token lasts, unless a JWT says so.
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
