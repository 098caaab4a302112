//! Every tool, in the order in which the model sees them. A new one is a file and a line here.

use std::sync::Arc;

use agent::{provider::Provider, tool::Tool};

use crate::{
    client::GitHub,
    create_issue::CreateIssue,
    get_profile::GetProfile,
    list_issues::ListIssues,
    list_repositories::ListRepositories,
    typed::{read, write},
};

pub(crate) fn all(github: &Arc<GitHub>, provider: &Arc<Provider>) -> Vec<Tool> {
    vec![
        read::<GetProfile>(github, provider),
        read::<ListRepositories>(github, provider),
        read::<ListIssues>(github, provider),
        write::<CreateIssue>(github, provider),
    ]
}
