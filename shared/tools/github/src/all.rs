//! Every tool, in the order in which the model sees them. A new one is a file and a line here.

use std::sync::Arc;

use agent::{provider::Provider, tool::Tool};

use crate::{
    client::GitHub,
    comment_on_issue::CommentOnIssue,
    create_issue::CreateIssue,
    get_profile::GetProfile,
    list_commits::ListCommits,
    list_issues::ListIssues,
    list_pull_requests::ListPullRequests,
    list_repositories::ListRepositories,
    read_contents::ReadContents,
    read_issue::ReadIssue,
    read_pull_request::ReadPullRequest,
    search_code::SearchCode,
    search_repositories::SearchRepositories,
    typed::{read, write},
};

pub(crate) fn all(github: &Arc<GitHub>, provider: &Arc<Provider>) -> Vec<Tool> {
    vec![
        read::<GetProfile>(github, provider),
        read::<ListRepositories>(github, provider),
        read::<SearchRepositories>(github, provider),
        read::<ReadContents>(github, provider),
        read::<SearchCode>(github, provider),
        read::<ListCommits>(github, provider),
        read::<ListIssues>(github, provider),
        read::<ReadIssue>(github, provider),
        read::<ListPullRequests>(github, provider),
        read::<ReadPullRequest>(github, provider),
        write::<CreateIssue>(github, provider),
        write::<CommentOnIssue>(github, provider),
    ]
}
