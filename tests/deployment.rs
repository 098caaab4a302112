//! `template.yaml` deployed: the whole flow and the attacks through its own load balancer, its own
//! functions and its own roles (M15, M17, M18). `.ci/test-release` runs it.

use reqwest::{Client, Method, StatusCode, redirect::Policy};
use tests::{
    Browser, World,
    flow::{assert_nothing_bound, assert_refused, whole_flow},
    parameter,
};

const SESSION: &str = "deployed";
const BINDING: &str = "/oauth2/session-binding";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an AWS emulator; run .ci/test-release"]
async fn m15_the_template_deploys_and_its_load_balancer_and_functions_hold() {
    let world = World::deployed().await;
    only_what_exists_is_routed(&world).await;
    a_token_of_the_clients_own_is_worth_nothing(&world).await;
    alice_opening_bobs_link_gets_nowhere(&world).await;
    bob_can_not_complete_what_alice_consented_to(&world).await;
    another_browser_of_the_same_person_is_refused(&world).await;
    login_csrf_binds_nothing(&world).await;
    whole_flow(&world).await;
    a_replayed_session_binds_nothing_twice(&world).await;
    a_conversation_is_listed_for_its_owner_and_deleted_by_them(&world).await;
}

/// M1, M17: pages redirect to sign in, calls are refused, all else is not there.
async fn only_what_exists_is_routed(world: &World) {
    let nobody = world.browser();
    for page in ["/", "/docs", "/docs/", "/consent?flow=x", BINDING] {
        let answer = nobody.request(Method::GET, page).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FOUND, "{page}");
        let location = answer.headers()["location"].to_str().expect("an address");
        assert!(location.starts_with(world.deployment().text("/idp/issuer")), "{location}");
    }
    for call in [
        "/invocations",
        "/sign-out",
        "/sessions",
        "/sessions/x",
        "/connections",
        "/connections/github",
    ] {
        let answer = nobody.request(Method::GET, call).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{call}");
    }
    let interface = nobody.request(Method::GET, "/openapi.json").send().await.expect("an answer");
    assert_eq!(interface.status(), StatusCode::OK, "it is for everybody");
    let alice = world.browser_of("alice").await;
    for nothing in ["/ping", "/consent/", "/invocations/x", "/oauth2/", "/other"] {
        let answer = alice.request(Method::GET, nothing).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{nothing}");
    }
    let foreign = alice.request(Method::GET, "/").header("host", "other.example.test");
    let answer = foreign.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "another name");

    let plain = Client::builder().redirect(Policy::none()).build().expect("a client");
    let address = format!("http://{}/docs", world.deployment().listener("HTTP"));
    let answer = plain.get(address).header("host", "app.example.test").send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY);
    let location = answer.headers()["location"].to_str().expect("an address");
    assert!(location.starts_with("https://app.example.test"), "{location}");
}

/// M2: a signed-in mallory (here bob) sends the headers that the load balancer itself would send.
async fn a_token_of_the_clients_own_is_worth_nothing(world: &World) {
    let bob = world.browser_of("bob").await;
    let request = bob.request(Method::GET, "/");
    let request =
        request.header("x-amzn-oidc-data", "e30=.e30=.AAAA").header("accept", "text/html");
    let request = request.header("x-amzn-oidc-identity", "user-alice-0001");
    let page = request.send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("Bob") && !page.contains("Alice"), "{page}");
}

/// M9, the person: bob sends alice his link.
async fn alice_opening_bobs_link_gets_nowhere(world: &World) {
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let link = world.ask(&bob, SESSION).await;
    let page = alice.open(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text);
    assert_nothing_bound(&bob).await;
    assert_nothing_bound(&alice).await;
}

