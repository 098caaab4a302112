#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod account;
mod all;
mod answer;
mod chosen;
mod client;
mod comment_on_issue;
mod create_issue;
mod excerpt;
mod get_profile;
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
pub use crate::provider::provider;

/// GitHub's tools.
pub struct GitHubTools {
    tools: Vec<Tool>,
    github: Arc<GitHub>,
    provider: ProviderName,
}

impl GitHubTools {
    /// The tools at the REST API `api`, with tokens of `provider`. Nothing goes over the network.
    #[must_use]
    pub fn new(api: Url, provider: Provider) -> Self {
        let (github, name) = (Arc::new(GitHub::new(api)), provider.name().clone());
        Self { tools: all::all(&github, &Arc::new(provider)), github, provider: name }
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
    use std::collections::BTreeSet;

    use agent::tool::ToolSource;

    use super::{GitHubTools, provider};

    #[test]
    fn every_tool_has_its_own_name_and_scopes_that_the_provider_is_asked_for() {
        let api = "https://api.github.com".parse().unwrap();
        let tools = GitHubTools::new(api, provider("github").unwrap()).tools();
        let names: BTreeSet<_> = tools.iter().map(agent::tool::Tool::name).collect();
        assert_eq!(names.len(), tools.len());
        for tool in &tools {
            let needs = tool.spec().needs.as_ref().unwrap();
            let all = needs.scopes.union(&needs.at_most).cloned().collect();
            assert!(needs.provider.covers(&all), "{tool:?}");
            assert!(!needs.scopes.is_empty(), "{tool:?}");
        }
    }
}
