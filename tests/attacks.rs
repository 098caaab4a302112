//! Attacks that must fail (M2, M9, M11, M12), each told by its name.
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local::{addresses::Addresses, development_key, environment};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{
    Browser, Setup, Time, World,
    flow::{assert_nothing_bound, assert_refused},
    parameter,
};
use url::Url;

const SESSION: &str = "attacked";
const BINDING: &str = "/oauth2/session-binding";

fn is_binding(address: &Url) -> bool {
    address.path() == BINDING
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_bob_finishing_a_flow_of_alice_in_his_own_browser_is_refused() {
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
async fn m9_alice_consenting_on_a_bare_provider_link_of_bob_gives_him_nothing() {
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
async fn m9_bob_completing_in_his_own_browser_a_flow_that_alice_consented_to_is_refused() {
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
async fn m9_someone_who_signs_in_over_alice_in_her_browser_can_not_finish_her_flow() {
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
        .header("x-amzn-oidc-data", Token::of(addresses, person).signed());
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
async fn m12_bob_naming_a_conversation_of_alice_gets_one_of_his_own() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    alice.say("shared-name", "My secret word is xyzzy.").await;

    let (status, answer) = bob.say("shared-name", "Hello").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, alone) = bob.say("never-used-before", "Hello").await;
    assert_eq!(answer["message"], alone["message"], "bob's model saw something of alice's");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_who_signs_alices_browser_in_as_himself_and_lets_her_consent_gets_nothing() {
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

/// `x-amzn-oidc-data` as the local load balancer makes it, to be spoilt.
struct Token {
    header: Value,
    payload: Value,
}

impl Token {
    fn of(addresses: &Addresses, person: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let exp = (now + Duration::from_secs(120)).as_secs();
        let issuer = addresses.identity_provider.as_str().trim_end_matches('/');
        Self {
            header: json!({
                "typ": "JWT", "alg": "ES256", "kid": development_key::KEY_ID, "iss": issuer,
                "client": environment::OIDC_CLIENT_ID, "exp": exp,
                "signer": environment::LOAD_BALANCER_ARN,
            }),
            payload: json!({ "sub": person, "exp": exp, "iss": issuer }),
        }
    }

    fn signed(&self) -> String {
        development_key::sign(&self.header, &self.payload)
    }
}

fn host(address: &Url) -> String {
    format!("{}:{}", address.host_str().unwrap_or_default(), address.port().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_forged_token_straight_at_the_target_gets_401_and_no_reason() {
    let world = World::in_process().await;
    let addresses = &world.running.addresses;
    let good = Token::of(addresses, "alice").signed();
    let spoil = |change: fn(&mut Token)| {
        let mut token = Token::of(addresses, "alice");
        change(&mut token);
        token.signed()
    };
    let forged = [
        ("no token", None),
        ("empty", Some(String::new())),
        (
            "other payload, same signature",
            Some(with_payload_of(&good, &spoil(|t| t.payload["sub"] = json!("bob")))),
        ),
        (
            "no signature",
            Some(good.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap_or_default()),
        ),
        ("alg none", Some(spoil(|t| t.header["alg"] = json!("none")))),
        (
            "foreign signer",
            Some(spoil(|t| {
                t.header["signer"] = json!(
                    "arn:aws:elasticloadbalancing:eu-central-1:999999999999:loadbalancer/app/evil/0000000000000000"
                )
            })),
        ),
        ("foreign client", Some(spoil(|t| t.header["client"] = json!("other")))),
        ("foreign issuer", Some(spoil(|t| t.header["iss"] = json!("https://evil.example")))),
        (
            "foreign issuer in the payload",
            Some(spoil(|t| t.payload["iss"] = json!("https://evil.example"))),
        ),
        ("expired header", Some(spoil(|t| t.header["exp"] = json!(1_700_000_000)))),
        ("expired payload", Some(spoil(|t| t.payload["exp"] = json!(1_700_000_000)))),
        (
            "unknown key",
            Some(spoil(|t| t.header["kid"] = json!("11111111-2222-4333-8444-555555555555"))),
        ),
        ("key id as a path", Some(spoil(|t| t.header["kid"] = json!("../../etc/passwd")))),
        ("empty sub", Some(spoil(|t| t.payload["sub"] = json!("")))),
    ];
    for target in [&addresses.invoke, &addresses.bind_session] {
        let path = if target == &addresses.invoke { "/openapi.json" } else { BINDING };
        let ask = |token: Option<String>| {
            let request = Client::new().get(target.join(path).expect("an address"));
            let request = request.header("accept", "application/json");
            let request = request.header("host", host(&addresses.application));
            // Unsigned, and so worth nothing.
            let request = request.header("x-amzn-oidc-identity", "alice");
            match token {
                Some(token) => request.header("x-amzn-oidc-data", token),
                None => request,
            }
        };
        let answer = ask(Some(good.clone())).send().await.expect("an answer");
        assert_ne!(answer.status(), StatusCode::UNAUTHORIZED, "the unspoilt token is good");
        for (name, token) in &forged {
            let answer = ask(token.clone()).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
            let problem: Value = answer.json().await.expect("a problem");
            assert_eq!(problem["detail"], "Sign in first.", "{name}");
        }
        let twice = ask(Some(good.clone())).header("x-amzn-oidc-data", &good);
        let answer = twice.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "two tokens");
    }
}

fn with_payload_of(token: &str, other: &str) -> String {
    let (mine, theirs): (Vec<_>, Vec<_>) = (token.split('.').collect(), other.split('.').collect());
    [mine[0], theirs[1], mine[2]].join(".")
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_client_can_not_bring_its_own_token_through_the_load_balancer() {
    let world = World::in_process().await;
    let bob = world.browser_of("bob").await;
    let alice = Token::of(&world.running.addresses, "alice").signed();
    let page = bob.request(Method::GET, "/").header("x-amzn-oidc-data", alice).send().await;
    let text = page.expect("an answer").text().await.expect("a page");
    assert!(text.contains("Bob") && !text.contains("Alice"), "{text}");
}
