//! Plain requests in several wordings, and the calls that they lead to.

use serde_json::{Value, json};

use super::{TOOLS, Talk, calls, one};
use crate::help;

fn place(more: &Value) -> Value {
    let mut input = json!({ "owner": "octo-alice", "repo": "garden" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

#[track_caller]
fn assert_understood(tool: &str, input: &Value, wordings: &[&str]) {
    assert!(wordings.len() >= 4, "{tool}");
    for said in wordings {
        assert_eq!(calls(&Talk::default().say(said)), one(tool, input.clone()), "{said}");
    }
}

#[test]
fn what_is_the_users_own_is_asked_for_in_several_wordings() {
    let wordings = [
        "Who am I?",
        "who am I at GitHub",
        "Show my profile",
        "Which account is this?",
        "Am I signed in?",
    ];
    assert_understood("github_get_profile", &json!({}), &wordings);
    let wordings = [
        "show my repos",
        "What repositories do I have?",
        "list my projects",
        "Which repositories do I have?",
        "List my repositories again.",
    ];
    assert_understood("github_list_repositories", &json!({}), &wordings);
    let wordings = [
        "Which private repositories do I have?",
        "show my private repos",
        "list private projects, please",
        "my private repositories",
    ];
    assert_understood("github_list_repositories", &json!({ "visibility": "private" }), &wordings);
}

#[test]
fn searches_are_asked_for_in_several_wordings() {
    let wordings = [
        "Find repositories about rust",
        "search repositories for rust",
        "Search for repositories about rust.",
        "Are there any projects about rust?",
        "look for repos with “rust”",
    ];
    assert_understood("github_search_repositories", &json!({ "query": "rust" }), &wordings);
    let wordings = [
        "Search code for TODO",
        "search the code for TODO",
        "grep TODO",
        "Which files contain “TODO”?",
        "Find TODO in the code",
        "Where is TODO used in the code?",
    ];
    assert_understood("github_search_code", &json!({ "query": "TODO" }), &wordings);
    let wordings = [
        "search the code of octo-alice/garden for TODO",
        "search code for TODO in octo-alice/garden",
        "find TODO in the code of octo-alice/garden",
        "grep TODO in octo-alice/garden",
    ];
    let query = "TODO repo:octo-alice/garden";
    assert_understood("github_search_code", &json!({ "query": query }), &wordings);
}

#[test]
fn files_and_commits_are_asked_for_in_several_wordings() {
    let wordings = [
        "Show the README of octo-alice/garden",
        "read README.md in octo-alice/garden",
        "What does octo-alice/garden's readme say?",
        "Please open README.md in octo-alice/garden",
        "readme of octo-alice/garden",
    ];
    assert_understood("github_read_contents", &place(&json!({ "path": "README.md" })), &wordings);
    let wordings = [
        "What are the files of octo-alice/garden?",
        "list the files in octo-alice/garden",
        "Which files are in octo-alice/garden?",
        "what is in octo-alice/garden",
        "What's in the repository octo-alice/garden?",
    ];
    assert_understood("github_read_contents", &place(&json!({})), &wordings);
    let wordings = [
        "read src/main.rs in octo-alice/garden",
        "Show me src/main.rs of octo-alice/garden",
        "print src/main.rs in octo-alice/garden",
        "cat src/main.rs in octo-alice/garden",
    ];
    assert_understood("github_read_contents", &place(&json!({ "path": "src/main.rs" })), &wordings);
    let wordings = [
        "Which are the commits of octo-alice/garden?",
        "What changed lately in octo-alice/garden?",
        "recent changes in octo-alice/garden",
        "Show the history of octo-alice/garden",
        "what's new in octo-alice/garden?",
    ];
    assert_understood("github_list_commits", &place(&json!({})), &wordings);
}

#[test]
fn issues_are_asked_for_in_several_wordings() {
    let wordings = [
        "What are the issues of octo-alice/garden?",
        "what's open in octo-alice/garden?",
        "Any issues in octo-alice/garden?",
        "Are there bugs in octo-alice/garden?",
        "octo-alice/garden issues",
    ];
    assert_understood("github_list_issues", &place(&json!({})), &wordings);
    let wordings = [
        "read issue 2 of octo-alice/garden",
        "Show issue #2 in octo-alice/garden",
        "What does issue number 2 of octo-alice/garden say?",
        "show #2 of octo-alice/garden",
    ];
    assert_understood("github_read_issue", &place(&json!({ "number": 2 })), &wordings);
    let wordings = [
        "create an issue in octo-alice/garden: Water the tomatoes",
        "Open an issue in octo-alice/garden: Water the tomatoes",
        "Create an issue titled \"Water the tomatoes\" in octo-alice/garden",
        "file an issue called Water the tomatoes in octo-alice/garden",
        "Report a bug in octo-alice/garden: “Water the tomatoes”",
    ];
    let title = place(&json!({ "title": "Water the tomatoes" }));
    assert_understood("github_create_issue", &title, &wordings);
    let wordings = [
        "comment on issue 2 of octo-alice/garden: It is dry; really.",
        "Please comment on #2 in octo-alice/garden: It is dry; really.",
        "Reply to issue 2 of octo-alice/garden: It is dry; really.",
        "add a comment \"It is dry; really.\" to issue 2 of octo-alice/garden",
    ];
    let comment = place(&json!({ "number": 2, "body": "It is dry; really." }));
    assert_understood("github_comment_on_issue", &comment, &wordings);
}

#[test]
fn pull_requests_are_asked_for_in_several_wordings() {
    let wordings = [
        "Pull requests of octo-alice/garden",
        "any PRs in octo-alice/garden?",
        "Which pull requests are open in octo-alice/garden?",
        "list octo-alice/garden's pull requests",
    ];
    assert_understood("github_list_pull_requests", &place(&json!({})), &wordings);
    let wordings = [
        "read pull request 2 of octo-alice/garden",
        "Show PR #2 in octo-alice/garden",
        "What does pull request 2 in octo-alice/garden change?",
        "show me pull request number 2 of octo-alice/garden",
    ];
    assert_understood("github_read_pull_request", &place(&json!({ "number": 2 })), &wordings);
}

#[test]
fn states_pages_and_lines_are_understood() {
    for (said, tool, input) in [
        ("closed issues of octo-alice/garden", "github_list_issues", json!({ "state": "closed" })),
        (
            "merged PRs of octo-alice/garden",
            "github_list_pull_requests",
            json!({ "state": "closed" }),
        ),
        (
            "all issues of octo-alice/garden page 2",
            "github_list_issues",
            json!({ "state": "all", "page": 2 }),
        ),
        (
            "read a.csv in octo-alice/garden from line 30",
            "github_read_contents",
            json!({ "path": "a.csv", "from_line": 30 }),
        ),
    ] {
        assert_eq!(calls(&Talk::default().say(said)), one(tool, place(&input)), "{said}");
    }
}

#[test]
fn several_wishes_of_one_message_are_several_calls() {
    let tools = |said: &str| -> Vec<String> {
        calls(&Talk::default().say(said)).into_iter().map(|(tool, _)| tool).collect()
    };
    let both = "Who am I, and which repositories do I have, private ones too?";
    assert_eq!(tools(both), ["github_get_profile", "github_list_repositories"]);
    let two = "Create an issue in octo-alice/garden: One; issue in octo-alice/diary: Two";
    assert_eq!(tools(two), ["github_create_issue", "github_create_issue"]);
}

/// A title is what the user wants to be written, and asks for nothing.
#[test]
fn a_title_that_sounds_like_a_request_is_a_title() {
    let said = "create an issue in octo-alice/garden: Show the README of octo-bob/chess";
    let title = place(&json!({ "title": "Show the README of octo-bob/chess" }));
    assert_eq!(calls(&Talk::default().say(said)), one("github_create_issue", title));
}

#[test]
fn each_example_works_as_it_is_typed_and_together_they_need_every_tool() {
    let mut used: Vec<String> = Vec::new();
    for said in help::EXAMPLES.iter().flat_map(|(_, examples)| *examples) {
        let calls = calls(&Talk::default().say(said));
        assert_eq!(calls.len(), 1, "{said}: {calls:?}");
        used.extend(calls.into_iter().map(|(tool, _)| tool));
    }
    for tool in TOOLS {
        assert!(used.iter().any(|it| it == tool), "{tool}");
    }
}
