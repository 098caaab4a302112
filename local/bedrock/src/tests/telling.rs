//! What is told of results, and of the script itself.

use serde_json::{Value, json};

use super::Talk;

#[track_caller]
fn assert_told(said: &str, data: &Value, told: &str) {
    assert_eq!(Talk::default().told(said, data), told);
}

#[test]
fn repositories_are_a_list_with_links_and_signs() {
    let data = json!({
        "more": true,
        "privateLeftOut": "for the model",
        "repositories": [
            { "fullName": "a/b", "url": "http://h/a/b", "description": "When", "language": "Rust", "stars": 2 },
            { "fullName": "a/c", "private": true, "archived": true, "stars": 0, "description": null },
        ],
    });
    let told = "Here are 2 repositories at GitHub:\n\n- [a/b](http://h/a/b): When (Rust, 2 stars)\n\
        - a/c (private, archived)\n\nPrivate ones are left out: ask for your private repositories to see \
        them.\n\nThere are more: ask the same again with “page 2”.";
    assert_told("show my repos", &data, told);
}

#[test]
fn issues_say_number_title_state_and_author() {
    let issues = json!({ "more": false, "issues": [
        { "number": 3, "title": "Dry", "state": "open", "author": "bob", "url": "http://h/3",
          "updatedAt": "2026-01-02T03:04:05Z", "comments": 1 },
        { "number": 4, "title": "Lost", "state": "open" },
    ]});
    let told = "a/b has 2 open issues:\n\n- [#3](http://h/3) Dry (open, by bob, 2026-01-02, 1 comment)\n\
        - #4 Lost (open, by somebody who is gone)";
    assert_told("issues of a/b", &issues, told);
    assert_told("issues of a/b", &json!({ "issues": [] }), "a/b has 0 open issues.");
}

#[test]
fn a_file_is_in_a_fence_longer_than_its_own_and_says_what_is_left_out() {
    let file =
        json!({ "path": "a.md", "text": "```\nx\n```\n", "textLeftOut": "lines 4 to 9 of 9" });
    let told = "a.md of a/b says:\n\n````md\n```\nx\n```\n````\n\nI left out lines 4 to 9 of 9.";
    assert_told("read a.md in a/b", &file, told);
    let folder = json!({ "type": "folder", "of": 2, "moreFromLine": null, "entries": [
        { "name": "src", "type": "dir" }, { "name": "a.md", "type": "file", "bytes": 9 },
    ]});
    assert_told("files of a/b", &folder, "a/b holds 2 entries:\n\n- src/\n- a.md (9 bytes)");
}

#[test]
fn commits_pull_requests_and_finds_are_lists() {
    let commits = json!({ "commits": [
        { "sha": "0123456789", "message": "Begin\n\nNow", "login": "bob", "date": "2026-01-02T03:04:05Z" },
    ]});
    let told = "The latest commits of a/b:\n\n- `0123456` Begin (bob on 2026-01-02)";
    assert_told("commits of a/b", &commits, told);
    let pulls = json!({ "pullRequests": [
        { "number": 2, "title": "Clamp", "state": "closed", "mergedAt": "2026-01-02T03:04:05Z", "author": "bob" },
    ]});
    let told = "a/b has 1 pull request:\n\n- #2 Clamp (merged, by bob)";
    assert_told("all pull requests of a/b", &pulls, told);
    let code = json!({ "total": 1, "files": [
        { "repository": "a/b", "path": "x.rs", "url": "http://h/x", "fragment": "\nfn todo() {}\n" },
    ]});
    let told = "I found 1 file with “TODO”:\n\n- [x.rs](http://h/x) of a/b: `fn todo() {}`";
    assert_told("search code for TODO", &code, told);
}

#[test]
fn an_issue_and_a_pull_request_are_told_whole() {
    let issue = json!({ "number": 1, "title": "Dry", "state": "open", "author": "bob", "body": "It is\ndry.",
        "comments": [{ "author": null, "body": "Yes." }] });
    let told = "#1 **Dry** (open, by bob)\n\n> It is\n> dry.\n\n1 comment:\n\n\
        - **somebody who is gone**: Yes.";
    assert_told("read issue 1 of a/b", &issue, told);
    let request = json!({ "number": 2, "title": "Clamp", "state": "open", "author": "bob", "from": "bob:x",
        "into": "a:main", "additions": 2, "deletions": 1, "changedFiles": 1, "diff": "+x\n" });
    let told = "#2 **Clamp** (open, by bob, from bob:x into a:main, +2 −1 in 1 file)\n\n> (no text)\n\n\
        ```diff\n+x\n```";
    assert_told("read pull request 2 of a/b", &request, told);
}

#[test]
fn a_refusal_is_told_in_words_and_a_decline_with_its_reason() {
    let told = |text: &str| {
        let mut talk = Talk::default();
        talk.say("who am I?");
        talk.results(&json!({ "text": format!("Error: {text}") }))
    };
    assert_eq!(told("GitHub says no."), "I could not do that: GitHub says no.");
    let declined =
        "Not run: the user declined it. Ask. The reason that they gave: \"it \\\"rains\\\"\".";
    assert_eq!(told(declined), "I did nothing: you declined it, because “it \"rains\"”.");
    assert_eq!(told("Not run: the user declined it. Ask."), "I did nothing: you declined it.");
    let consent = "Not run: the user declined to authorize it.";
    assert_eq!(told(consent), "I could not do that: you declined to authorize it.");
}

#[test]
fn it_says_that_it_is_a_script_at_first_and_where_it_tells_what_it_can_do() {
    let mut talk = Talk::default();
    assert!(talk.say("who am I?").text.starts_with("(I am a script, and no language model.)"));
    assert!(!talk.results(&json!({ "json": { "login": "a" } })).contains("script"));
    assert!(!talk.say("who am I?").text.contains("script"));
    talk.results(&json!({ "json": { "login": "a" } }));
    for said in ["What can you do?", "help", "Sing a song"] {
        let told = talk.say(said).text;
        assert!(
            told.contains("I am the scripted model") && told.contains("“Search code for TODO”")
        );
    }
    assert!(talk.say("Sing a song").text.starts_with("I do not understand that."));
}
