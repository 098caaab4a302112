//! `github_search_code`: GitHub REST API, "Search code". It looks at default branches, and at files of
//! less than 384 KB.

use agent::tool::{Reply, ToolName};
use serde_json::Value;
use vault::AccessToken;

use crate::{
    chosen::Member,
    client::GitHub,
    search::{self, Input},
    typed::{Described, Read},
};

pub(crate) struct SearchCode;

const SHOWN: &[Member] = &[
    ("repository", "/repository/full_name"),
    ("path", "/path"),
    ("url", "/html_url"),
    ("fragment", "/text_matches/0/fragment"),
];

impl Described for SearchCode {
    const NAME: ToolName = ToolName::from_static("github_search_code");
    const DESCRIPTION: &'static str = "Searches the files of GitHub's repositories for words, on default \
        branches, 20 files on each page, with a fragment of each. Name the repository with \
        repo:OWNER/NAME where you know it. To read a file, use github_read_contents.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    type Input = Input;
}

impl Read for SearchCode {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        search::search(github, "code", input, token, ("files", SHOWN)).await
    }
}
