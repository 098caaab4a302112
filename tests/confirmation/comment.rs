//! Commenting on an issue: shown with what a person checks, done once (M5, M11).

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    SESSION,
    ready::{Ready, answering, assert_says, ok},
};

const COMMENT: &str = "Please comment on issue 1 of octo-alice/weather-station: It is dry again.";
const COMMENTS: &str = "/repos/octo-alice/weather-station/issues/1/comments";

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_comment_is_shown_with_its_issue_and_its_readers_and_is_written_once() {
    let ready = Ready::new().await;
    let asked = ok(ready.alice.say(SESSION, COMMENT)).await;
    let shown = &asked["interrupts"][0];
    assert_eq!(shown["reason"], "confirmation_required", "{asked}");
    assert_eq!(
        (&shown["tool"], &shown["account"]),
        (&json!("github_comment_on_issue"), &json!("octo-alice"))
    );
    assert_eq!(shown["input"]["body"], "It is dry again.");
    let details = json!({
        "issue": "Humidity is 120 % when it rains", "state": "open",
        "visibility": "public: everyone can read it",
    });
    assert_eq!(shown["details"], details);

    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "I created a comment");
    let message = answer["message"].as_str().expect("a message");
    let link = message.split_whitespace().find(|it| it.contains("#issuecomment-")).expect("a link");
    let page = ready.alice.open(link).await;
    assert!(page.text.contains("It is dry again."), "{}", page.text);

    let (status, _) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(ready.proxies.github.count(&Method::POST, COMMENTS), 1);
}

/// Mallory waits until alice is asked, and then gives the issue another title: what she approves is no
/// longer what she has seen.
#[tokio::test(flavor = "multi_thread")]
async fn m5_an_approval_is_not_good_for_an_issue_that_says_something_else_now() {
    let ready = Ready::new().await;
    let asked = ok(ready.alice.say(SESSION, COMMENT)).await;
    ready.proxies.github.rule(|seen| match seen.is(&Method::GET, "/issues/1") {
        true => {
            let issue = json!({ "title": "Shall everything be deleted?", "state": "open" });
            tests::Fate::Answered(StatusCode::OK, Vec::new(), issue.to_string())
        }
        false => tests::Fate::Arrives,
    });
    let again = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_eq!(
        again["interrupts"][0]["details"]["issue"], "Shall everything be deleted?",
        "{again}"
    );
    assert_ne!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
    assert_eq!(ready.proxies.github.count(&Method::POST, COMMENTS), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_comment_that_github_would_refuse_is_not_asked_for() {
    let ready = Ready::new().await;
    for (place, words) in [
        ("issue 9 of octo-alice/garden", "The repository itself is there"),
        ("issue 1 of octo-carol/attic", "archived"),
    ] {
        let answer =
            ok(ready.alice.say(SESSION, &format!("Please comment on {place}: Hello"))).await;
        assert_says(&answer, words);
    }
    assert_eq!(ready.proxies.github.count(&Method::POST, ""), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_lost_answer_to_a_comment_is_reported_and_the_comment_not_repeated() {
    let ready = Ready::new().await;
    let asked = ok(ready.alice.say(SESSION, COMMENT)).await;
    ready.proxies.github.rule(|seen| match seen.method == Method::POST {
        true => tests::Fate::AnswerLost,
        false => tests::Fate::Arrives,
    });
    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "not known whether the comment was created");
    assert_eq!(ready.proxies.github.count(&Method::POST, COMMENTS), 1);
}
