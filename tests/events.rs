//! The events in `events/`, as `cargo lambda invoke` hands them to the functions (M19).

use std::{collections::BTreeMap, fs, path::Path};

use bind_session::BindSession;
use edge::Reply;
use http_body_util::BodyExt;
use invoke::Invoke;
use local::{
    environment,
    events::{self, Event},
    parts::Addresses,
};
use serde_json::Value;
use tests::World;
use tower_service::Service;

fn read(file: &str) -> String {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events"));
    fs::read_to_string(folder.join(file)).expect("a file in events/")
}

/// What `events/local.env` says, with the stand-ins where they are in this test. Issuer and client
/// stay as they are: the events' tokens name them.
fn variables(addresses: &Addresses) -> BTreeMap<String, String> {
    let file = read("local.env");
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').expect("NAME=value"));
    let mut all: BTreeMap<String, String> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let here = environment::functions(addresses, &all["OIDC_ISSUER"], &all["OIDC_CLIENT_ID"]);
    let moves = |name: &str| name.ends_with("_URL") || name.starts_with("AWS_ENDPOINT_URL");
    all.extend(here.into_iter().filter(|(name, _)| moves(name)));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_every_event_is_answered_as_its_table_says() {
    let world = World::in_process().await;
    let variables = variables(&world.running.addresses);
    let mut invoke = Invoke::start(&variables).expect("the workload");
    let host = format!("localhost:{}", world.running.addresses.application.port().expect("a port"));
    let mut binder = BindSession::start(&variables).expect("the binder");
    for Event { file, status, .. } in events::all() {
        let event = read(file).replace("localhost:8080", &host);
        let request = lambda_http::request::from_str(&event).expect("a load balancer's event");
        let Ok(answer): Result<Reply, _> = if file.starts_with("invoke-") {
            invoke.call(request).await
        } else {
            binder.call(request).await
        };
        let got = answer.status().as_u16();
        let Ok(body) = answer.into_body().collect().await;
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        assert_eq!(got, status, "{file}: {body}");
        if file == "invoke-list-repositories.json" {
            let answer: Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!(answer["status"], "interrupted", "{body}");
        }
    }
}

#[test]
fn m19_the_folder_is_what_the_example_writes() {
    // Signatures hold randomness: everything else is the same each time.
    let unsigned = |event: &Value| {
        let mut event = event.clone();
        if let Some(token) = event["multiValueHeaders"]["x-amzn-oidc-data"][0].as_str() {
            let signed = token.rsplit_once('.').expect("a token").0.to_owned();
            event["multiValueHeaders"]["x-amzn-oidc-data"][0] = signed.into();
        }
        event
    };
    for Event { file, json, .. } in events::all() {
        let committed: Value = serde_json::from_str(&read(file)).expect("JSON");
        assert_eq!(unsigned(&committed), unsigned(&json), "{file}: write events/ anew");
    }
    assert_eq!(read("local.env"), events::env_file().expect("a file"), "write events/ anew");
}
