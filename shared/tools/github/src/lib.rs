#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod account;
mod all;
mod answer;
mod app;
mod chosen;
mod client;
mod comment_on_issue;
mod create_issue;
mod excerpt;
mod get_profile;
mod installations;
mod list_commits;
mod list_issues;
mod list_pull_requests;
mod list_repositories;
mod page;
mod provider;
mod read_contents;
mod read_issue;
mod read_pull_request;
mod refusal;
mod repository;
mod search;
mod search_code;
mod search_repositories;
mod sso;
mod threads;
mod typed;
mod writing;

use std::{fmt, sync::Arc};

use agent::{
    account::AccountApi,
    provider::Provider,
    tool::{Tool, ToolSource},
};
use url::Url;
use vault::ProviderName;

use crate::client::GitHub;
pub use crate::{
    app::{App, AppName, InvalidAppName},
    provider::provider,
};

/// GitHub's tools.
pub struct GitHubTools {
    tools: Vec<Tool>,
    github: Arc<GitHub>,
    provider: ProviderName,
}

impl GitHubTools {
    /// The tools at the REST API `api`, with tokens of `provider`, which are those of an OAuth app or of
    /// this GitHub App. Nothing goes over the network.
    #[must_use]
    pub fn new(api: Url, provider: Arc<Provider>, app: Option<App>) -> Self {
        let (github, name) = (Arc::new(GitHub::new(api, app)), provider.name().clone());
        Self { tools: all::all(&github, &provider), github, provider: name }
    }
}

impl ToolSource for GitHubTools {
    fn tools(&self) -> Vec<Tool> {
        self.tools.clone()
    }

    fn account_api(&self, provider: &ProviderName) -> Option<&dyn AccountApi> {
        (self.provider == *provider).then_some(&*self.github)
    }
}

impl fmt::Debug for GitHubTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GitHubTools").field(&self.tools).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use agent::tool::{Tool, ToolSource};
    use url::Url;
    use vault::ProviderName;

    use super::{App, GitHubTools, provider};

    fn tools(app: Option<App>) -> Vec<Tool> {
        let name = ProviderName::parse("github").unwrap();
        let provider = provider(name, app.as_ref()).unwrap();
        GitHubTools::new(api(), Arc::new(provider), app).tools()
    }

    fn api() -> Url {
        "https://api.github.com".parse().unwrap()
    }

    #[test]
    fn every_tool_has_its_own_name_and_scopes_that_the_provider_is_asked_for() {
        let tools = tools(None);
        let names: BTreeSet<_> = tools.iter().map(Tool::name).collect();
        assert_eq!(names.len(), tools.len());
        for tool in &tools {
            let needs = tool.spec().needs.as_ref().unwrap();
            let all = needs.scopes.union(&needs.at_most).cloned().collect();
            assert!(needs.provider.covers(&all), "{tool:?}");
            assert!(!needs.scopes.is_empty(), "{tool:?}");
        }
    }

    #[test]
    fn with_a_github_app_every_tool_needs_the_same_token_without_scopes() {
        let app = App::new(&"acme-agent".parse().unwrap(), &api());
        for tool in tools(Some(app)) {
            let needs = tool.spec().needs.as_ref().unwrap();
            assert!(needs.scopes.is_empty() && needs.at_most.is_empty(), "{tool:?}");
            assert!(needs.provider.covers(&needs.scopes), "{tool:?}");
            assert!(needs.provider.choice().is_some_and(|it| it.contains("repositories")));
        }
    }
}
