//! What the agent asks of AgentCore Identity, how often, and how its failures are answered (M6,
//! M11).

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use tests::{Browser, Fate, Gate, Proxies, Seen, Setup, World};

const SESSION: &str = "asking";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";
const WORKLOAD_TOKEN: &str = "/GetWorkloadAccessTokenForUserId";
const TOKEN: &str = "/identities/oauth2/token";

/// A world in which alice has consented, and what was asked until then is counted.
async fn connected(setup: Setup) -> (World, Proxies, Browser) {
    let (world, proxies) = World::proxied(setup).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, SESSION, "octo-alice").await;
    let (status, answer) = alice.go_on(SESSION).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
    (world, proxies, alice)
}

fn is_post(seen: &Seen, path: &str) -> bool {
    seen.is(&Method::POST, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_turn_that_needs_no_tool_asks_nothing_of_agentcore_identity() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let (status, answer) = alice.say(SESSION, "Hello!").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(proxies.agentcore.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_turn_that_finds_its_token_asks_the_vault_once() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    let both = "Who am I, and which repositories do I have, private ones too?";
    for message in [REPOSITORIES, "Who am I?", both] {
        let before = proxies.agentcore.count(&Method::POST, TOKEN);
        let (_, answer) = alice.say(SESSION, message).await;
        assert_eq!(answer["status"], "completed", "{answer}");
        assert_eq!(proxies.agentcore.count(&Method::POST, TOKEN), before + 1, "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_at_most_three_sets_of_scopes_are_ever_asked_for() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    alice.say("profile", "Who am I?").await;
    alice.say("repositories", REPOSITORIES).await;
    alice.say("issue", "create an issue in octo-alice/garden: Prune").await;
    let asked = proxies.agentcore.seen();
    let sets: std::collections::BTreeSet<String> = asked
        .iter()
        .filter(|seen| is_post(seen, TOKEN))
        .filter_map(|seen| serde_json::from_str::<serde_json::Value>(&seen.body).ok())
        .map(|body| body["scopes"].to_string())
        .collect();
    assert_eq!(sets.len(), 3, "{sets:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_one_workload_access_token_serves_all_turns_of_one_user_only() {
    let (world, proxies, alice) = connected(Setup::default()).await;
    for _ in 0..3 {
        alice.say(SESSION, REPOSITORIES).await;
    }
    assert_eq!(proxies.agentcore.count(&Method::POST, WORKLOAD_TOKEN), 1);
    let bob = world.browser_of("bob").await;
    bob.say(SESSION, REPOSITORIES).await;
    let asked: Vec<Seen> = proxies.agentcore.seen();
    let for_users: Vec<&Seen> = asked.iter().filter(|it| is_post(it, WORKLOAD_TOKEN)).collect();
    assert_eq!(for_users.len(), 2);
    assert!(for_users[0].body.contains("alice") && for_users[1].body.contains("bob"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_workload_access_token_that_has_expired_is_fetched_again_once() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    let tokens = proxies.agentcore.count(&Method::POST, TOKEN);
    let refused = AtomicUsize::new(0);
    proxies.agentcore.rule(move |seen| {
        if is_post(seen, TOKEN) && refused.fetch_add(1, Ordering::SeqCst) == 0 {
            let message = "The workload access token is invalid or expired";
            return Fate::aws_error(StatusCode::UNAUTHORIZED, "UnauthorizedException", message);
        }
        Fate::Arrives
    });
    let (status, answer) = alice.say(SESSION, REPOSITORIES).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
    assert_eq!(proxies.agentcore.count(&Method::POST, WORKLOAD_TOKEN), 2);
    assert_eq!(proxies.agentcore.count(&Method::POST, TOKEN), tokens + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_fresh_token_that_is_refused_too_is_a_failure_and_no_loop() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    let tokens = proxies.agentcore.count(&Method::POST, TOKEN);
    proxies.agentcore.rule(|seen| {
        if is_post(seen, TOKEN) {
            return Fate::aws_error(StatusCode::UNAUTHORIZED, "UnauthorizedException", "No.");
        }
        Fate::Arrives
    });
    let (status, problem) = alice.say(SESSION, REPOSITORIES).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
    assert_eq!(proxies.agentcore.count(&Method::POST, TOKEN), tokens + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_throttling_or_failing_vault_gives_503_and_nothing_is_saved() {
    for (status, name) in [
        (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException"),
        (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException"),
    ] {
        let (world, proxies, alice) = connected(Setup::default()).await;
        let saved = world.everything_saved().await;
        let before = proxies.agentcore.count(&Method::POST, TOKEN);
        proxies.agentcore.rule(move |seen| {
            if is_post(seen, TOKEN) {
                Fate::aws_error(status, name, "Later.")
            } else {
                Fate::Arrives
            }
        });
        let request = alice.request(Method::POST, "/invocations");
        let body = json!({ "sessionId": SESSION, "message": REPOSITORIES });
        let answer = request.json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
        assert!(answer.headers().contains_key(header::RETRY_AFTER), "{name}");
        assert!(proxies.agentcore.count(&Method::POST, TOKEN) > before + 1, "the SDK tries again");
        assert_eq!(world.everything_saved().await, saved, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_an_unreachable_vault_gives_503_and_a_missing_permission_502() {
    let nowhere = Setup::default().with("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", "http://127.0.0.1:9");
    let world = World::with(nowhere).await;
    let alice = world.browser_of("alice").await;
    let (status, problem) = alice.say(SESSION, REPOSITORIES).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");

    let (_world, proxies, alice) = connected(Setup::default()).await;
    proxies.agentcore.rule(|seen| {
        if is_post(seen, TOKEN) {
            let message = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: \
                           bedrock-agentcore:GetResourceOauth2Token";
            return Fate::aws_error(StatusCode::FORBIDDEN, "AccessDeniedException", message);
        }
        Fate::Arrives
    });
    let (status, problem) = alice.say(SESSION, REPOSITORIES).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
    assert!(!problem.to_string().contains("arn:"), "no internals: {problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_consent_is_forced_only_where_the_provider_has_refused_the_token() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    alice.say(SESSION, REPOSITORIES).await;
    alice.say(SESSION, "Who am I?").await;
    alice.go_on(SESSION).await;
    alice.go_on(SESSION).await;
    let forced = |seen: &Seen| seen.body.contains("\"forceAuthentication\":true");
    assert!(!proxies.agentcore.seen().iter().any(forced));
}

/// The token with which GitHub was asked last.
fn token(proxies: &Proxies) -> String {
    let seen = proxies.github.seen();
    let header = seen.last().expect("a request").headers["authorization"].to_str();
    header.expect("text").rsplit(' ').next().expect("a token").to_owned()
}

fn is_forced(seen: &Seen) -> bool {
    seen.body.contains("\"forceAuthentication\":true")
}

/// The vault has a token that GitHub refuses, and returns `forced` when it is forced.
fn gives(proxies: &Proxies, forced: impl Fn() -> String + Send + Sync + 'static) {
    proxies.agentcore.rule(move |seen| {
        if !is_post(seen, TOKEN) {
            return Fate::Arrives;
        }
        let token = if is_forced(seen) { forced() } else { "gho_dead".to_owned() };
        Fate::Answered(StatusCode::OK, vec![], json!({ "accessToken": token }).to_string())
    });
}

fn forced(proxies: &Proxies) -> usize {
    proxies.agentcore.seen().iter().filter(|seen| is_forced(seen)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_forced_request_that_brings_another_token_uses_it() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    let new = token(&proxies);
    gives(&proxies, move || new.clone());
    let (status, answer) =
        alice.say(SESSION, "Who am I, and which repositories do I have, private ones too?").await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
    let said = answer["message"].to_string();
    assert!(said.contains("octo-alice/diary") && said.contains("You are octo-alice"), "{said}");
    assert_eq!(forced(&proxies), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_forced_request_that_brings_the_refused_token_again_tells_the_user_what_they_can_do() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    gives(&proxies, || "gho_dead".to_owned());
    for times in 1..=2 {
        let (status, answer) = alice.say(SESSION, REPOSITORIES).await;
        assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
        let said = answer["message"].to_string();
        assert!(said.contains("revoke this application's access"), "{said}");
        assert_eq!(forced(&proxies), times, "one for each request");
    }
    assert_eq!(alice.say(SESSION, "Hello!").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_vault_that_brings_ever_new_dead_tokens_is_forced_once_in_a_request() {
    let (_world, proxies, alice) = connected(Setup::default()).await;
    let given = AtomicUsize::new(0);
    gives(&proxies, move || format!("gho_dead{}", given.fetch_add(1, Ordering::SeqCst)));
    let (status, answer) = alice.say(SESSION, REPOSITORIES).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
    assert!(answer["message"].to_string().contains("revoke this application's access"), "{answer}");
    assert_eq!(forced(&proxies), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_vault_that_never_answers_ends_the_turn_in_time_and_nothing_is_saved() {
    let (world, proxies) = World::proxied(Setup::default().with("TURN_SECONDS", "1")).await;
    let alice = world.browser_of("alice").await;
    let never = Gate::closed();
    proxies.agentcore.rule(move |_| Fate::Waits(never.clone()));
    let (status, problem) = alice.say(SESSION, REPOSITORIES).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|it| it.contains("too long")), "{problem}");
    assert_eq!(world.everything_saved().await, "");
}
