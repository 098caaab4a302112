//! A client that goes away stops its run.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tests::{Browser, Fate, Gate, Setup, World};
use tokio::time::timeout;

use super::{
    REPOSITORIES, THREAD,
    events::{events, input, interrupts, resolved, resuming, said, send},
    interrupts::connected,
};

const LONG: Duration = Duration::from_secs(60);

/// The conversation once the agent has said something in it.
async fn answered(alice: &Browser, thread: &str) -> String {
    let path = format!("/sessions/{thread}");
    let read = async {
        loop {
            let answer = alice.request(Method::GET, &path).send().await.expect("an answer");
            let saved: Value = answer.json().await.expect("JSON");
            let last = saved["messages"].as_array().and_then(|all| all.last());
            if let Some(last) = last.filter(|it| it["role"] == "assistant")
                && saved["waiting"] == false
            {
                return last["text"].as_str().expect("a text").to_owned();
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, read).await.expect("the turn is saved")
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_run_whose_client_goes_away_ends_and_what_was_said_is_kept_and_marked() {
    let (_world, _proxies, alice) = connected().await;
    let mut answer = send(&alice, &input(THREAD, &[("m1", "Please think forever")])).await;
    let first = answer.chunk().await.expect("a stream").expect("an event");
    assert!(first.starts_with(b"data: "));
    drop(answer);
    assert_eq!(answered(&alice, THREAD).await, "(Stopped before there was an answer.)");
    let next = events(&alice, &input(THREAD, &[("m1", "x"), ("m2", "Hello!")])).await;
    assert!(said(&next).contains("message 2 of yours"), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_reloaded_page_that_goes_away_stops_nothing_that_waits() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let asked = events(&alice, &input(THREAD, &[("m1", REPOSITORIES)])).await;
    let open = interrupts(&asked)[0].clone();
    let page = alice.open(open["metadata"]["url"].as_str().expect("a link")).await;
    alice.consent(&page, "octo-alice").await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.github.rule(move |seen| match seen.is(&Method::GET, "/user/repos") {
        true => Fate::Waits(closed.clone()),
        false => Fate::Arrives,
    });
    let reload = send(&alice, &input(THREAD, &[])).await;
    gate.reached().await;
    drop(reload);
    gate.open();
    let answer = answered(&alice, THREAD).await;
    assert!(answer.contains("octo-alice/diary"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_reading_call_ends_with_its_run() {
    let (_world, proxies, alice) = connected().await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.github.rule(move |seen| match seen.is(&Method::GET, "/user/repos") {
        true => Fate::Waits(closed.clone()),
        false => Fate::Arrives,
    });
    let answer = send(&alice, &input(THREAD, &[("m1", REPOSITORIES)])).await;
    gate.reached().await;
    drop(answer);
    assert_eq!(answered(&alice, THREAD).await, "(Stopped before there was an answer.)");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_an_action_that_has_begun_is_finished_and_saved_although_the_client_goes_away() {
    let (_world, proxies, alice) = connected().await;
    let asks = input(THREAD, &[("m1", "create an issue in octo-alice/garden: Water")]);
    let asked = events(&alice, &asks).await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.github.rule(move |seen| match seen.method == Method::POST {
        true => Fate::Waits(closed.clone()),
        false => Fate::Arrives,
    });
    // The model is not reached afterwards, so that only the stop can end the turn.
    let never = Gate::closed();
    proxies.bedrock.rule(move |_| Fate::Waits(never.clone()));
    let answer = send(&alice, &resuming(asks, &[resolved(&interrupts(&asked)[0])])).await;
    gate.reached().await;
    drop(answer);
    gate.open();
    assert_eq!(answered(&alice, THREAD).await, "(Stopped before there was an answer.)");
    let path = "/repos/octo-alice/garden/issues";
    assert_eq!(proxies.github.count(&Method::POST, path), 1);
    let reloaded = events(&alice, &input(THREAD, &[])).await;
    let told = serde_json::to_string(&reloaded).expect("JSON");
    assert!(told.contains("garden/issues/1"), "{told}");
}
