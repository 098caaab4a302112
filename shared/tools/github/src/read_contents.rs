//! `github_read_contents`: GitHub REST API, "Get repository content".
//!
//! A file comes in base64, without its content if it has more than 1 MB; a folder comes as a list of at
//! most 1,000 entries. A submodule or a link is only named.

use std::num::NonZeroUsize;

use agent::tool::{Failure, Reply, ToolName};
use base64::{Engine, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;
use vault::AccessToken;

use crate::{
    chosen::{Member, chosen},
    client::GitHub,
    excerpt,
    page::fitting,
    repository::{self, Name, PathInside, given},
    typed::{Described, Read},
};

pub(crate) struct ReadContents;

/// How much of a file is shown at a time, in bytes, and how many entries of a folder.
const MAX_FILE: usize = 20_000;
const MAX_ENTRIES: usize = 200;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Whose repository: a login.
    owner: Name,
    /// The repository's name.
    repo: Name,
    /// The file or folder, such as `src/main.rs`; the repository's top folder if left out.
    #[serde(default)]
    path: PathInside,
    /// A branch, a tag or a commit; the default branch if left out.
    #[schemars(with = "String", default)]
    branch: Option<String>,
    /// The line of the file to begin with, or the entry of the folder; the first if left out.
    #[serde(default = "excerpt::first_line")]
    from_line: NonZeroUsize,
}

const FILE: &[Member] = &[
    ("path", "/path"),
    ("type", "/type"),
    ("bytes", "/size"),
    ("url", "/html_url"),
    ("target", "/target"),
];
const ENTRY: &[Member] = &[("name", "/name"), ("type", "/type"), ("bytes", "/size")];

impl Described for ReadContents {
    const NAME: ToolName = ToolName::from_static("github_read_contents");
    const DESCRIPTION: &'static str = "Reads a file of a GitHub repository, or lists what is in a folder. \
        Of a long one a part is shown, with what is left out: call again with from_line to go on.";
    const SCOPES: &'static [&'static str] = &["read:user"];
    const AT_MOST: &'static [&'static str] = &["repo"];
    type Input = Input;
}

impl Read for ReadContents {
    async fn read(github: &GitHub, input: Input, token: &AccessToken) -> Reply<Value> {
        let mut reply = github.get(&route(&input), token).await;
        reply.outcome = reply.outcome.and_then(|contents| shown(&contents, input.from_line));
        repository::explained(github, reply, &input.owner, &input.repo, token).await
    }
}

fn route(Input { owner, repo, path, branch, .. }: &Input) -> String {
    let branch = given(branch.as_deref()).map(|branch| {
        let branch: String = byte_serialize(branch.as_bytes()).collect();
        format!("?ref={branch}")
    });
    format!("{}/contents{path}{}", repository::path(owner, repo), branch.unwrap_or_default())
}

fn shown(contents: &Value, from_line: NonZeroUsize) -> Result<Value, Failure> {
    if let Some(entries) = contents.as_array() {
        return Ok(folder(entries, from_line));
    }
    let mut file = chosen(contents, FILE);
    if contents["type"] != "file" {
        return Ok(file.into());
    }
    if contents["encoding"] != "base64" {
        let text = "The file has more than 1 MB, so that GitHub does not send what is in it.";
        return Err(Failure::new("file_too_large", text));
    }
    let encoded = contents["content"].as_str().unwrap_or_default().replace('\n', "");
    let text = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match text.filter(|text| !text.contains('\0')) {
        Some(text) => excerpt::add(&mut file, "text", &text, from_line, MAX_FILE),
        None => {
            file.insert("binary".to_owned(), "It is no text, so that it is not shown.".into());
        }
    }
    Ok(file.into())
}

fn folder(entries: &[Value], from: NonZeroUsize) -> Value {
    let before = (from.get() - 1).min(entries.len());
    let entry = |it: &Value| chosen(it, ENTRY).into();
    let shown = fitting(entries[before..].iter().take(MAX_ENTRIES).map(entry));
    let after = before + shown.len();
    let more = (after < entries.len()).then_some(after + 1);
    json!({ "type": "folder", "of": entries.len(), "entries": shown, "moreFromLine": more })
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde_json::{Value, json};

    use super::{MAX_ENTRIES, MAX_FILE, route, shown};
    use crate::excerpt::first_line;

    fn file(content: &[u8]) -> Value {
        let content = STANDARD.encode(content);
        let file = json!({ "type": "file", "encoding": "base64", "content": content, "size": 1 });
        shown(&file, first_line()).unwrap()
    }

    #[test]
    fn a_path_and_a_branch_stay_in_their_places() {
        let route = |path, branch| {
            let input = json!({ "owner": "o", "repo": "r", "path": path, "branch": branch });
            serde_json::from_value(input).map(|input| route(&input)).ok()
        };
        assert_eq!(route("", None), Some("/repos/o/r/contents".into()));
        let odd = route("a b/c?d#e%2F", Some("x&y=/"));
        assert_eq!(odd.unwrap(), "/repos/o/r/contents/a%20b/c%3Fd%23e%252F?ref=x%26y%3D%2F");
        // Models write the top folder as `.`, and leave a branch out with an empty text.
        assert_eq!(route(".", Some("")), Some("/repos/o/r/contents".into()));
        for (path, within) in [("./src", "src"), ("a/./b", "a/b"), ("a//b/", "a/b")] {
            assert_eq!(route(path, None), Some(format!("/repos/o/r/contents/{within}")), "{path}");
        }
        for outside in ["..", "../issues", "a/../../..", "./..", "a\nb", "a\\..\\b"] {
            assert_eq!(route(outside, None), None, "{outside:?}");
        }
    }

    #[test]
    fn a_long_file_is_shown_to_a_line_and_a_binary_one_not_at_all() {
        let seen = file("line\n".repeat(MAX_FILE / 5 + 1).as_bytes());
        assert_eq!(seen["text"].as_str().map(str::len), Some(MAX_FILE));
        assert_eq!(seen["textLeftOut"], "lines 4001 to 4001 of 4001");
        for binary in [&b"\x89PNG\r\n"[..], b"a\0b"] {
            let seen = file(binary);
            assert!(seen["binary"].is_string() && seen.get("text").is_none(), "{seen}");
        }
    }

    #[test]
    fn a_file_without_its_content_is_said_to_be_too_large() {
        let large = json!({ "type": "file", "encoding": "none", "content": "", "size": 2_000_000 });
        assert_eq!(shown(&large, first_line()).unwrap_err().code, "file_too_large");
    }

    #[test]
    fn a_large_folder_is_shown_in_parts() {
        let entries = vec![json!({ "name": "a", "type": "file", "size": 1 }); MAX_ENTRIES + 1];
        let first = shown(&json!(entries), first_line()).unwrap();
        assert_eq!(first["entries"].as_array().map(Vec::len), Some(MAX_ENTRIES));
        assert_eq!((&first["moreFromLine"], &first["of"]), (&json!(201), &json!(201)));
        let rest = shown(&json!(entries), 201.try_into().unwrap()).unwrap();
        assert_eq!(rest["entries"].as_array().map(Vec::len), Some(1));
        assert!(rest["moreFromLine"].is_null());
    }
}
