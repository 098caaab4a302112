//! A real model with everything else embedded (M4, M19). What stands for Bedrock here is the stand-in of
//! another world: which keys a request was signed with is all that counts.

use local::{greeting::QUESTIONS, options::Platform};
use reqwest::StatusCode;
use tests::{Fate, Proxy, Terminal, World, flow::ask_to_the_end};

const SESSION: &str = "with-a-real-model";

/// A profile with keys of its own, in a file where any AWS tool finds it.
fn profile(folder: &tempfile::TempDir) -> String {
    let file = folder.path().join("credentials");
    let text = "[me]\naws_access_key_id = AKIAOFTHEPROFILE\naws_secret_access_key = of-the-profile\n\
                region = eu-west-3\n";
    std::fs::write(&file, text).expect("a file");
    file.to_str().expect("a path").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_only_the_real_model_is_called_with_the_given_credentials() {
    let bedrock = World::in_process().await;
    let proxy = Proxy::new().await;
    proxy.lead_to(&bedrock.running.addresses.bedrock);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, endpoint) = (profile(&folder), proxy.address.to_string());
    let arguments =
        ["--model", "bedrock", "--model-id", "eu.example.model-v1:0", "--aws-profile", "me"];
    let variables = [
        ("AWS_SHARED_CREDENTIALS_FILE", file.as_str()),
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint.as_str()),
    ];
    for platform in [Platform::InProcess, Platform::Container] {
        let terminal = Terminal::run(platform, &arguments, &variables).await;
        let alice = terminal.browser_of("alice").await;
        // S3 and AgentCore Identity answer, so that they were asked with the stand-ins' credentials.
        let (list, _) = ask_to_the_end(&alice, SESSION, QUESTIONS[0], "octo-alice").await;
        assert!(list.contains("octo-alice/garden"), "{list}");

        let seen = proxy.seen();
        assert!(!seen.is_empty());
        for request in seen {
            assert_eq!(request.path, "/model/eu.example.model-v1%3A0/converse-stream");
            let signed = request.headers["authorization"].to_str().expect("a signature");
            assert!(signed.contains("Credential=AKIAOFTHEPROFILE/"), "{signed}");
            assert!(signed.contains("/eu-west-3/bedrock/aws4_request"), "{signed}");
        }
        assert!(!terminal.screen().contains("AKIA"), "{}", terminal.screen());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_refusal_of_the_real_model_is_shown_in_the_terminal() {
    let proxy = Proxy::new().await;
    proxy.rule(|_| {
        Fate::aws_error(StatusCode::FORBIDDEN, "AccessDeniedException", "no access to the model")
    });
    let folder = tempfile::tempdir().expect("a folder");
    let (file, endpoint) = (profile(&folder), proxy.address.to_string());
    let arguments = ["--model", "bedrock", "--model-id", "m"];
    let variables = [
        ("AWS_SHARED_CREDENTIALS_FILE", file.as_str()),
        ("AWS_PROFILE", "me"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint.as_str()),
    ];
    let terminal = Terminal::run(Platform::InProcess, &arguments, &variables).await;
    let (status, answer) = terminal.browser_of("alice").await.say(SESSION, "Hello!").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{answer}");
    terminal.shows("! Bedrock refuses: AccessDeniedException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_missing_credentials_for_the_real_model_stop_the_start_with_a_reason() {
    let arguments = ["--model", "bedrock", "--model-id", "m", "--aws-profile", "nobody"];
    let variables = [("AWS_REGION", "eu-central-1"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let mut terminal = Terminal::run(Platform::InProcess, &arguments, &variables).await;
    assert!(!terminal.ended().await.success());
    terminal.shows("error: there are no AWS credentials for the model").await;
}
