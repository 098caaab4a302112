//! Attacks on consent flows that must fail: by users who were sent a link, and by those who sent one (M9).

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{
    Browser, Logs, Machine, Setup, Visit, World,
    flow::{assert_nothing_bound, assert_refused},
    parameter,
};
use url::Url;

const SESSION: &str = "attacked";
const BINDING: &str = "/oauth2/session-binding";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";

fn is_binding(address: &Url) -> bool {
    address.path() == BINDING
}

/// Follows `link` up to AgentCore Identity's address, which is not asked for yet.
async fn up_to_agentcore(world: &World, browser: &Browser, link: &str) -> Url {
    let agentcore = world.running.addresses.agentcore.origin();
    let visit = browser.open_until(link, |address| address.origin() == agentcore).await;
    assert_eq!(visit.address().origin(), agentcore, "{visit:?}");
    visit.address().clone()
}

/// The page after consent, asked for with this query.
fn binding(world: &World, query: &[(&str, &str)]) -> Url {
    let mut address = world.running.addresses.application.join(BINDING).expect("an address");
    address.query_pairs_mut().extend_pairs(query);
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_bob_consenting_on_alices_authorization_url_binds_nothing() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link = world.ask(&alice, SESSION).await;
    let authorization = up_to_agentcore(&world, &alice, &link).await;

    let consent = bob.open(authorization.as_str()).await;
    let page = bob.consent(&consent, "octo-bob").await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
    assert_nothing_bound(&alice).await;

    // Her own visit comes too late: the address was good for one, and what he did is not hers.
    for address in [authorization.as_str(), link.as_str()] {
        let late = alice.open(address).await;
        assert_eq!(late.status, StatusCode::BAD_REQUEST, "{}", late.text);
        assert_eq!(late.address(), &authorization);
    }
    let session = parameter(&authorization, "request_uri").expect("a session");
    let page = alice.open(binding(&world, &[("session_id", &session)]).as_str()).await;
    assert_refused(&page, "no_state", StatusCode::FORBIDDEN);
    assert_nothing_bound(&alice).await;
    assert_nothing_bound(&bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_no_consent_begins_with_a_return_url_that_is_not_registered() {
    let logs = Logs::kept();
    let mut world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let saved = world.everything_saved().await;
    let elsewhere = "http://localhost:9/oauth2/session-binding";
    world.variables.insert("SESSION_BINDING_URL".to_owned(), elsewhere.to_owned());
    let machine = Machine::start(&world, Setup::default().clock).await;

    let body = json!({ "sessionId": SESSION, "message": REPOSITORIES });
    let answer = machine.invoke(&alice, "alice", &body).await;
    let (status, problem) = answer.expect("an answer");
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
    assert!(problem["interrupts"].is_null() && problem["url"].is_null(), "{problem}");
    for part in ["/consent", "/authorize", "localhost:9", "ReturnUrl"] {
        assert!(!problem.to_string().contains(part), "{part} is told: {problem}");
    }
    assert_eq!(world.everything_saved().await, saved, "something of the turn was saved");
    // The operator reads what is wrong, by the id that the caller was given.
    let id = problem["requestId"].as_str().expect("an id");
    let lines = logs.lines();
    let mut of_request = lines.iter().filter(|line| line.contains(id));
    assert!(of_request.any(|line| line.contains("allowedResourceOauth2ReturnUrls")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_state_of_alices_other_browser_completes_nothing_in_this_one() {
    let world = World::in_process().await;
    let browsers = [world.browser_of("alice").await, world.browser_of("alice").await];
    let mut backs: Vec<Visit> = Vec::new();
    for (browser, session) in browsers.iter().zip(["desk", "cafe"]) {
        let consent = browser.open(&world.ask(browser, session).await).await;
        backs.push(browser.consent_until(&consent, "octo-alice", is_binding).await);
    }
    let of = |at: usize, name: &str| backs[at].parameter(name).expect("a parameter");
    for (own, other) in [(0, 1), (1, 0)] {
        let (session, state) = (of(own, "session_id"), of(other, "state"));
        let mixed = binding(&world, &[("session_id", &session), ("state", &state)]);
        let page = browsers[own].open(mixed.as_str()).await;
        assert_refused(&page, "wrong_state", StatusCode::FORBIDDEN);
        // … nor does her own one complete the other browser's session here.
        let (session, state) = (of(other, "session_id"), of(own, "state"));
        let mixed = binding(&world, &[("session_id", &session), ("state", &state)]);
        let page = browsers[own].open(mixed.as_str()).await;
        assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
        assert_nothing_bound(&browsers[own]).await;
    }
    let page = browsers[0].open(backs[0].address().as_str()).await;
    assert_eq!(page.parameter("result").as_deref(), Some("connected"), "nothing was used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_no_state_that_bob_knows_completes_alices_consent() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link = world.ask(&bob, SESSION).await;
    let authorization = up_to_agentcore(&world, &bob, &link).await;
    let session = parameter(&authorization, "request_uri").expect("a session");
    let consent = alice.open(authorization.as_str()).await;
    let page = alice.consent(&consent, "octo-alice").await;
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    let carried = bob.cookie("flow-");
    let (name, sealed) = carried.split_once('=').expect("a cookie");
    let browser = bob.cookie("countersign=");
    // A flow of his own that he takes to its very end, and so a state that was once good.
    let own = bob.open(&world.ask(&bob, "own").await).await;
    let own = bob.consent_until(&own, "octo-bob", is_binding).await;
    let (own_session, own_state) = (own.parameter("session_id"), own.parameter("state"));

    let known = [
        session.as_str(),
        session.rsplit(':').next().unwrap_or_default(),
        name.trim_start_matches("flow-"),
        sealed,
        browser.trim_start_matches("countersign="),
        own_session.as_deref().expect("a session"),
        own_state.as_deref().expect("a state"),
        "",
        "guessed",
    ];
    for parameter in ["state", "customState", "custom_state"] {
        for value in known {
            let address = binding(&world, &[("session_id", &session), (parameter, value)]);
            let page = bob.open(address.as_str()).await;
            assert_refused(&page, "wrong_state", StatusCode::FORBIDDEN);
        }
    }
    // All of them at once.
    let mut address = binding(&world, &[("session_id", &session)]);
    let all = known.iter().flat_map(|it| ["state", "customState"].map(|name| (name, *it)));
    address.query_pairs_mut().extend_pairs(all);
    let page = bob.open(address.as_str()).await;
    assert_refused(&page, "wrong_state", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
    assert_nothing_bound(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_alices_callback_with_the_state_of_bobs_flow_gives_bob_nothing() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link_of_bob = world.ask(&bob, SESSION).await;
    let authorization = up_to_agentcore(&world, &bob, &link_of_bob).await;
    let session_of_bob = parameter(&authorization, "request_uri").expect("a session");
    let at_provider = bob.open(authorization.as_str()).await;
    let state_of_bob = at_provider.parameter("state").expect("the provider's state");
    let consent = alice.open(&world.ask(&alice, SESSION).await).await;
    let is_callback = |address: &Url| address.path().contains("/oauth2/callback/");
    let own = alice.consent_until(&consent, "octo-alice", is_callback).await;
    let code = own.parameter("code").expect("a code");

    // Her code on his flow: it ends in her browser, which does not carry his flow.
    let mut mixed = own.address().clone();
    mixed.query_pairs_mut().clear().extend_pairs([("code", &code), ("state", &state_of_bob)]);
    let page = alice.open(mixed.as_str()).await;
    assert!(page.way.iter().any(|at| at.as_str().contains("session_id=")), "{:?}", page.way);
    assert_refused(&page, "no_flow", StatusCode::FORBIDDEN);
    // Bob knows the session's URI and not the state that her browser was given for it.
    for (state, code) in [(None, "no_state"), (Some(&state_of_bob), "wrong_state")] {
        let mut address = binding(&world, &[("session_id", &session_of_bob)]);
        address.query_pairs_mut().extend_pairs(state.map(|state| ("state", state)));
        let page = bob.open(address.as_str()).await;
        assert_refused(&page, code, StatusCode::FORBIDDEN);
    }
    // A state is good for one answer of the provider, and for no address but its provider's.
    let again = alice.open(mixed.as_str()).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "{}", again.text);
    let elsewhere = "/identities/oauth2/callback/01234567-89ab-4cde-8f01-23456789abcd";
    let mut foreign = own.address().clone();
    foreign.set_path(elsewhere);
    assert_eq!(alice.open(foreign.as_str()).await.status, StatusCode::BAD_REQUEST);
    assert_nothing_bound(&bob).await;
    assert_nothing_bound(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_a_prefetch_of_alices_consent_link_begins_nothing_and_gives_nothing_away() {
    let logs = Logs::kept();
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let link = Url::parse(&world.ask(&alice, SESSION).await).expect("a link");
    let path = &link[url::Position::BeforePath..];
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "no-cors"),
    ] {
        let answer = alice.request(Method::GET, path).header(name, value).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        for header in ["location", "set-cookie"] {
            assert!(!answer.headers().contains_key(header), "{header}: {value}");
        }
        let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
        assert!(logs.audit(&id).is_empty(), "nothing has begun");
        assert!(answer.text().await.expect("a body").contains("not_a_visit"), "{value}");
    }
    let head = alice.request(Method::HEAD, path).send().await.expect("an answer");
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(!head.headers().contains_key("location"));
    let consent = alice.open(link.as_str()).await;
    let page = alice.consent(&consent, "octo-alice").await;
    assert_eq!(page.parameter("result").as_deref(), Some("connected"), "she herself still can");
}
