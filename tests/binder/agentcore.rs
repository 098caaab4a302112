//! What AgentCore Identity says to a visit that passes every check of ours.

use reqwest::{Method, StatusCode, header};
use tests::{Fate, World};

use super::{
    BINDING, COMPLETE,
    ready::{Ready, request_id},
};

/// Sets the proxy's behaviour for completions from now on.
fn complete(ready: &Ready, fate: Fate) {
    ready.proxies.agentcore.rule(move |seen| {
        if seen.is(&Method::POST, COMPLETE) { fate.clone() } else { Fate::Arrives }
    });
}

/// Nothing was used up: a reload of the same address binds.
async fn binds_once_all_is_well_again(ready: &Ready) {
    ready.proxies.agentcore.rule(|_| Fate::Arrives);
    ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
}

/// The flow's session was completed before.
async fn used() -> Ready {
    let ready = Ready::new().await;
    let flow = ready.alice.cookie("flow-");
    ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
    // As if the first visit had not marked the flow as done.
    ready.alice.add_cookie(&flow);
    ready
}

/// AgentCore Identity has no such session; `other` has it in its place.
async fn unknown(other: &World) -> Ready {
    let ready = Ready::new().await;
    ready.proxies.agentcore.lead_to(&other.running.addresses.agentcore);
    ready
}

/// The session is not of the user for whom it is to be completed.
async fn anothers() -> Ready {
    let ready = Ready::new().await;
    ready.proxies.agentcore.rule(|seen| {
        if !seen.is(&Method::POST, COMPLETE) {
            return Fate::Arrives;
        }
        assert!(seen.body.contains("\"alice\""), "{}", seen.body);
        Fate::ArrivesAs(seen.body.replace("\"alice\"", "\"bob\""))
    });
    ready
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_used_unknown_and_foreign_sessions_get_the_same_page() {
    let elsewhere = World::in_process().await;
    let mut pages = Vec::new();
    for ready in [used().await, unknown(&elsewhere).await, anothers().await] {
        let before = ready.proxies.agentcore.count(&Method::POST, COMPLETE);
        ready.ends(&ready.alice, &ready.back, "session_refused", StatusCode::FORBIDDEN).await;
        let words = ("session_refused", "This request is no longer open");
        let page = ready.shows(&ready.alice, &ready.back, words, StatusCode::FORBIDDEN).await;
        let asked = ready.proxies.agentcore.count(&Method::POST, COMPLETE) - before;
        assert_eq!(asked, 2, "it was AgentCore Identity that refused");
        pages.push(page.text.replace(request_id(&page), "the request's id"));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "the page tells which: {pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_session_refused_as_foreign_or_unknown_is_neither_used_up_nor_bound() {
    let elsewhere = World::in_process().await;
    for ready in [unknown(&elsewhere).await, anothers().await] {
        ready.ends(&ready.alice, &ready.back, "session_refused", StatusCode::FORBIDDEN).await;
        ready.proxies.agentcore.lead_to(&ready.world.running.addresses.agentcore);
        let (_, answer) =
            ready.alice.say("control", "Which repositories do I have, private ones too?").await;
        assert_eq!(answer["status"], "interrupted", "a token was bound: {answer}");
        let bob = ready.world.browser_of("bob").await;
        let (_, answer) =
            bob.say("control", "Which repositories do I have, private ones too?").await;
        assert_eq!(answer["status"], "interrupted", "bob has her token: {answer}");
        binds_once_all_is_well_again(&ready).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_each_failure_of_agentcore_identity_has_its_own_outcome() {
    let denied = "User: arn:aws:sts::1:assumed-role/binder is not authorized to perform: \
                  bedrock-agentcore:CompleteResourceTokenAuth";
    let (busy, wrong) = ("Please try again in a moment", "Something is wrong on our side");
    let gateway = (StatusCode::BAD_GATEWAY, wrong);
    let unclear = (StatusCode::SERVICE_UNAVAILABLE, "We could not see whether it worked");
    let unavailable = (StatusCode::SERVICE_UNAVAILABLE, busy);
    for (fate, code, (status, words)) in [
        (aws(429, "ThrottlingException", "Slow down"), "throttled", unavailable),
        (aws(500, "InternalServerException", "Oh"), "unclear", unclear),
        (aws(403, "AccessDeniedException", denied), "misconfigured", gateway),
        (aws(400, "ValidationException", "No"), "misconfigured", gateway),
        (moved(), "failed", gateway),
        (
            aws(403, "AccessDeniedException", "Invalid or expired session"),
            "session_refused",
            (StatusCode::FORBIDDEN, "no longer open"),
        ),
        // Nobody but the operator could do anything about these.
        (aws(404, "ResourceNotFoundException", "No"), "misconfigured", gateway),
        (
            aws(403, "AccessDeniedException", "Unable to retrieve secret: access denied"),
            "misconfigured",
            gateway,
        ),
    ] {
        let ready = Ready::new().await;
        complete(&ready, fate);
        ready.ends(&ready.alice, &ready.back, code, status).await;
        let page = ready.shows(&ready.alice, &ready.back, (code, words), status).await;
        assert!(!page.text.contains("arn:aws"), "no internals: {}", page.text);
        let is_busy = status == StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(page.headers.contains_key(header::RETRY_AFTER), is_busy, "{code}");
        if status.is_server_error() {
            binds_once_all_is_well_again(&ready).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_every_refused_completion_is_logged_with_its_cause_and_without_the_session() {
    for (message, level) in [
        ("Invalid or expired session", "WARN"),
        ("Unable to retrieve secret: access denied", "ERROR"),
        ("User: x is not authorized to perform: bedrock-agentcore:Complete", "ERROR"),
    ] {
        let ready = Ready::new().await;
        let session = ready.parameter("session_id");
        let said = format!("{message} ({session})");
        complete(&ready, aws(403, "AccessDeniedException", &said));
        let path = format!("{BINDING}?{}", ready.back.query().expect("a query"));
        let request = ready.alice.request(Method::GET, &path).header("accept", "application/json");
        let answer = request.send().await.expect("an answer");
        let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
        let lines: Vec<String> =
            ready.logs.lines().into_iter().filter(|line| line.contains(&id)).collect();
        let told = lines.iter().find(|line| line.contains(message)).expect("AWS's own words");
        assert!(told.contains(&format!("\"level\":\"{level}\"")), "{told}");
        let unique = session.rsplit(':').next().expect("an id");
        assert!(lines.iter().all(|line| !line.contains(unique)), "the session is a secret");
        // The caller can tell the operator which request it was.
        let problem: serde_json::Value = answer.json().await.expect("JSON");
        assert_eq!(problem["requestId"], *id, "{problem}");
    }
}

fn aws(status: u16, name: &'static str, message: &str) -> Fate {
    Fate::aws_error(StatusCode::from_u16(status).expect("a status"), name, message)
}

/// No answer of its service model.
fn moved() -> Fate {
    let headers = vec![("location", "https://elsewhere.example/")];
    Fate::Answered(StatusCode::FOUND, headers, "{}".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_connection_lost_while_binding_is_unclear() {
    let ready = Ready::new().await;
    complete(&ready, Fate::NeverArrives);
    let status = StatusCode::SERVICE_UNAVAILABLE;
    // The connection stood, so nobody knows; `vault` tells it from one that never did.
    ready.ends(&ready.alice, &ready.back, "unclear", status).await;
    let words = ("unclear", "We could not see whether it worked");
    let page = ready.shows(&ready.alice, &ready.back, words, status).await;
    assert!(page.headers.contains_key(header::RETRY_AFTER));
    binds_once_all_is_well_again(&ready).await;
}
