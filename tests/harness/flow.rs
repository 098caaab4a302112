//! The whole flow, the same wherever the services run.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{Browser, Visit, World};

const SESSION: &str = "first-light";

/// Alice signs in, asks, is asked for consent, consents, gets her answer and is never asked again;
/// bob gets nothing of it (M1 to M11).
///
/// # Panics
/// When any step goes wrong.
pub async fn whole_flow(world: &World) {
    let addresses = world.running.addresses.clone();
    let alice = world.browser();

    // M1: no session, so the load balancer sends her to the identity provider and back.
    let page = world.sign_in(&alice, "alice").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.address().origin(), addresses.application.origin());
    assert_eq!(page.address().path(), "/");
    assert!(page.text.contains("Signed in as <b>Alice"), "{}", page.text);

    // M3, M4: the model answers without any tool.
    let (status, answer) = alice.say(SESSION, "Hello!").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "completed");

    // M6, M7: the tool needs a token, so the turn is interrupted with structured data.
    let (status, answer) =
        alice.say(SESSION, "Which repositories do I have, private ones too?").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "interrupted");
    let interrupt = &answer["interrupts"][0];
    assert_eq!(interrupt["reason"], "authorization_required");
    assert_eq!(interrupt["provider"], world.provider());
    assert_eq!(interrupt["scopes"], json!(["read:user", "repo"]));
    let link = interrupt["url"].as_str().expect("a link");
    assert!(link.starts_with(addresses.application.as_str()), "{link}");

    // M7: what waits for her is not in the saved conversation's reach of a link.
    let saved = world.everything_saved().await;
    assert!(saved.contains("github_list_repositories"), "{saved}");
    for secret in ["request_uri", "/consent", "/authorize", "flow="] {
        assert!(!saved.contains(secret), "{secret} was saved: {saved}");
    }

    // M7, M8: the link leads to GitHub, and the consent to our own page.
    let consent = alice.open(link).await;
    assert_eq!(consent.address().origin(), addresses.github.origin());
    let bound = alice.consent(&consent, "octo-alice").await;
    assert_eq!(bound.status, StatusCode::OK, "{}", bound.text);
    assert_eq!(bound.address().path(), "/oauth2/session-binding");
    assert_eq!(bound.address().query(), Some("result=connected"));
    assert!(bound.text.contains("You are connected"));

    // M10: the waiting turn is finished.
    let (status, answer) = alice.go_on(SESSION).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_names_the_repositories(&answer);

    // M10: no further turn needs a consent, in this conversation or another.
    let (_, answer) = alice.say(SESSION, "List my repositories again.").await;
    assert_names_the_repositories(&answer);
    let (_, answer) = alice.say("another", "Which repositories do I have, private ones too?").await;
    assert_names_the_repositories(&answer);

    // M6, M11: she sees what she has connected, and on a platform that is what it is on another.
    let (status, connections) = alice.ask(Method::GET, "/connections").await;
    assert_eq!(status, StatusCode::OK, "{connections}");
    let entry = &connections["connections"][0];
    assert_eq!((&entry["status"], &entry["account"]), (&json!("connected"), &json!("@octo-alice")));

    // M11: her consent is for `repo`; it gives bob nothing.
    let bob = world.browser_of("bob").await;
    let (_, answer) = bob.say(SESSION, "Which repositories do I have, private ones too?").await;
    assert_eq!(answer["status"], "interrupted", "{answer}");
    let path = format!("/connections/{}", world.provider());
    let (status, answer) = bob.ask(Method::DELETE, &path).await;
    assert_eq!((status, &answer["revoked"]), (StatusCode::OK, &json!("already_gone")), "{answer}");
}

/// Asks `question`, consents as `account` and approves where that is asked for; returns what is
/// answered in the end, and why it was interrupted.
///
/// # Panics
/// When a turn fails, or asks again and again.
pub async fn ask_to_the_end(
    browser: &Browser,
    session: &str,
    question: &str,
    account: &str,
) -> (String, Vec<String>) {
    let (mut status, mut answer) = browser.say(session, question).await;
    let mut reasons = Vec::new();
    while answer["status"] == "interrupted" {
        assert!(reasons.len() < 3, "{answer}");
        let interrupt = &answer["interrupts"][0];
        reasons.push(interrupt["reason"].as_str().expect("a reason").to_owned());
        (status, answer) = match interrupt["url"].as_str() {
            Some(link) => {
                let page = browser.open(link).await;
                browser.consent(&page, account).await;
                browser.go_on(session).await
            }
            None => {
                let yes = json!([{ "interruptId": interrupt["id"], "status": "resolved" }]);
                browser.invoke(&json!({ "sessionId": session, "resume": yes })).await
            }
        };
    }
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
    (answer["message"].as_str().expect("a message").to_owned(), reasons)
}

/// The turn is finished, and names what alice has at GitHub.
///
/// # Panics
/// When it does not.
#[track_caller]
pub fn assert_names_the_repositories(answer: &Value) {
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_eq!(answer["interrupts"], json!([]), "{answer}");
    let message = answer["message"].as_str().expect("a message");
    for repository in ["octo-alice/garden", "octo-alice/weather-station", "octo-alice/diary"] {
        assert!(message.contains(repository), "{repository} is missing: {message}");
    }
}

/// Nothing of the user who is signed in in `browser` is bound: the same question still needs a consent.
///
/// # Panics
/// When something is.
pub async fn assert_nothing_bound(browser: &Browser) {
    let (status, answer) =
        browser.say("control", "Which repositories do I have, private ones too?").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "interrupted", "a token was bound: {answer}");
}

/// A visit to the page after consent ended so, and neither the page nor its address tells more.
///
/// # Panics
/// When it did not.
#[track_caller]
pub fn assert_refused(page: &Visit, code: &str, status: StatusCode) {
    assert_eq!(page.parameter("result").as_deref(), Some(code), "{:?}", page.way);
    assert_eq!(page.status, status, "{}", page.text);
    for secret in ["session_id", "request_uri", "state="] {
        assert!(!page.address().as_str().contains(secret) && !page.text.contains(secret));
    }
}
