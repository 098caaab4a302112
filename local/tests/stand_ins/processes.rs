//! The services' binaries, and the processes in which they run.

use std::{collections::BTreeMap, path::Path};

use local::{
    binaries::{self, BinaryError},
    process::{Output, Process},
};
use serde_json::Value;

/// The settings of the agentic workload. Nothing listens at these addresses, and `/ping` needs nothing.
pub(crate) fn invoke_settings() -> BTreeMap<String, String> {
    [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        (
            "ALB_ARN",
            "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/a/0123456789abcdef",
        ),
        ("ALB_PUBLIC_KEYS_URL", "http://127.0.0.1:9"),
        ("OIDC_ISSUER", "http://127.0.0.1:9"),
        ("OIDC_CLIENT_ID", "client"),
        ("SESSION_BINDING_URL", "http://localhost:9/oauth2/session-binding"),
        ("CONSENT_KEY", "0123456789abcdef0123456789abcdef"),
        ("WORKLOAD_IDENTITY_NAME", "workload"),
        ("SESSION_BUCKET", "bucket"),
        ("MODEL_ID", "model"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[tokio::test]
async fn the_container_logs_its_port_and_stops_on_sigterm() {
    let binaries = binaries::find(None, &["invoke-container"]).await.unwrap();
    let mut environment = invoke_settings();
    environment.insert("PORT".to_owned(), "0".to_owned());
    let name = "invoke-container";
    let process = Process::spawn(name, &binaries[name], &environment, Output::Logged).unwrap();
    let port = process.listening().await.unwrap();
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/ping")).await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "Healthy");
    assert!(process.stop().await.unwrap().success(), "it drains and ends by itself");

    let process = Process::spawn(name, &binaries[name], &BTreeMap::new(), Output::Logged).unwrap();
    assert!(process.listening().await.is_err(), "without its settings it ends");
}

/// Attack: a function that is taken over looks for the developer's own AWS account.
#[tokio::test]
async fn a_child_process_gets_only_the_given_variables() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "this process has variables");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let lines = [
        r#"test -z "$CARGO_MANIFEST_DIR$HOME" && test "$OWN" = own || exit 1"#,
        r#"echo '{"message":"listening","port":1}'"#,
    ];
    std::fs::write(&script, lines.join("\n")).unwrap();
    // BASH_ENV names what bash runs first.
    let variables = [("OWN", "own"), ("BASH_ENV", script.to_str().unwrap())];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let process = Process::spawn("script", Path::new("/bin/bash"), &variables, Output::Logged);
    assert_eq!(process.unwrap().listening().await, Ok(1));
}

#[tokio::test]
async fn a_folder_that_lacks_a_binary_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("invoke"), "").unwrap();
    let found = binaries::find(Some(folder.path()), &["invoke"]).await.unwrap();
    assert_eq!(found["invoke"], folder.path().join("invoke"));
    let error = binaries::find(Some(folder.path()), &["invoke", "bind-session"]).await.unwrap_err();
    assert!(matches!(&error, BinaryError::Missing { names, .. } if *names == ["bind-session"]));
    assert!(error.to_string().ends_with(" lacks bind-session"), "{error}");
}
