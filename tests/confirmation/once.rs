//! An approved action is done once, whatever dies, races or is lost (M5, M10).

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{Fate, Gate, Machine, Setup, Time, World};

use super::{
    CREATE, ISSUES, SESSION,
    ready::{Ready, answering, assert_says, ok},
};

const LEASE: Duration = Duration::from_secs(120);

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
async fn m10_an_action_during_which_the_process_dies_is_reported_and_never_repeated() {
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
async fn m10_an_action_whose_claim_may_or_may_not_be_saved_is_not_done_and_the_user_is_told_to_wait()
 {
    let ready = Ready::new().await;
    let asked = ready.asked().await;
    ready.proxies.s3.rule(|seen| {
        let claims = seen.method == Method::PUT && seen.body.contains("\"started\"");
        match claims {
            true => Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR, vec![], String::new()),
            false => Fate::Arrives,
        }
    });
    let (status, problem) = ready.alice.invoke(&answering(&asked, "resolved")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("Nothing was changed. Wait a minute or two"), "{detail}");
    assert_eq!(ready.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_lost_answer_of_github_is_reported_and_the_action_not_repeated() {
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
async fn m10_an_action_whose_caller_hangs_up_is_done_and_saved() {
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
