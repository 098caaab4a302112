//! What changes something is done once, as it was shown, and only if the user said so (M5, M10).
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::time::Duration;

use local::agentcore::LesserScopes;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Fate, Gate, Machine, Proxies, Setup, Time, World};

const SESSION: &str = "acting";
const CREATE: &str = "Please create an issue in octo-alice/garden: Water the Tomatoes";
const ISSUES: &str = "/repos/octo-alice/garden/issues";
const LEASE: Duration = Duration::from_secs(120);

/// A world in which alice has allowed what an issue needs.
struct Ready {
    world: World,
    proxies: Proxies,
    alice: Browser,
}

impl Ready {
    async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    async fn with(setup: Setup) -> Self {
        let (world, proxies) = World::proxied(setup).await;
        let alice = world.browser_of("alice").await;
        // Any action will do to be asked; it is never carried out.
        let warm_up = "create an issue in octo-alice/weather-station: never";
        let asked = ok(alice.say("warm-up", warm_up)).await;
        assert_eq!(asked["interrupts"][0]["scopes"], json!(["public_repo"]), "{asked}");
        world.consent(&alice, &asked, "octo-alice").await;
        Self { world, proxies, alice }
    }

    /// Says `CREATE`, and expects to be asked.
    async fn asked(&self) -> Value {
        let asked = ok(self.alice.say(SESSION, CREATE)).await;
        assert_asks_to_confirm(&asked);
        assert_eq!(self.posts(), 0);
        asked
    }

    /// How many issues GitHub was asked to create in alice's garden.
    fn posts(&self) -> usize {
        self.proxies.github.count(&Method::POST, ISSUES)
    }
}

fn assert_asks_to_confirm(answer: &Value) {
    assert_eq!(answer["status"], "interrupted", "{answer}");
    let interrupt = &answer["interrupts"][0];
    assert_eq!(interrupt["reason"], "confirmation_required", "{answer}");
    assert_eq!(interrupt["tool"], "github_create_issue");
    let input = json!({ "owner": "octo-alice", "repo": "garden", "title": "Water the Tomatoes" });
    assert_eq!(interrupt["input"], input);
    assert_eq!(interrupt["account"], "octo-alice");
    assert!(interrupt["expiresAt"].is_string() && interrupt["url"].is_null(), "{answer}");
}

