//! A binding whose answer is lost is not taken for a refusal (M9, M14).

use reqwest::{Method, StatusCode};
use tests::{Browser, Fate, Logs, Proxies, Setup, Visit, World};
use url::Url;

const SESSION: &str = "unclear";
const BINDING: &str = "/oauth2/session-binding";
const COMPLETE: &str = "/identities/CompleteResourceTokenAuth";

/// Alice has consented, and her browser is about to return, when AgentCore Identity's answers to
/// the completion become `fate`.
async fn returns_to(fate: Fate) -> (World, Proxies, Browser, Visit, Logs) {
    let logs = Logs::kept();
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let link = world.ask(&alice, SESSION).await;
    let page = alice.open(&link).await;
    let is_binding = |address: &Url| address.path() == BINDING;
    let back = alice.consent_until(&page, "octo-alice", is_binding).await;
    proxies.agentcore.rule(move |seen| {
        if seen.is(&Method::POST, COMPLETE) { fate.clone() } else { Fate::Arrives }
    });
    let page = alice.open(back.address().as_str()).await;
    (world, proxies, alice, page, logs)
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_binding_whose_answer_is_lost_is_reported_as_unclear() {
    let (_world, proxies, alice, page, logs) = returns_to(Fate::AnswerLost).await;
    // The SDK has asked again, and was told that the session is used.
    assert!(proxies.agentcore.count(&Method::POST, COMPLETE) > 1);
    assert_eq!(page.parameter("result").as_deref(), Some("unclear"));
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text.contains("We could not see whether it worked"), "{}", page.text);
    assert!(page.text.contains("it goes on if you are connected"), "{}", page.text);
    // The conversation's own page asks whether the consent is there.
    let tells = r#"new BroadcastChannel("countersign").postMessage("connected")"#;
    assert!(page.text.contains(tells), "{}", page.text);
    assert!(!page.text.contains("Nothing was connected"), "{}", page.text);
    let events = logs.audit_where("flow", &page.flow());
    let unclear = events.iter().filter(|event| event["event"] == "binding_unclear").count();
    assert_eq!(unclear, 1, "one for a visit: {events:?}");
    // It had worked, and the conversation goes on.
    let (status, answer) = alice.go_on(SESSION).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &"completed".into()), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_completion_that_never_arrived_leaves_the_session_open() {
    let (_world, proxies, alice, page, _) = returns_to(Fate::NeverArrives).await;
    assert_eq!(page.parameter("result").as_deref(), Some("unclear"));
    let (_, answer) = alice.go_on(SESSION).await;
    assert_eq!(answer["status"], "interrupted", "{answer}");
    proxies.agentcore.rule(|_| Fate::Arrives);
    let back = page.way.iter().find(|at| at.query().is_some_and(|it| it.contains("session_id")));
    let page = alice.open(back.expect("the return").as_str()).await;
    assert_eq!(page.parameter("result").as_deref(), Some("connected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_providers_error_is_not_reported_as_declined() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let mut address = world.running.addresses.application.join(BINDING).expect("an address");
    for (error, code, status) in [
        ("access_denied", "declined", StatusCode::FORBIDDEN),
        ("application_suspended", "provider_failed", StatusCode::BAD_GATEWAY),
    ] {
        address.set_query(Some(&format!("error={error}")));
        let page = alice.open(address.as_str()).await;
        assert_eq!(page.parameter("result").as_deref(), Some(code));
        assert_eq!(page.status, status);
    }
}
