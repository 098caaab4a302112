//! What a deployment measures of itself (M14, M15).

use std::collections::BTreeSet;

use local::options::Platform;
use serde_json::Value;
use tests::{Logs, Setup, World, flow::whole_flow, openai};

/// Of each test here its own, because all tests share the lines of what they run.
const FLOW: &str = "Flow";
const OTHER_MODEL: &str = "OtherModel";

/// The measurements of `namespace` among what processes called `name` have printed, in all tests.
fn measured(name: &str, namespace: &str) -> Vec<Value> {
    let start = format!("{name} | {{\"_aws\"");
    let lines = Logs::kept().lines().into_iter().filter_map(|line| {
        let line: Value = serde_json::from_str(&line).ok()?;
        let message = line["message"].as_str()?.to_owned();
        let json = message.starts_with(&start).then(|| message.split_once(" | "))??.1.to_owned();
        Some(serde_json::from_str(&json).expect("a measurement is one line of JSON"))
    });
    let of = |it: &Value| it["_aws"]["CloudWatchMetrics"][0]["Namespace"].clone();
    let lines = lines.inspect(|it| assert!(of(it) == FLOW || of(it) == OTHER_MODEL, "{it}"));
    lines.filter(|it| of(it) == namespace).collect()
}

/// The sum of the measurements called `name` whose members are as in `by`.
fn value(all: &[Value], name: &str, by: &[(&str, &str)]) -> f64 {
    let is_meant = |it: &&Value| by.iter().all(|(member, value)| it[*member] == *value);
    all.iter().filter(is_meant).map(|it| it[name].as_f64().unwrap_or(0.0)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_turns_consents_tools_tokens_and_upstreams_are_metrics_of_the_containers() {
    let _kept = Logs::kept();
    let setup = Setup { platform: Platform::Container, ..Setup::default() };
    let world = World::with(setup.with("METRICS", "emf").with("METRICS_NAMESPACE", FLOW)).await;
    whole_flow(&world).await;
    world.running.shutdown().await;

    let workload = measured("invoke-container", FLOW);
    let binder = measured("bind-session-container", FLOW);
    assert!(value(&workload, "Turns", &[("Outcome", "interrupted")]) >= 1.0);
    assert!(value(&workload, "Turns", &[("Outcome", "completed")]) >= 1.0);
    assert!(value(&workload, "InputTokens", &[("Outcome", "ok")]) > 0.0);
    assert!(value(&workload, "Consents", &[("Outcome", "asked")]) >= 1.0);
    assert!(value(&workload, "ToolCalls", &[("Outcome", "ok")]) >= 1.0);
    assert!(value(&binder, "Consents", &[("Outcome", "given")]) >= 1.0);
    let operations: BTreeSet<_> =
        workload.iter().filter_map(|it| it["Operation"].as_str()).collect();
    for operation in
        ["GetObject", "PutObject", "GetResourceOauth2Token", "GetWorkloadAccessTokenForUserId"]
    {
        assert!(operations.contains(operation), "{operation} is not in {operations:?}");
    }
    for operation in ["ConverseStream", "github_list_repositories"] {
        assert!(value(&workload, "UpstreamTime", &[("Operation", operation)]) > 0.0);
    }
    // A connection that is opened before it is needed is no failure.
    assert_eq!(value(&workload, "UpstreamFailures", &[]), 0.0);
    let mut all = workload.iter().chain(&binder);
    assert!(all.all(|it| !it.to_string().contains("alice")), "no metric is of one user");
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_the_time_and_the_failures_of_a_model_of_openais_form_are_metrics() {
    let _kept = Logs::kept();
    let setup = Setup { platform: Platform::Container, ..Setup::default() }
        .with("METRICS", "emf")
        .with("METRICS_NAMESPACE", OTHER_MODEL)
        .with("MODEL_PROVIDER", "openai")
        .with("MODEL_ID", openai::MODEL)
        .with("OPENAI_BASE_URL", format!("{}v1", openai::serve().await))
        .with("OPENAI_API_KEY", openai::KEY);
    let world = World::with(setup).await;
    let alice = world.browser_of("alice").await;
    for words in ["Hello!", "Hello (no quota)"] {
        alice.say("measured", words).await;
    }
    world.running.shutdown().await;

    let all = measured("invoke-container", OTHER_MODEL);
    let model = [("Upstream", "OpenAI"), ("Operation", "ChatCompletions")];
    assert!(value(&all, "UpstreamTime", &model) > 0.0);
    assert_eq!(all.iter().filter(|it| it["Operation"] == "ChatCompletions").count(), 2);
    assert_eq!(value(&all, "UpstreamFailures", &model), 1.0);
}