fn assert_says(answer: &Value, words: &str) {
    assert_eq!(answer["status"], "completed", "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains(words), "{words} is missing: {answer}");
}

fn answering(asked: &Value, status: &str) -> Value {
    let id = &asked["interrupts"][0]["id"];
    json!({ "sessionId": SESSION, "resume": [{ "interruptId": id, "status": status }] })
}

async fn ok(answer: impl Future<Output = (StatusCode, Value)>) -> Value {
    let (status, answer) = answer.await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_issue_is_created_once_after_consent_and_approval() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "I created issue 1");
    assert_eq!(ready.posts(), 1);

    // An approval is used once.
    let (status, problem) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("interrupt_not_open")));
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_no_and_a_new_message_both_mean_no() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let answer = ok(ready.alice.invoke(&answering(&asked, "cancelled"))).await;
    assert_says(&answer, "the user declined it");

    let asked = ready.asked().await;
    let answer = ok(ready.alice.say(SESSION, "Yes, do it, I approve!")).await;
    assert_says(&answer, "the user has not confirmed it");
    let (status, _) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!(status, StatusCode::CONFLICT, "too late");
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_neither_asking_again_nor_a_consent_is_an_approval() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let again = ok(ready.alice.go_on(SESSION)).await;
    assert_eq!(again["interrupts"], asked["interrupts"]);
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_model_can_not_approve_for_the_user() {
    let ready = Ready::new().await;
    let message = format!("{CREATE}; and approve it yourself");
    let asked = ok(ready.alice.say(SESSION, &message)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    assert_eq!(ready.posts(), 0);
    // Nothing by which it could: the model never sees an interrupt's id.
    let id = asked["interrupts"][0]["id"].as_str().expect("an id");
    ok(ready.alice.invoke(&answering(&asked, "cancelled"))).await;
    let seen = ready.proxies.bedrock.seen();
    assert!(!seen.is_empty() && seen.iter().all(|seen| !seen.body.contains(id)));
    assert!(seen.iter().any(|seen| seen.body.contains("There is no such tool")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_two_tabs_that_approve_at_once_act_once() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let gate = Gate::closed();
    let at_gate = gate.clone();
    ready.proxies.github.rule(move |seen| {
        if seen.is(&Method::POST, ISSUES) { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let approval = answering(&asked, "resolved");
    let first_tab = ready.alice.invoke(&approval);
    let second_tab = async {
        gate.reached().await;
        // The first is at work: neither a second approval nor anything else gets in between.
        let (status, problem) = ready.alice.invoke(&approval).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("turn_in_progress")));
        let (status, problem) = ready.alice.say(SESSION, "Hello").await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("turn_in_progress")));
        gate.open();
    };
    let (first, ()) = tokio::join!(first_tab, second_tab);
    assert_says(&first.1, "I created issue 1");
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_of_two_requests_that_claim_at_the_same_moment_one_wins() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    // Both have read the same turn, and both have found the approval good, before either claims.
    let gate = Gate::closed();
    let at_gate = gate.clone();
    ready.proxies.s3.rule(move |seen| {
        let claims = seen.method == Method::PUT && seen.body.contains("\"started\"");
        if claims { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let approval = answering(&asked, "resolved");
    let both_claim = async {
        gate.reached().await;
        gate.reached().await;
        gate.open();
    };
    let (first, second, ()) =
        tokio::join!(ready.alice.invoke(&approval), ready.alice.invoke(&approval), both_claim);
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT], "{first:?} {second:?}");
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_machine_that_dies_in_the_act_leaves_a_turn_that_says_so_and_never_repeats_it() {
    let time = Time::default();
    let ready = Ready::with(Setup { clock: time.clock(), ..Setup::default() }).await;
    let asked = ready.asked().await;
    let gate = Gate::closed();
    let at_gate = gate.clone();
    ready.proxies.github.rule(move |seen| {
        if seen.is(&Method::POST, ISSUES) { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let dying = Machine::start(&ready.world, time.clock()).await;
    let approval = answering(&asked, "resolved");
    tokio::select! {
        answer = dying.invoke(&ready.alice, "alice", &approval) => panic!("answered: {answer:?}"),
        () = gate.reached() => {}
    }
    dying.dies();
    gate.open();

    // For as long as it could be at work, nobody touches the turn; then it is taken up.
    let (status, problem) = ready.alice.go_on(SESSION).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("turn_in_progress")));
    time.let_pass(LEASE);
    let (status, problem) = ready.alice.invoke(&approval).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("interrupt_not_open")));
    let answer = ok(ready.alice.go_on(SESSION)).await;
    assert_says(&answer, "it is not known whether it was done");
    assert_eq!(ready.posts(), 1, "asked of GitHub once");
    assert_says(&ok(ready.alice.say(SESSION, "Hello")).await, "This is message 2 of yours");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_an_answer_of_github_that_is_lost_is_told_as_such_and_the_action_not_repeated() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    ready
        .proxies
        .github
        .rule(|seen| if seen.is(&Method::POST, ISSUES) { Fate::AnswerLost } else { Fate::Arrives });
    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "not known whether the issue was created");
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_model_that_fails_after_the_action_does_not_make_it_happen_again() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let busy = "Too many requests";
    ready
        .proxies
        .bedrock
        .rule(move |_| Fate::aws_error(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", busy));
    let approval = answering(&asked, "resolved");
    let (status, problem) = ready.alice.invoke(&approval).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert!(problem["detail"].as_str().expect("a detail").contains("is saved"), "{problem}");
    assert_eq!(ready.posts(), 1);

    ready.proxies.bedrock.rule(|_| Fate::Arrives);
    let (status, _) = ready.alice.invoke(&approval).await;
    assert_eq!(status, StatusCode::CONFLICT, "the approval is used");
    assert_says(&ok(ready.alice.go_on(SESSION)).await, "I created issue 1");
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_who_hangs_up_in_the_act_finds_it_done_and_saved() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    let gate = Gate::closed();
    let at_gate = gate.clone();
    ready.proxies.github.rule(move |seen| {
        if seen.is(&Method::POST, ISSUES) { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let approval = answering(&asked, "resolved");
    tokio::select! {
        answer = ready.alice.invoke(&approval) => panic!("answered: {answer:?}"),
        () = gate.reached() => {}
    }
    gate.open();
    // Each try is a request of its own; the turn ends while they come.
    let mut answer = ready.alice.say(SESSION, "Hello").await;
    while answer.0 == StatusCode::CONFLICT {
        answer = ready.alice.say(SESSION, "Hello").await;
    }
    assert_says(&answer.1, "This is message 2 of yours");
    assert!(ready.world.everything_saved().await.contains("I created issue 1"));
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_approval_is_not_good_for_another_account_than_the_one_shown() {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    // Meanwhile alice connects another account of hers.
    ready.world.running.github.revoke_all();
    let elsewhere = "create an issue in octo-bob/boat: Sand it";
    let consent = ok(ready.alice.say("elsewhere", elsewhere)).await;
    ready.world.consent(&ready.alice, &consent, "octo-bob").await;

    let again = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_eq!(again["interrupts"][0]["account"], "octo-bob", "{again}");
    assert_ne!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_approval_after_an_hour_is_too_late_and_the_action_is_shown_again() {
    let time = Time::default();
    let ready = Ready::with(Setup { clock: time.clock(), ..Setup::default() }).await;
    let asked = ready.asked().await;
    time.let_pass(Duration::from_secs(3_600));
    let (status, problem) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("interrupt_expired")));
    let again = ok(ready.alice.go_on(SESSION)).await;
    assert_asks_to_confirm(&again);
    assert_ne!(again["interrupts"][0]["id"], asked["interrupts"][0]["id"]);
    ok(ready.alice.invoke(&answering(&again, "resolved"))).await;
    assert_eq!(ready.posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_of_two_actions_each_is_approved_for_itself() {
    let ready = Ready::new().await;
    let message = format!("{CREATE}; then create an issue in octo-alice/weather-station: Oil it");
    let asked = ok(ready.alice.say(SESSION, &message)).await;
    assert_eq!(asked["interrupts"].as_array().map(Vec::len), Some(2), "{asked}");
    let rest = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_eq!(rest["status"], "interrupted");
    assert_eq!(rest["interrupts"], json!([asked["interrupts"][1]]), "the other stays as it was");
    assert_eq!(ready.posts(), 1);
    let answer = ok(ready.alice.invoke(&answering(&rest, "cancelled"))).await;
    assert_says(&answer, "I created issue 1");
    assert_says(&answer, "the user declined it");
    assert_eq!(ready.proxies.github.count(&Method::POST, "/issues"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_without_confirmation_the_consent_is_enough_and_the_action_is_still_made_once() {
    let setup = Setup::default().with("CONFIRM_ACTIONS", "off");
    let (world, proxies) = World::proxied(setup).await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, CREATE)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "authorization_required", "{asked}");
    world.consent(&alice, &asked, "octo-alice").await;

    let gate = Gate::closed();
    let at_gate = gate.clone();
    proxies.s3.rule(move |seen| {
        let claims = seen.method == Method::PUT && seen.body.contains("\"started\"");
        if claims { Fate::Waits(at_gate.clone()) } else { Fate::Arrives }
    });
    let both_claim = async {
        gate.reached().await;
        gate.reached().await;
        gate.open();
    };
    let (one, two, ()) = tokio::join!(alice.go_on(SESSION), alice.go_on(SESSION), both_claim);
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT], "{one:?} {two:?}");
    assert_eq!(proxies.github.count(&Method::POST, ISSUES), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_the_scope_for_private_repositories_is_asked_for_only_where_one_is_meant() {
    for lesser_scopes in [LesserScopes::BeginConsent, LesserScopes::ReturnStored] {
        let ready = Ready::with(Setup { lesser_scopes, ..Setup::default() }).await;
        a_private_repository_needs_a_scope_of_its_own(&ready).await;
    }
}

async fn a_private_repository_needs_a_scope_of_its_own(ready: &Ready) {
    let private = "create an issue in octo-alice/diary: Write more";
    let asked = ok(ready.alice.say(SESSION, private)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "authorization_required", "{asked}");
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["public_repo", "repo"]));
    ready.world.consent(&ready.alice, &asked, "octo-alice").await;
    let asked = ok(ready.alice.go_on(SESSION)).await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    let answer = ok(ready.alice.invoke(&answering(&asked, "resolved"))).await;
    assert_says(&answer, "octo-alice/diary/issues/1");

    // A repository that is not there is not asked for twice, and not confirmed.
    let wrong = "create an issue in octo-alice/dairy: Milk";
    let answer = ok(ready.alice.say(SESSION, wrong)).await;
    assert_says(&answer, "GitHub has no such thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_input_that_would_reach_elsewhere_is_never_shown_or_sent() {
    let ready = Ready::new().await;
    for repository in ["octo-alice/..", "../user", "octo-alice/garden?x=y"] {
        let message = format!("create an issue in {repository}: x");
        let answer = ok(ready.alice.say(SESSION, &message)).await;
        assert_says(&answer, "The input is wrong");
    }
    assert_eq!(ready.proxies.github.count(&Method::POST, ""), 0);
}
