//! What the record of a connection costs, and what happens where it can't be read or written.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode};
use tests::{Fate, Setup, assert_says, ok};

use super::{Alice, BOTH, ISSUE, PROFILE, RECORD, SESSION, YOU, assert_asks_for_consent};

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_turn_reads_the_record_once_for_each_round_of_calls_and_asks_the_vault_once() {
    let alice = Alice::new(Setup::default()).await;
    assert_eq!(alice.cost_of(alice.say("Hello!")).await.0, [0, 0, 0]);
    let asked = alice.say(PROFILE).await;
    alice.consent(&asked).await;
    let (cost, _) = alice.cost_of(ok(alice.browser.go_on(SESSION))).await;
    assert_eq!(cost, [1, 1, 1], "since when alice has consented is written once");
    assert_eq!(alice.cost_of(alice.say(PROFILE)).await.0, [1, 0, 1]);

    alice.connect(ISSUE).await;
    let (cost, asked) = alice.cost_of(alice.say(ISSUE)).await;
    assert_eq!(cost, [1, 0, 1], "a preview");
    let (cost, answer) = alice.cost_of(alice.approve(&asked)).await;
    assert_eq!(cost, [2, 0, 1], "the preview, and the change");
    assert_says(&answer, "I created issue 1");

    alice.disconnect().await;
    alice.connect(PROFILE).await;
    assert_eq!(alice.cost_of(alice.say(PROFILE)).await.0, [1, 0, 1], "as before the disconnect");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_the_vault_is_asked_once_by_each_set_that_would_do_however_many_calls_need_a_token() {
    let alice = Alice::new(Setup::default()).await;
    assert_eq!(alice.cost_of(alice.say(PROFILE)).await.0, [1, 0, 3]);
    let alice = Alice::new(Setup::default()).await;
    assert_eq!(alice.cost_of(alice.say(BOTH)).await.0, [1, 0, 3]);

    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let calls = alice.calls();
    // The record is read again, because the vault has given a token after it was read.
    assert_eq!(alice.cost_of(alice.say(BOTH)).await.0, [2, 0, 2]);
    assert_eq!(alice.calls() - calls, 1, "a token was tried that is too narrow");
}

/// Lets each request with `method` for the record fail.
fn lose(alice: &Alice, method: Method) {
    alice.proxies.s3.rule(move |seen| match seen.is(&method, RECORD) {
        true => Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR, vec![], String::new()),
        false => Fate::Arrives,
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_where_the_record_can_not_be_read_no_token_is_used_and_no_consent_is_asked_for() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let calls = alice.calls();
    lose(&alice, Method::GET);
    let (status, problem) = alice.browser.say(SESSION, PROFILE).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    alice.proxies.s3.rule(|seen| match seen.is(&Method::GET, RECORD) {
        true => Fate::Answered(StatusCode::OK, vec![("etag", "\"1\"")], "{}".to_owned()),
        false => Fate::Arrives,
    });
    let (status, problem) = alice.browser.say(SESSION, PROFILE).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
    assert_eq!(alice.calls(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_consent_counts_even_if_its_time_can_not_be_saved() {
    let alice = Alice::new(Setup::default()).await;
    let asked = alice.say(PROFILE).await;
    alice.consent(&asked).await;
    lose(&alice, Method::PUT);
    assert_says(&ok(alice.browser.go_on(SESSION)).await, YOU);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_after_a_disconnect_a_consent_counts_once_it_is_saved() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    alice.disconnect().await;
    let asked = alice.say(PROFILE).await;
    alice.consent(&asked).await;
    let calls = alice.calls();
    lose(&alice, Method::PUT);
    let (status, problem) = alice.browser.go_on(SESSION).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(alice.calls(), calls, "the token is not used");
    let (status, problem) = alice.browser.say("another", ISSUE).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "a flow that is not saved: {problem}");
    alice.proxies.s3.rule(|_| Fate::Arrives);
    assert_says(&ok(alice.browser.go_on(SESSION)).await, YOU);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_change_that_can_not_be_checked_is_not_made_and_is_asked_for_again() {
    let alice = Alice::connected(Setup::default(), ISSUE).await;
    let asked = ok(alice.browser.go_on(SESSION)).await;
    // The first read is for the preview.
    let reads = AtomicUsize::new(0);
    alice.proxies.s3.rule(move |seen| {
        if seen.is(&Method::GET, RECORD) && reads.fetch_add(1, Ordering::SeqCst) > 0 {
            return Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR, vec![], String::new());
        }
        Fate::Arrives
    });
    let (status, problem) = alice.browser.invoke(&super::approving(&asked)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    alice.proxies.s3.rule(|_| Fate::Arrives);
    let again = ok(alice.browser.go_on(SESSION)).await;
    assert_eq!(again["interrupts"][0]["reason"], "confirmation_required", "{again}");
    assert_eq!(alice.proxies.github.count(&Method::POST, "/issues"), 0);
    assert_says(&alice.approve(&again).await, "I created issue 1");
    alice.disconnect().await;
    assert_asks_for_consent(&alice.say(PROFILE).await, &["read:user"]);
}
