//! Consents that are finished by another person, in another browser, too late or twice (M9, M12).

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use tests::{
    Browser, Setup, Time, World,
    flow::{assert_nothing_bound, assert_refused},
    parameter,
};
use url::Url;

use super::{
    BINDING,
    token::{Token, host},
};

const SESSION: &str = "attacked";

fn is_binding(address: &Url) -> bool {
    address.path() == BINDING
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_bob_finishing_alices_flow_in_another_browser_is_refused() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link = world.ask(&alice, SESSION).await;
    let consent = alice.open(&link).await;
    let back = alice.consent_until(&consent, "octo-alice", is_binding).await;

    let page = bob.open(back.address().as_str()).await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
    assert_nothing_bound(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_the_consent_link_of_bob_does_not_open_for_alice() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link = world.ask(&bob, SESSION).await;

    let page = alice.open(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("not yours"), "{}", page.text);
    assert!(!page.text.contains("bob"), "the page tells whose it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_alices_consent_on_bobs_bare_provider_link_gives_bob_nothing() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let agentcore = world.running.addresses.agentcore.clone();
    // Bob takes the provider's own link out of his browser's way and sends it to alice.
    let is_provider = |address: &Url| address.origin() == agentcore.origin();
    let link = world.ask(&bob, SESSION).await;
    let way = bob.open_until(&link, is_provider).await;

    let consent = alice.open(way.address().as_str()).await;
    let page = alice.consent(&consent, "octo-alice").await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
    assert_nothing_bound(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_bob_completing_a_flow_that_alice_consented_to_is_refused() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let agentcore = world.running.addresses.agentcore.clone();
    let link = world.ask(&bob, SESSION).await;
    // His browser carries the flow's cookie; the session URI is in the link he sends.
    let way = bob.open_until(&link, |address| address.origin() == agentcore.origin()).await;
    let session = parameter(way.address(), "request_uri").expect("a session URI");
    let consent = alice.open(way.address().as_str()).await;
    alice.consent(&consent, "octo-alice").await;

    // AgentCore Identity now holds alice's code on bob's session, and person and browser are right.
    let mut address = world.running.addresses.application.join(BINDING).expect("an address");
    address.query_pairs_mut().append_pair("session_id", &session);
    let page = bob.open(address.as_str()).await;
    assert_refused(&page, "no_state", StatusCode::FORBIDDEN);

    address.query_pairs_mut().append_pair("state", "guessed").append_pair("custom_state", "again");
    let page = bob.open(address.as_str()).await;
    assert_refused(&page, "wrong_state", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_state_of_another_flow_of_the_same_person_does_not_help() {
    let world = World::in_process().await;
    let bob = world.browser_of("bob").await;
    let links = (world.ask(&bob, "one").await, world.ask(&bob, "two").await);
    let first = bob.open(&links.0).await;
    let first = bob.consent_until(&first, "octo-bob", is_binding).await;
    let second = bob.open(&links.1).await;
    let second = bob.consent_until(&second, "octo-bob", is_binding).await;

    let mut mixed = first.address().clone();
    let (session, state) = (first.parameter("session_id"), second.parameter("state"));
    mixed.set_query(None);
    mixed.query_pairs_mut().append_pair("session_id", &session.expect("a session"));
    mixed.query_pairs_mut().append_pair("state", &state.expect("a state"));
    let page = bob.open(mixed.as_str()).await;
    assert_refused(&page, "wrong_state", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_browser_of_the_same_person_is_refused() {
    let world = World::in_process().await;
    let (desk, cafe) = (world.browser_of("alice").await, world.browser_of("alice").await);
    let link = world.ask(&desk, SESSION).await;

    let page = cafe.open(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("not asked for in this browser"), "{}", page.text);

    let consent = desk.open(&link).await;
    let back = desk.consent_until(&consent, "octo-alice", is_binding).await;
    let page = cafe.open(back.address().as_str()).await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_another_user_signed_in_in_alices_browser_can_not_finish_her_flow() {
    let world = World::in_process().await;
    let browser = world.browser_of("alice").await;
    let link = world.ask(&browser, SESSION).await;
    let consent = browser.open(&link).await;
    let back = browser.consent_until(&consent, "octo-alice", is_binding).await;

    // The same browser, flow cookie and state, but the token says bob.
    let page = direct_visit(&world, &browser, back.address(), "bob").await;
    assert_eq!(page, StatusCode::FORBIDDEN);
    assert_nothing_bound(&browser).await;
}

/// The binder reached past the load balancer, with the browser's cookies and `person`'s token.
async fn direct_visit(world: &World, browser: &Browser, address: &Url, person: &str) -> StatusCode {
    let addresses = &world.running.addresses;
    let mut target = addresses.bind_session.join(BINDING).expect("an address");
    target.set_query(address.query());
    let answer = Client::new()
        .get(target)
        .header("cookie", browser.cookies())
        .header("host", host(&addresses.application))
        .header("accept", "application/json")
        .header("x-amzn-oidc-data", Token::new(addresses, person).signed());
    answer.send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_replayed_session_binds_nothing_twice() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = world.ask(&alice, SESSION).await;
    let consent = alice.open(&link).await;
    let back = alice.consent_until(&consent, "octo-alice", is_binding).await;

    let page = alice.open(back.address().as_str()).await;
    assert_eq!(page.parameter("result").as_deref(), Some("connected"));
    let again = alice.open(back.address().as_str()).await;
    assert_eq!(again.parameter("result").as_deref(), Some("already_connected"));

    // With the flow's own cookie put back, AgentCore Identity itself refuses the used session.
    let consent = alice.open_until(&link, |address| address.path() != "/consent").await;
    assert!(consent.way.len() > 1, "the link is opened again: {:?}", consent.way);
    let replayed = alice.open(back.address().as_str()).await;
    assert_refused(&replayed, "session_refused", StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_an_invented_or_missing_session_is_refused() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let at = |query: &str| {
        format!("{}oauth2/session-binding{query}", world.running.addresses.application)
    };
    let invented = "?session_id=urn:ietf:params:oauth:request_uri:invented&state=x";
    let page = alice.open(&at(invented)).await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    for (query, code) in [
        ("", "no_session"),
        ("?state=x", "no_session"),
        ("?session_id=", "malformed"),
        ("?session_id=https://evil.example", "malformed"),
    ] {
        let page = alice.open(&at(query)).await;
        assert_refused(&page, code, StatusCode::BAD_REQUEST);
    }
    let twice = format!("{invented}&session_id=urn:ietf:params:oauth:request_uri:other");
    let page = alice.open(&at(&twice)).await;
    assert_refused(&page, "malformed", StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_prefetch_a_frame_or_a_head_request_never_binds() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = world.ask(&alice, SESSION).await;
    let consent = alice.open(&link).await;
    let back = alice.consent_until(&consent, "octo-alice", is_binding).await;
    let path = format!("{BINDING}?{}", back.address().query().expect("a query"));

    for (name, value) in [
        ("sec-purpose", "prefetch;prerender"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "cors"),
    ] {
        let answer = alice.request(Method::GET, &path).header(name, value).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let head = alice.request(Method::HEAD, &path).send().await.expect("an answer");
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_nothing_bound(&alice).await;

    let page = alice.open(back.address().as_str()).await;
    assert_eq!(page.parameter("result").as_deref(), Some("connected"), "she herself still can");
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_alices_session_id_gives_bob_another_conversation() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    alice.say("shared-name", "My secret word is xyzzy.").await;

    let (status, answer) = bob.say("shared-name", "Hello").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, alone) = bob.say("never-used-before", "Hello").await;
    assert_eq!(answer["message"], alone["message"], "bob's model saw something of alice's");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_login_csrf_binds_nothing() {
    let world = World::in_process().await;
    let (victim, mallory) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let agentcore = world.running.addresses.agentcore.clone();
    let link = world.ask(&mallory, SESSION).await;
    let is_provider = |address: &Url| address.origin() == agentcore.origin();
    let provider = mallory.open_until(&link, is_provider).await;

    // Login CSRF: alice's browser is now signed in as the attacker, and she does not notice.
    world.sign_in_over(&victim, "bob").await;
    let page = victim.open(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("not asked for in this browser"), "{}", page.text);
    // Sent straight to the provider, she consents, and comes back as him with the right state.
    let consent = victim.open(provider.address().as_str()).await;
    let page = victim.consent(&consent, "octo-alice").await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    // He plants his own flow's cookie in her browser as well: it is still not his browser.
    victim.add_cookie(&mallory.cookie("flow-"));
    let back = page.way.iter().rev().find(|at| at.query().is_some_and(|it| it.contains("state=")));
    let page = victim.open(back.expect("a return").as_str()).await;
    assert_refused(&page, "another_browser", StatusCode::FORBIDDEN);
    assert_nothing_bound(&mallory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_binding_address_after_ten_minutes_binds_nothing() {
    let time = Time::default();
    let world = World::with(Setup { clock: time.clock(), ..Setup::default() }).await;
    let alice = world.browser_of("alice").await;
    let consent = alice.open(&world.ask(&alice, SESSION).await).await;
    let back = alice.consent_until(&consent, "octo-alice", is_binding).await;
    time.let_pass(Duration::from_secs(600));
    let page = alice.open(back.address().as_str()).await;
    assert_refused(&page, "expired", StatusCode::GONE);
    assert_nothing_bound(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_code_injected_at_the_callback_binds_neither_for_alice_nor_for_the_attacker() {
    let world = World::in_process().await;
    let (alice, mallory) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let is_callback = |address: &Url| address.path().contains("/oauth2/callback/");
    let own = mallory.open(&world.ask(&mallory, SESSION).await).await;
    let own = mallory.consent_until(&own, "octo-bob", is_callback).await;
    let code = own.parameter("code").expect("a code");
    let of_alice = alice.open(&world.ask(&alice, SESSION).await).await;
    let state_of_alice = of_alice.parameter("state").expect("the provider's state");

    // His code with a state that is no flow's: it goes nowhere.
    let mut invented = own.address().clone();
    invented.query_pairs_mut().clear().extend_pairs([("code", &*code), ("state", "invented")]);
    let page = alice.open(invented.as_str()).await;
    assert!(page.status.is_client_error(), "{}", page.text);
    assert!(!page.way.iter().any(is_binding));
    // His whole callback in her browser: it is his flow, which her browser does not carry.
    let page = alice.open(own.address().as_str()).await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&alice).await;
    assert_nothing_bound(&mallory).await;
    // His code with the state of her flow, which only her browser knows. Even then he ends in his
    // own browser, which does not carry her flow.
    let mut mixed = own.address().clone();
    mixed.query_pairs_mut().clear().extend_pairs([("code", &*code), ("state", &*state_of_alice)]);
    let page = mallory.open(mixed.as_str()).await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&alice).await;
}
