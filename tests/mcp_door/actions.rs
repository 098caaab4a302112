//! A tool that changes something: shown on our page, approved there, and done once.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Door, Kind, click, clicked, consent};

const CREATE: &str = "github_create_issue";

fn issue(title: &str) -> Value {
    json!({ "owner": "octo-alice", "repo": "garden", "title": title })
}

/// How many issues with this title there are at GitHub.
async fn issues(client: &super::client::McpClient<'_>, title: &str) -> usize {
    let list = json!({ "owner": "octo-alice", "repo": "garden" });
    client.text("github_list_issues", &list).await.matches(title).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_an_action_is_shown_exactly_approved_with_a_click_and_done_once() {
    for kind in [Kind::WithLinks, Kind::OlderWithLinks, Kind::Older] {
        let door = Door::open().await;
        let alice = door.world.browser_of("alice").await;
        let client = door.client(kind, "alice").await;
        let link = client.link(CREATE, &issue("Water the tomatoes")).await;
        consent(&alice, &link, "octo-alice").await;
        let link = client.link(CREATE, &issue("Water the tomatoes")).await;
        assert!(link.contains("/confirm?call="), "{link}");
        let page = alice.open(&link).await;
        for shown in ["Test client", CREATE, "octo-alice", "title: Water the tomatoes", "public"] {
            assert!(page.text.contains(shown), "{kind:?}: {shown} is missing: {}", page.text);
        }
        // Opening the page approves nothing, and neither does the same call.
        let again = client.link(CREATE, &issue("Water the tomatoes")).await;
        assert_eq!(again, link);
        assert_eq!(issues(&client, "Water the tomatoes").await, 0);
        let (status, _, told) = click(&alice, &page, "approve").await;
        assert_eq!(status, StatusCode::OK, "{told}");
        assert!(told["message"].as_str().is_some_and(|it| it.starts_with("Done.")), "{told}");
        assert_eq!(issues(&client, "Water the tomatoes").await, 1);
        let (status, _, _) = click(&alice, &page, "approve").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "once");
        let told = alice.open(&link).await;
        assert!(told.text.contains("nothing left to approve"), "{}", told.text);
        // The result is given once; after that it is another action.
        let told = client.text(CREATE, &issue("Water the tomatoes")).await;
        assert!(told.contains("issues/"), "{told}");
        assert_eq!(issues(&client, "Water the tomatoes").await, 1);
        let other = client.link(CREATE, &issue("Water the tomatoes")).await;
        assert!(other.contains("/confirm?call="), "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_declined_action_is_not_done_and_its_client_is_told() {
    let door = Door::open().await;
    let alice = door.world.browser_of("alice").await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let link = client.link(CREATE, &issue("Burn it down")).await;
    consent(&alice, &link, "octo-alice").await;
    let page = alice.open(&client.link(CREATE, &issue("Burn it down")).await).await;
    let (status, _, told) = click(&alice, &page, "decline").await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert!(told["message"].as_str().is_some_and(|it| it.contains("nothing was done")), "{told}");
    let told = client.text(CREATE, &issue("Burn it down")).await;
    assert!(told.contains("declined"), "{told}");
    assert_eq!(issues(&client, "Burn it down").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_no_client_other_person_or_other_site_approves_an_action() {
    let door = Door::open().await;
    let (alice, mallory) =
        (door.world.browser_of("alice").await, door.world.browser_of("mallory").await);
    let client = door.client(Kind::WithLinks, "alice").await;
    let link = client.link(CREATE, &issue("Sneaky")).await;
    consent(&alice, &link, "octo-alice").await;
    let link = client.link(CREATE, &issue("Sneaky")).await;
    let page = alice.open(&link).await;

    // Mallory, who was sent the link, is not shown what is in it.
    let theirs = mallory.open(&link).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    assert!(!theirs.text.contains("Sneaky"), "{}", theirs.text);
    let stolen = clicked(&mallory, &page, "approve").header("sec-fetch-site", "same-origin");
    assert_eq!(stolen.send().await.expect("an answer").status(), StatusCode::CONFLICT);

    // A page of another site, in alice's browser.
    let foreign = clicked(&alice, &page, "approve").header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    let foreign = clicked(&alice, &page, "approve").header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);

    // The client itself, with its token and in place of the load balancer.
    let token = door.token("alice", &json!({}));
    let body = json!({ "call": "x", "interrupt": "01234567-89ab-4cde-8f01-23456789abcd", "choice": "approve" });
    let own = door.request(Method::POST, "/confirm").bearer_auth(&token).json(&body);
    let own = own.send().await.expect("an answer").status();
    assert!(own == StatusCode::FOUND || own == StatusCode::UNAUTHORIZED, "{own}");
    assert_eq!(issues(&client, "Sneaky").await, 0);
}
