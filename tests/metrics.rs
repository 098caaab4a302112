//! What a deployment measures of itself (M14, M15).

use std::collections::BTreeSet;

use local::options::Platform;
use serde_json::Value;
use tests::{Logs, Setup, World, flow::whole_flow};

/// The measurements among what the process `name` has printed.
fn measured(name: &str) -> Vec<Value> {
    let start = format!("{name} | {{\"_aws\"");
    let lines = Logs::kept().lines().into_iter().filter_map(|line| {
        let line: Value = serde_json::from_str(&line).ok()?;
        let message = line["message"].as_str()?.to_owned();
        let json = message.starts_with(&start).then(|| message.split_once(" | "))??.1.to_owned();
        Some(serde_json::from_str(&json).expect("a measurement is one line of JSON"))
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_turns_consents_tools_tokens_and_upstreams_are_metrics_of_the_containers() {
    let _kept = Logs::kept();
    let setup = Setup { platform: Platform::Container, ..Setup::default() };
    let world = World::with(setup.with("METRICS", "emf").with("METRICS_NAMESPACE", "Test")).await;
    whole_flow(&world).await;
    world.running.shutdown().await;

    let (workload, binder) = (measured("invoke-container"), measured("bind-session-container"));
    let value = |all: &[Value], name: &str, by: &[(&str, &str)]| {
        let is_meant = |it: &&Value| by.iter().all(|(member, value)| it[*member] == *value);
        all.iter().filter(is_meant).map(|it| it[name].as_f64().unwrap_or(0.0)).sum::<f64>()
    };
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
    let all = workload.iter().chain(&binder);
    assert!(all.clone().all(|it| it["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Test"));
    assert!(all.clone().all(|it| !it.to_string().contains("alice")), "no metric is of one user");
}
