//! Consents that the user, or GitHub, has taken back (M6): they are asked for again, once.

use agentcore_local::GrantLookup;
use reqwest::{Method, StatusCode};
use tests::{Form, Setup, World, ok};

use super::{PROFILE, REPOSITORIES, SESSION, assert_asks_for, assert_says, connect};

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_revoked_token_leads_to_one_forced_consent() {
    for grant_lookup in GrantLookup::ALL {
        let (world, proxies) = World::proxied(Setup { grant_lookup, ..Setup::default() }).await;
        let alice = world.browser_of("alice").await;
        connect(&world, &alice, REPOSITORIES).await;
        world.running.github.revoke_all();

        let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
        assert_asks_for(&asked, &["read:user", "repo"]);
        let calls = proxies.github.count(&Method::GET, "/user/repos");
        let again = ok(alice.go_on(SESSION)).await;
        assert_asks_for(&again, &["read:user", "repo"]);
        assert_eq!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
        let after = proxies.github.count(&Method::GET, "/user/repos");
        assert_eq!(after, calls, "the dead token is not tried again");

        world.consent(&alice, &again, "octo-alice").await;
        assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice/diary");
        let forced = |it: &tests::Seen| it.body.contains("\"forceAuthentication\":true");
        let forced = proxies.agentcore.seen().iter().filter(|seen| forced(seen)).count();
        assert_eq!(forced, 2, "one for each link");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_token_that_is_revoked_again_after_the_forced_consent_is_an_error_and_no_third_one() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    connect(&world, &alice, REPOSITORIES).await;
    world.running.github.revoke_all();
    let asked = ok(alice.say(SESSION, REPOSITORIES)).await;
    world.consent(&alice, &asked, "octo-alice").await;
    world.running.github.revoke_all();
    let answer = ok(alice.go_on(SESSION)).await;
    assert_says(&answer, "GitHub does not accept the user's authorization");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_two_revoked_grants_lead_to_one_forced_consent() {
    for grant_lookup in GrantLookup::ALL {
        let world = World::with(Setup { grant_lookup, ..Setup::default() }).await;
        let alice = world.browser_of("alice").await;
        connect(&world, &alice, PROFILE).await;
        connect(&world, &alice, REPOSITORIES).await;
        world.running.github.revoke_all();
        let asked = ok(alice.say(SESSION, PROFILE)).await;
        assert_eq!(asked["interrupts"][0]["reason"], "authorization_required", "{asked}");
        world.consent(&alice, &asked, "octo-alice").await;
        assert_says(&ok(alice.go_on(SESSION)).await, "You are octo-alice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_consent_that_the_user_revokes_at_github_is_asked_for_again() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let answer = connect(&world, &alice, PROFILE).await;
    assert_says(&answer, "You are octo-alice");
    let settings = world.running.addresses.github.join("/settings/applications").expect("a page");
    let page = alice.open(settings.as_str()).await;
    assert!(page.text.contains("read:user"), "{}", page.text);
    // A page of another site, which knows everything that the form has.
    let fields = [("account", "octo-alice"), ("client_id", local::running::GITHUB_APP)];
    let other = reqwest::Client::new().post(settings.clone()).form(&fields);
    let other = other.header("sec-fetch-site", "cross-site").send().await.expect("an answer");
    assert_eq!(other.status(), StatusCode::BAD_REQUEST);
    assert_says(&ok(alice.say(SESSION, PROFILE)).await, "You are octo-alice");

    let form = Form::in_page(&page.text).with("account", "octo-alice");
    let page = alice.submit(&page, form).await;
    assert!(page.text.contains("Nobody has authorized an app."), "{}", page.text);
    assert_asks_for(&ok(alice.say(SESSION, PROFILE)).await, &["read:user"]);
}
