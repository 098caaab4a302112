//! What counts after a disconnect: what was consented to again, by a flow that began after it.

use agentcore_local::GrantLookup;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{Fate, Proxies, Setup, assert_says, ok};

use super::{
    Alice, ISSUE, PROFILE, SESSION, TOKEN, YOU, assert_asks_for_consent, disconnect, token,
};

const NARROW: &[&str] = &["read:user"];
const WIDER: &[&str] = &["public_repo", "read:user"];

#[tokio::test(flavor = "multi_thread")]
async fn m11_after_a_disconnect_the_stored_token_is_not_used_and_a_new_consent_connects_again() {
    for grant_lookup in GrantLookup::ALL {
        let setup = Setup { grant_lookup, ..Setup::default() };
        let alice = Alice::connected(setup, PROFILE).await;
        let (calls, before) = (alice.calls(), alice.tokens());
        alice.disconnect().await;
        for _ in 0..2 {
            assert_asks_for_consent(&alice.say(PROFILE).await, NARROW);
        }
        assert_eq!(alice.calls(), calls, "no call with the token of before");
        let asked = ok(alice.browser.say("another", PROFILE)).await;
        alice.consent(&asked).await;
        assert_says(&ok(alice.browser.go_on(SESSION)).await, YOU);
        assert_says(&ok(alice.browser.go_on("another")).await, YOU);
        assert_says(&alice.say(PROFILE).await, YOU);
        let after = &alice.tokens()[before.len()..];
        assert!(after.len() == 1 && !before.contains(&after[0]), "{grant_lookup:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_set_that_was_not_consented_to_again_keeps_its_old_token_unused() {
    for grant_lookup in GrantLookup::ALL {
        let setup = Setup { grant_lookup, ..Setup::default() };
        let alice = Alice::connected(setup, PROFILE).await;
        alice.connect(ISSUE).await;
        let before = alice.tokens();
        assert_eq!(before.len(), 2, "a token for each set");
        alice.disconnect().await;
        assert_says(&alice.connect(PROFILE).await, YOU);
        let calls = alice.calls();
        let asked = ok(alice.browser.say("wider", ISSUE)).await;
        assert_asks_for_consent(&asked, WIDER);
        assert_eq!(alice.calls(), calls, "{grant_lookup:?}: the old token of the wider set");
        alice.consent(&asked).await;
        let confirmed = ok(alice.browser.go_on("wider")).await;
        assert_eq!(confirmed["interrupts"][0]["reason"], "confirmation_required", "{confirmed}");
        let used: Vec<String> = alice.proxies.github.seen()[calls..].iter().map(token).collect();
        assert!(used.iter().all(|token| !before.contains(token)), "{grant_lookup:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_wider_consent_connects_again_what_is_narrower() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let before = alice.tokens();
    alice.disconnect().await;
    let confirmed = alice.connect(ISSUE).await;
    assert_eq!(confirmed["interrupts"][0]["reason"], "confirmation_required", "{confirmed}");
    assert_says(&ok(alice.browser.say("another", PROFILE)).await, YOU);
    let last = alice.tokens().pop().expect("a token");
    assert!(!before.contains(&last));
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_flow_from_before_the_disconnect_that_is_completed_after_it_connects_nothing() {
    for grant_lookup in GrantLookup::ALL {
        let alice = Alice::new(Setup { grant_lookup, ..Setup::default() }).await;
        let mut begun = alice.say(PROFILE).await;
        // The first flow is of a user who never disconnected; the second began between two disconnects.
        for _ in 0..2 {
            alice.disconnect().await;
            alice.consent(&begun).await;
            begun = ok(alice.browser.go_on(SESSION)).await;
            assert_asks_for_consent(&begun, NARROW);
            assert_asks_for_consent(&ok(alice.browser.say("another", PROFILE)).await, NARROW);
        }
        assert_eq!(alice.calls(), 0, "{grant_lookup:?}");
        alice.consent(&begun).await;
        assert_says(&ok(alice.browser.go_on(SESSION)).await, YOU);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_users_disconnect_takes_nothing_from_another_user() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let bob = alice.world.browser_of("bob").await;
    let asked = ok(bob.say(SESSION, PROFILE)).await;
    alice.world.consent(&bob, &asked, "octo-bob").await;
    assert_says(&ok(bob.go_on(SESSION)).await, "You are octo-bob");
    alice.disconnect().await;
    assert_asks_for_consent(&alice.say(PROFILE).await, NARROW);
    assert_says(&ok(bob.say(SESSION, PROFILE)).await, "You are octo-bob");
    disconnect(&alice.world, "bob", &[]).await;
    alice.consent(&ok(alice.browser.go_on(SESSION)).await).await;
    assert_says(&ok(alice.browser.go_on(SESSION)).await, YOU);
    assert_asks_for_consent(&ok(bob.say(SESSION, PROFILE)).await, NARROW);
}

/// Requests for a token whose body holds `part` are answered with this `token`.
fn gives(proxies: &Proxies, part: &'static str, token: &str) {
    let body = json!({ "accessToken": token }).to_string();
    proxies.agentcore.rule(move |seen| match seen.is(&Method::POST, TOKEN) {
        true if seen.body.contains(part) => Fate::Answered(StatusCode::OK, vec![], body.clone()),
        _ => Fate::Arrives,
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_token_that_comes_without_a_consent_is_not_used_after_a_disconnect() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let other = Alice::connected(Setup::default(), PROFILE).await;
    alice.disconnect().await;
    let calls = alice.calls();
    // The one of before, and one that nobody has seen.
    for token in [alice.tokens(), other.tokens()].concat() {
        gives(&alice.proxies, "\"forceAuthentication\":true", &token);
        let answer = alice.say(PROFILE).await;
        assert_says(&answer, "You have disconnected GitHub, and no new consent could be asked for");
        assert_eq!(alice.calls(), calls);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_the_token_of_before_is_not_used_even_if_a_new_flow_seems_to_bring_it() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    alice.disconnect().await;
    let calls = alice.calls();
    let asked = alice.say(PROFILE).await;
    gives(&alice.proxies, "\"sessionUri\"", &alice.tokens()[0]);
    assert_asks_for_consent(&ok(alice.browser.go_on(SESSION)).await, NARROW);
    assert_eq!(alice.calls(), calls);
    alice.proxies.agentcore.rule(|_| Fate::Arrives);
    alice.consent(&asked).await;
    assert_says(&ok(alice.browser.go_on(SESSION)).await, YOU);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_flow_that_agentcore_identity_no_longer_knows_leads_to_a_consent_and_a_failure_to_none()
 {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    alice.disconnect().await;
    alice.say(PROFILE).await;
    let answers = |status, name| {
        alice.proxies.agentcore.rule(move |seen| {
            if seen.body.contains("\"sessionUri\"") {
                return Fate::aws_error(status, name, "Invalid sessionUri");
            }
            Fate::Arrives
        });
    };
    answers(StatusCode::BAD_REQUEST, "ValidationException");
    assert_asks_for_consent(&alice.say(PROFILE).await, NARROW);
    answers(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException");
    let (status, problem) = alice.browser.say(SESSION, PROFILE).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
}
