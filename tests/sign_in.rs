//! Nobody is signed in by a sign-in that they did not begin in their own browser (M1).

use reqwest::StatusCode;
use tests::{Browser, Form, Visit, World};
use url::Url;

const CALLBACK: &str = "/oauth2/idpresponse";

/// Alice has signed in at the identity provider, and her browser is about to come back.
async fn about_to_come_back(world: &World) -> (Browser, Url) {
    let alice = world.browser();
    let page = alice.open(world.running.addresses.application.as_str()).await;
    let form = Form::in_page(&page.text).with("user", "alice");
    let is_callback = |address: &Url| address.path() == CALLBACK;
    let back = alice.submit_until(&page, form, is_callback).await;
    let address = back.address().clone();
    (alice, address)
}

#[track_caller]
fn assert_not_signed_in(page: &Visit) {
    assert!(page.status.is_client_error() || page.status.is_server_error(), "{page:?}");
    assert!(!page.headers.contains_key("set-cookie"), "{:?}", page.headers);
}

async fn is_signed_in(browser: &Browser) -> bool {
    let (status, _) = browser.say("s", "Hello!").await;
    assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&status), "{status}");
    status == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_alice_who_opens_mallorys_sign_in_link_is_not_signed_in_as_mallory() {
    let world = World::in_process().await;
    let (_mallory, link) = about_to_come_back(&world).await;
    let alice = world.browser();
    // With no sign-in of her own under way, and with one.
    assert_not_signed_in(&alice.open(link.as_str()).await);
    alice.open(world.running.addresses.application.as_str()).await;
    assert_not_signed_in(&alice.open(link.as_str()).await);
    assert!(!is_signed_in(&alice).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_a_sign_in_with_an_invented_state_or_an_injected_code_fails() {
    let world = World::in_process().await;
    let (alice, back) = about_to_come_back(&world).await;
    for (name, value) in [("state", "invented"), ("code", "injected")] {
        let mut wrong = back.clone();
        let pairs = back.query_pairs().filter(|(key, _)| key != name);
        wrong.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        assert_not_signed_in(&alice.open(wrong.as_str()).await);
    }
    // The state was used up by the try with the injected code.
    assert_not_signed_in(&alice.open(back.as_str()).await);
    assert!(!is_signed_in(&alice).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_a_sign_in_counts_once_and_not_without_a_code() {
    let world = World::in_process().await;
    let (alice, back) = about_to_come_back(&world).await;
    let page = alice.open(back.as_str()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(is_signed_in(&alice).await);
    assert_not_signed_in(&alice.open(back.as_str()).await);

    let (bob, back) = about_to_come_back(&world).await;
    let mut refused = back.clone();
    let state = back.query_pairs().find(|(key, _)| key == "state").expect("a state").1;
    refused.query_pairs_mut().clear().append_pair("state", &state);
    refused.query_pairs_mut().append_pair("error", "access_denied");
    assert_not_signed_in(&bob.open(refused.as_str()).await);
    assert!(!is_signed_in(&bob).await);
}
