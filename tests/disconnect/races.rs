//! A disconnect while a turn is at work: no call that begins after its answer uses a token of before.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use reqwest::{Method, StatusCode};
use tests::{Fate, Gate, Proxy, Setup, assert_says, ok};
use tokio::time::timeout;

use super::{
    Alice, ISSUE, PROFILE, RECORD, SESSION, YOU, assert_asks_for_consent, assert_disconnected,
    disconnect,
};

const LONG: Duration = Duration::from_secs(60);

/// Lets requests with `method` at a path that ends so wait; they wait at the gate.
fn hold(proxy: &Proxy, method: Method, end: &'static str) -> Gate {
    let gate = Gate::closed();
    let at_gate = gate.clone();
    proxy.rule(move |seen| match seen.is(&method, end) {
        true => Fate::Waits(at_gate.clone()),
        false => Fate::Arrives,
    });
    gate
}

/// Completes when a request waits at `gate`.
async fn reached(gate: &Gate) {
    timeout(LONG, gate.reached()).await.expect("a request waits");
}

/// Disconnects while something waits at `gate`, and lets it go on.
async fn disconnect_at(alice: &Alice, gate: Gate) {
    reached(&gate).await;
    alice.disconnect().await;
    gate.open();
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_change_that_is_claimed_when_the_user_disconnects_is_not_made() {
    let alice = Alice::connected(Setup::default().with("CONFIRM_ACTIONS", "off"), PROFILE).await;
    let asked = alice.say(ISSUE).await;
    alice.consent(&asked).await;
    let gate = hold(&alice.proxies.github, Method::GET, "/repos/octo-alice/garden");
    let turn = alice.browser.go_on(SESSION);
    let ((status, answer), ()) = tokio::join!(turn, disconnect_at(&alice, gate));
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_disconnected(&answer);
    assert_eq!(alice.proxies.github.count(&Method::POST, "/issues"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_token_that_dies_by_a_disconnect_in_a_turn_leads_to_no_consent() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let gate = hold(&alice.proxies.github, Method::GET, "/user");
    let revoked = async {
        reached(&gate).await;
        alice.disconnect().await;
        alice.world.running.github.revoke_all();
        gate.open();
    };
    let calls = alice.calls();
    let (answer, ()) = tokio::join!(alice.say(PROFILE), revoked);
    assert_disconnected(&answer);
    assert_eq!(alice.calls(), calls + 1, "the call that had begun, and no other");
    let forced = alice.proxies.agentcore.seen();
    assert!(!forced.iter().any(|seen| seen.body.contains("\"forceAuthentication\":true")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_disconnect_after_the_vaults_answer_is_seen_by_the_turn() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    // The record is read after the disconnect, the vault has answered before it.
    let gate = hold(&alice.proxies.s3, Method::GET, RECORD);
    let calls = alice.calls();
    let (answer, ()) = tokio::join!(alice.say(PROFILE), disconnect_at(&alice, gate));
    assert_asks_for_consent(&answer, &["read:user"]);
    assert_eq!(alice.calls(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_consent_that_a_second_disconnect_overtakes_is_not_used() {
    for earlier_disconnects in [0, 1] {
        let alice = Alice::connected(Setup::default(), PROFILE).await;
        for _ in 0..earlier_disconnects {
            alice.disconnect().await;
        }
        let asked = alice.say(ISSUE).await;
        alice.consent(&asked).await;
        let calls = alice.calls();
        let gate = hold(&alice.proxies.s3, Method::PUT, RECORD);
        let turn = alice.browser.go_on(SESSION);
        let ((status, answer), ()) = tokio::join!(turn, disconnect_at(&alice, gate));
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_disconnected(&answer);
        assert_eq!(alice.calls(), calls, "after {earlier_disconnects} disconnects");
        assert_asks_for_consent(&alice.say(PROFILE).await, &["read:user"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_flow_that_a_second_disconnect_overtakes_is_not_shown() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    alice.disconnect().await;
    let gate = hold(&alice.proxies.s3, Method::PUT, RECORD);
    let (answer, ()) = tokio::join!(alice.say(PROFILE), disconnect_at(&alice, gate));
    assert_disconnected(&answer);
    assert_asks_for_consent(&alice.say(PROFILE).await, &["read:user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_what_the_vault_returned_before_the_user_connected_again_is_asked_for_once_more() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let before = alice.tokens();
    // The first read of the record waits until the user has disconnected and connected again. The vault
    // could not be asked at the disconnect, so that the record does not know its token.
    let (gate, reads) = (Gate::closed(), AtomicUsize::new(0));
    let at_gate = gate.clone();
    alice.proxies.s3.rule(move |seen| {
        let is_first = seen.is(&Method::GET, RECORD) && reads.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let connects_again = async {
        reached(&gate).await;
        disconnect(&alice.world, "alice", &[]).await;
        let asked = ok(alice.browser.say("another", PROFILE)).await;
        alice.consent(&asked).await;
        assert_says(&ok(alice.browser.go_on("another")).await, YOU);
        gate.open();
    };
    let (answer, ()) = tokio::join!(alice.say(PROFILE), connects_again);
    assert_says(&answer, YOU);
    assert_eq!(alice.tokens().len(), before.len() + 1, "the new token alone");
}

/// The vault is slow, and the user disconnects while it is asked: its answer is of before.
#[tokio::test(flavor = "multi_thread")]
async fn m11_what_the_vault_returns_after_a_disconnect_that_it_did_not_see_is_not_used() {
    let alice = Alice::connected(Setup::default(), PROFILE).await;
    let before = alice.tokens();
    let (gate, asked) = (Gate::closed(), AtomicUsize::new(0));
    let at_gate = gate.clone();
    alice.proxies.agentcore.rule(move |seen| {
        let is_first = seen.is(&Method::POST, "/identities/oauth2/token")
            && asked.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let (answer, ()) = tokio::join!(alice.say(PROFILE), disconnect_at(&alice, gate));
    assert_asks_for_consent(&answer, &["read:user"]);
    assert_eq!(alice.tokens(), before, "no token reached GitHub");
}