/// M9, the flow: AgentCore Identity holds alice's code on bob's session, and bob completes it.
async fn bob_can_not_complete_what_alice_consented_to(world: &World) {
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let agentcore = world.running.addresses.agentcore.clone();
    let link = world.ask(&bob, SESSION).await;
    let way = bob.open_until(&link, |address| address.origin() == agentcore.origin()).await;
    let session = parameter(way.address(), "request_uri").expect("a session URI");
    let consent = alice.open(way.address().as_str()).await;
    let refused = alice.consent(&consent, "octo-alice").await;
    assert_refused(&refused, "no_flow", StatusCode::FORBIDDEN);

    let mut address = world.running.addresses.application.join(BINDING).expect("an address");
    address.query_pairs_mut().append_pair("session_id", &session);
    assert_refused(&bob.open(address.as_str()).await, "no_state", StatusCode::FORBIDDEN);
    address.query_pairs_mut().append_pair("state", "guessed");
    assert_refused(&bob.open(address.as_str()).await, "wrong_state", StatusCode::FORBIDDEN);
    assert_nothing_bound(&bob).await;
}

/// M9, the browser: someone follows alice's way on from another browser.
async fn another_browser_of_the_same_person_is_refused(world: &World) {
    let (desk, cafe) = (world.browser_of("alice").await, world.browser_of("alice").await);
    let link = world.ask(&desk, SESSION).await;
    let consent = desk.open(&link).await;
    let back = desk.consent_until(&consent, "octo-alice", |next| next.path() == BINDING).await;
    assert_refused(&cafe.open(back.address().as_str()).await, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&desk).await;
}

/// M9, the login: mallory (here bob) signs alice's browser in as mallory, and she does not notice.
async fn login_csrf_binds_nothing(world: &World) {
    let (victim, mallory) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let agentcore = world.running.addresses.agentcore.clone();
    let link = world.ask(&mallory, SESSION).await;
    let way = mallory.open_until(&link, |address| address.origin() == agentcore.origin()).await;
    world.sign_in_over(&victim, "bob").await;
    let page = victim.open(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text);
    assert!(page.text.contains("not asked for in this browser"), "{}", page.text);
    let consent = victim.open(way.address().as_str()).await;
    let refused = victim.consent(&consent, "octo-alice").await;
    assert_refused(&refused, "no_flow", StatusCode::FORBIDDEN);
    assert_nothing_bound(&mallory).await;
}

/// M9, replay: the address that bound once is opened again, and an invented one.
async fn a_replayed_session_binds_nothing_twice(world: &World) {
    let bob = world.browser_of("bob").await;
    let consent = bob.open(&world.ask(&bob, "replayed").await).await;
    let back = bob.consent_until(&consent, "octo-bob", |next| next.path() == BINDING).await;
    for result in ["connected", "already_connected"] {
        let page = bob.open(back.address().as_str()).await;
        assert_eq!(page.parameter("result").as_deref(), Some(result), "{}", page.text);
    }
    let mut address = world.running.addresses.application.join(BINDING).expect("an address");
    let invented = "urn:ietf:params:oauth:request_uri:invented";
    address.query_pairs_mut().append_pair("session_id", invented).append_pair("state", "x");
    assert_refused(&bob.open(address.as_str()).await, "no_flow", StatusCode::FORBIDDEN);
}

/// M12, with the rights of the function's role.
async fn a_conversation_is_listed_for_its_owner_and_deleted_by_them(world: &World) {
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let (status, answer) = alice.say("kept", "Hello!").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let ask = async |browser: &Browser, method, path| {
        let request = browser.request(method, path).header("sec-fetch-site", "same-origin");
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    };
    let (status, list) = ask(&alice, Method::GET, "/sessions").await;
    assert!(status == StatusCode::OK && list.contains("\"kept\""), "{status}: {list}");
    assert_eq!(ask(&bob, Method::DELETE, "/sessions/kept").await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&alice, Method::DELETE, "/sessions/kept").await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&alice, Method::GET, "/sessions/kept").await.0, StatusCode::NOT_FOUND);
}
