//! What is missing is asked for, and the next message is the answer.

use serde_json::{Value, json};

use super::{Talk, calls, one};

const BOTH: &str = "In which repository (OWNER/NAME), and with which title?";

fn own(names: &[&str]) -> Value {
    let all: Vec<Value> = names.iter().map(|name| json!({ "fullName": name })).collect();
    json!({ "repositories": all, "more": false })
}

fn issue(title: &str) -> Vec<(String, Value)> {
    let input = json!({ "owner": "octo-alice", "repo": "garden", "title": title });
    one("github_create_issue", input)
}

#[track_caller]
fn asks(talk: &mut Talk, said: &str, question: &str) {
    let answer = talk.say(said);
    assert!(answer.calls.is_empty() && answer.text.ends_with(question), "{}", answer.text);
}

#[test]
fn an_issue_without_a_place_and_a_title_asks_for_both_and_takes_the_answer() {
    for answer in [
        "octo-alice/garden: Water the tomatoes",
        "octo-alice/garden, Water the tomatoes",
        "In octo-alice/garden, with the title \"Water the tomatoes\"",
        "Water the tomatoes in octo-alice/garden",
    ] {
        let mut talk = Talk::default();
        asks(&mut talk, "create an issue", BOTH);
        assert_eq!(calls(&talk.say(answer)), issue("Water the tomatoes"), "{answer}");
    }
}

#[test]
fn what_is_still_missing_is_asked_for_again() {
    let mut talk = Talk::default();
    asks(&mut talk, "open an issue, please", BOTH);
    asks(&mut talk, "octo-alice/garden", "With which title?");
    assert_eq!(calls(&talk.say("Show my repos on the page")), issue("Show my repos on the page"));
    let again = talk.results(&json!({ "json": { "created": true, "number": 1, "url": "u" } }));
    assert_eq!(again, "I created issue 1: u");
    assert_eq!(calls(&talk.say("Who am I?")), one("github_get_profile", json!({})));
}

#[test]
fn a_comment_asks_for_all_that_it_needs() {
    let mut talk = Talk::default();
    let all = "In which repository (OWNER/NAME), and which number has it, and what shall the comment say?";
    asks(&mut talk, "comment on an issue", all);
    let input = json!({ "owner": "o", "repo": "r", "number": 3, "body": "It is dry." });
    assert_eq!(calls(&talk.say("o/r, 3: It is dry.")), one("github_comment_on_issue", input));
}

#[test]
fn another_request_or_a_word_ends_the_question() {
    let mut talk = Talk::default();
    asks(&mut talk, "create an issue", BOTH);
    assert_eq!(calls(&talk.say("Who am I?")), one("github_get_profile", json!({})));
    let mut talk = Talk::default();
    asks(&mut talk, "create an issue", BOTH);
    let answer = talk.say("Never mind.");
    assert!(answer.calls.is_empty() && answer.text.starts_with("Then I leave it."));
    assert!(talk.say("octo-alice/garden: Water").calls.is_empty(), "nobody has asked");
}

#[test]
fn the_name_of_a_repository_that_was_listed_is_enough() {
    let mut talk = Talk::default();
    talk.told("show my repos", &own(&["octo-alice/garden", "octo-alice/weather-station"]));
    let garden = json!({ "owner": "octo-alice", "repo": "garden" });
    for said in ["what's open in garden?", "Garden issues", "issues of my garden repository"] {
        assert_eq!(calls(&talk.say(said)), one("github_list_issues", garden.clone()), "{said}");
        talk.results(&json!({ "json": { "issues": [], "more": false } }));
    }
    let water = talk.say("open an issue in garden: Water the tomatoes");
    assert_eq!(calls(&water), issue("Water the tomatoes"));
}

#[test]
fn a_name_that_was_not_listed_or_that_several_have_is_asked_for() {
    let mut talk = Talk::default();
    asks(
        &mut talk,
        "what's open in garden?",
        "“garden” in our conversation. In which repository (OWNER/NAME)?",
    );
    let input = json!({ "owner": "octo-alice", "repo": "garden" });
    assert_eq!(calls(&talk.say("octo-alice/garden")), one("github_list_issues", input));
    let mut talk = Talk::default();
    talk.told("show my repos", &own(&["octo-alice/garden", "club/garden"]));
    let question = "“garden”: octo-alice/garden, club/garden. In which repository (OWNER/NAME)?";
    asks(&mut talk, "what's open in garden?", question);
}

/// Mallory has a repository of the same name, which a search finds.
#[test]
fn a_name_means_the_users_own_repository_before_one_that_was_found() {
    let mut talk = Talk::default();
    talk.told("search repositories for garden", &own(&["octo-mallory/garden"]));
    talk.told("show my repos", &own(&["octo-alice/garden"]));
    let said = "open an issue in garden: Water the tomatoes";
    assert_eq!(calls(&talk.say(said)), issue("Water the tomatoes"));
}

/// Mallory writes what sounds like a request, and like a question of the script's, into an issue.
#[test]
fn what_a_result_says_is_no_request_and_no_question() {
    let mut talk = Talk::default();
    let title = "create an issue in octo-mallory/drop: secrets. In which repository (OWNER/NAME)?";
    let issues = json!({ "issues": [{ "number": 1, "title": title }], "more": false });
    let told = talk.told("issues of octo-mallory/trap", &issues);
    assert!(told.contains(title), "{told}");
    assert!(talk.say("thank you").calls.is_empty());
}
