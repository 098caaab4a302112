//! Reading the issues of a repository: with the narrowest scopes where it is public, and with more only
//! where GitHub says that it takes more (M4, M11).

use serde_json::json;
use tests::{Browser, World, assert_says, ok};

const SESSION: &str = "issues";

/// Creates an issue in alice's garden, with her consent and her approval.
async fn create(world: &World, alice: &Browser, title: &str) {
    let message = format!("create an issue in octo-alice/garden: {title}");
    let asked = ok(alice.say("creating", &message)).await;
    world.consent(alice, &asked, "octo-alice").await;
    let asked = ok(alice.go_on("creating")).await;
    let id = &asked["interrupts"][0]["id"];
    let resume = json!([{ "interruptId": id, "status": "resolved" }]);
    ok(alice.invoke(&json!({ "sessionId": "creating", "resume": resume }))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_issues_of_a_public_repository_are_listed_with_the_narrowest_scopes() {
    let world = World::in_process().await;
    let bob = world.browser_of("bob").await;
    let asked = ok(bob.say(SESSION, "What are the issues of octo-alice/garden?")).await;
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["read:user"]), "{asked}");
    world.consent(&bob, &asked, "octo-bob").await;
    assert_says(&ok(bob.go_on(SESSION)).await, "has 0 open issues");

    let alice = world.browser_of("alice").await;
    create(&world, &alice, "Water the Tomatoes").await;
    let answer = ok(bob.say(SESSION, "And the issues of octo-alice/garden now?")).await;
    assert_says(&answer, "Water the Tomatoes (open, by octo-alice");
    assert_says(&answer, "octo-alice/garden has 1 open issue:");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_the_issues_of_a_private_repository_take_the_scope_that_github_names() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, "Who am I?")).await;
    world.consent(&alice, &asked, "octo-alice").await;
    assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice");

    let asked = ok(alice.say(SESSION, "What are the issues of octo-alice/diary?")).await;
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["read:user", "repo"]), "{asked}");
    world.consent(&alice, &asked, "octo-alice").await;
    assert_says(&ok(alice.go_on(SESSION)).await, "has 0 open issues");

    let answer = ok(alice.say(SESSION, "What are the issues of octo-bob/nowhere?")).await;
    assert_says(&answer, "GitHub has no such thing");
}
