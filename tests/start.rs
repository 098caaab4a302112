//! What stops a start, and how it is said (M15, M19).

use std::{collections::BTreeMap, process::Command};

use local::{
    StartError, binaries, environment,
    options::{Options, Platform},
};
use stand_in::Clock;
use tests::World;

const OF_BOTH: [&str; 7] = [
    "AWS_REGION",
    "ALB_ARN",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "SESSION_BINDING_URL",
    "CONSENT_KEY",
    "WORKLOAD_IDENTITY_NAME",
];
const OF_THE_WORKLOAD: [&str; 2] = ["SESSION_BUCKET", "MODEL_ID"];

/// Runs a binary until it ends; returns what it says on standard error.
fn refusal(binary: &str, variables: &BTreeMap<String, String>) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(binaries::find(None, &[binary])).expect("binaries");
    let output = Command::new(&found[binary]).env_clear().envs(variables).output();
    let output = output.expect("a process");
    assert!(!output.status.success(), "{binary} started");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn m15_every_missing_variable_is_named_at_once() {
    for (binary, more) in [
        ("invoke", &OF_THE_WORKLOAD[..]),
        ("invoke-container", &OF_THE_WORKLOAD),
        ("bind-session", &[]),
        ("bind-session-container", &[]),
    ] {
        let said = refusal(binary, &BTreeMap::new());
        for variable in OF_BOTH.iter().chain(more) {
            assert!(said.contains(&format!("{variable}: missing")), "{binary}: {variable}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_plain_http_to_another_host_is_refused_and_no_value_is_repeated() {
    let world = World::in_process().await;
    let addresses = &world.running.addresses;
    let mut variables = environment::functions(addresses, "https://issuer.example", "client");
    variables.extend([
        ("AWS_ENDPOINT_URL_S3".to_owned(), "http://s3.example".to_owned()),
        ("GITHUB_API_URL".to_owned(), "http://github.example".to_owned()),
        ("CONSENT_KEY".to_owned(), "hunter2".to_owned()),
    ]);
    let refused = invoke::Invoke::start(&variables).expect_err("a refusal").to_string();
    for variable in ["AWS_ENDPOINT_URL_S3", "GITHUB_API_URL", "CONSENT_KEY"] {
        assert!(refused.contains(variable), "{variable}: {refused}");
    }
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_container_binary_checks_the_health_of_a_running_container() {
    let world = World::on(Platform::Container).await;
    let addresses = &world.running.addresses;
    for (binary, address) in [
        ("invoke-container", &addresses.invoke),
        ("bind-session-container", &addresses.bind_session),
    ] {
        let found = binaries::find(None, &[binary]).await.expect("binaries");
        let asked = |argument: &str, port: u16| {
            let mut command = Command::new(&found[binary]);
            command.arg(argument).env_clear().env("PORT", port.to_string()).output()
        };
        let port = address.port().expect("a port");
        let well = asked("health", port).expect("a process");
        assert!(well.status.success(), "{binary}: {well:?}");
        let nobody = asked("health", 1).expect("a process");
        assert!(!nobody.status.success(), "{binary}: nobody is there");
        let confused = asked("--help", port).expect("a process");
        assert!(String::from_utf8_lossy(&confused.stderr).contains("`health`"), "{confused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_a_port_that_is_taken_is_named_with_what_to_do() {
    let world = World::in_process().await;
    let port = world.running.addresses.application.port().expect("a port");
    let options = Options { port, platform: Platform::InProcess, ..Options::default() };
    let refused = local::start(options, Clock::system()).await.expect_err("a refusal");
    assert!(matches!(refused, StartError::PortTaken { .. }), "{refused}");
    assert!(refused.to_string().contains("--port"), "{refused}");
}
