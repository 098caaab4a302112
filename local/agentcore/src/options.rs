//! The command line.

use std::{path::PathBuf, time::Duration};

use agentcore_local::{GrantLookup, Settings};
use clap::Parser;
use url::Url;

/// A stand-in for Amazon Bedrock AgentCore Identity on this machine: it is not AWS.
///
/// Workload identities, OAuth credential providers, the token vault and the consent of a person, as the
/// official SDKs ask for them. For development and tests; everything is in memory.
#[derive(Debug, Parser)]
#[command(name = "agentcore-local", version, max_term_width = 100)]
pub(crate) struct Options {
    /// Port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8090)]
    pub(crate) port: u16,

    /// A credential provider that sends people to the built-in consent page. May be repeated.
    #[arg(long = "provider", value_name = "NAME", default_value = "demo")]
    pub(crate) providers: Vec<String>,

    /// Credential providers, workload identities and API keys that are there from the start: a JSON
    /// object with `oauth2CredentialProviders`, `workloadIdentities` and `apiKeyCredentialProviders`,
    /// each a list of the inputs of the Create… operation. See the README.
    #[arg(long, value_name = "FILE")]
    pub(crate) setup: Option<PathBuf>,

    /// Send people to the built-in consent page for every provider, instead of where it is configured.
    #[arg(long)]
    consents_here: bool,

    /// Where providers of the vendor GithubOauth2 send people.
    #[arg(long, value_name = "URL", default_value = "https://github.com", value_parser = web_address)]
    github: Url,

    /// A workload identity that is there from the start. May be repeated.
    #[arg(long = "workload", value_name = "NAME")]
    pub(crate) workloads: Vec<String>,

    /// A return URL for workload identities that were created without any, besides the built-in page.
    /// May be repeated.
    #[arg(long = "return-url", value_name = "URL")]
    return_urls: Vec<Url>,

    /// Which stored grant is returned for a request. AWS does not document it.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = GrantLookup::ByRequest)]
    pub(crate) grant_lookup: GrantLookup,

    /// How long a consent may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    session_seconds: u32,

    /// How long a workload access token lasts.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    workload_token_seconds: u32,

    /// How long an access token of the built-in consent page lasts, before it is refreshed.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    access_token_seconds: u32,
}

impl Options {
    /// The settings, with a page to come back to besides the return URLs.
    pub(crate) fn settings(&self, return_page: Url) -> Settings {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Settings {
            default_return_urls: std::iter::once(return_page)
                .chain(self.return_urls.iter().cloned())
                .collect(),
            github: Some(self.github.clone()),
            consents_here: self.consents_here,
            session: seconds(self.session_seconds),
            workload_token: seconds(self.workload_token_seconds),
            access_token: seconds(self.access_token_seconds),
        }
    }
}

/// An address of a website: `http://…` or `https://…`.
fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let is_web = ["http", "https"].contains(&url.scheme());
    if is_web { Ok(url) } else { Err("it begins with neither http:// nor https://".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Options;

    #[test]
    fn a_github_that_is_no_website_is_refused() {
        let parse = |url| Options::try_parse_from(["agentcore-local", "--github", url]);
        assert!(parse("http://127.0.0.1:8083").is_ok());
        for wrong in ["github.com", "mailto:someone@example.com", "ftp://github.com"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed_and_needs_nothing() {
        Options::command().debug_assert();
        let options = Options::parse_from(["agentcore-local"]);
        assert_eq!((options.port, options.providers), (8090, vec!["demo".to_owned()]));
    }
}
