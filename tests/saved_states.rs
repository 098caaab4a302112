//! A new message is answered in every state of a saved conversation, and with every refusal of the model (M10).

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config as Cases, TestRunner},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::World;
use tokio::runtime::Runtime;

const CASES: u32 = 40;

/// What a user may have said, and what the scripted model then does to every later request.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("please".to_owned()),
        Just(" ".to_owned()),
        Just("x".repeat(30_000)),
        Just("do it (refuses results)".to_owned()),
        Just("do it (refuses the past)".to_owned()),
        Just("do it (refuses wherever this is shown)".to_owned()),
        Just("do it (is withheld)".to_owned()),
        Just("do it (withholds results)".to_owned()),
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]", Just("a.b".to_owned()), Just(String::new()), Just("a".repeat(80))]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("github_list_repositories".to_owned()),
        Just("github_create_issue".to_owned()),
        Just("$READFILE".to_owned()),
    ]
}

fn input() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({ "owner": "octo-alice", "repo": "garden", "title": "Water" })),
        Just(json!({})),
        Just(json!("text")),
        Just(json!(null)),
    ]
}

fn result() -> impl Strategy<Value = Value> {
    let output = prop_oneof![
        words().prop_map(|text| json!({ "text": text })),
        Just(json!({ "json": { "url": "https://github.example/1" } })),
        Just(json!({ "json": [1] })),
    ];
    let status = prop_oneof![Just("success"), Just("error")];
    (id(), status, vec(output, 0..3)).prop_map(
        |(id, status, content)| json!({ "toolUseId": id, "status": status, "content": content }),
    )
}

fn message() -> impl Strategy<Value = Value> {
    let call = (id(), name(), input()).prop_map(
        |(id, name, input)| json!({ "toolUse": { "toolUseId": id, "name": name, "input": input } }),
    );
    let thought = prop_oneof![
        Just(json!({ "text": { "text": "hm", "signature": "c2ln" } })),
        Just(json!({ "text": { "text": "" } })),
        Just(json!({ "redacted": "no base64" })),
    ];
    let block = prop_oneof![
        words().prop_map(|text| json!({ "text": text })),
        thought.prop_map(|thought| json!({ "reasoning": thought })),
        call,
        result().prop_map(|result| json!({ "toolResult": result })),
    ];
    let role = prop_oneof![Just("user"), Just("assistant")];
    (role, vec(block, 0..3)).prop_map(|(role, content)| json!({ "role": role, "content": content }))
}

/// How far a call is. Claims are over, or were never made by a sound clock.
fn state() -> impl Strategy<Value = Value> {
    let provider = prop_oneof![Just(json!(null)), Just(json!("github")), Just(json!("another"))];
    prop_oneof![
        Just(json!("untried")),
        Just(json!({ "started": { "until": 0 } })),
        Just(json!({ "started": { "until": u64::MAX } })),
        result().prop_map(|result| json!({ "finished": result })),
        provider.prop_map(|provider| json!({ "waiting": {
            "interrupt": "consent", "provider": provider, "scopes": ["repo", "no scope"],
            "refused": "a b",
        } })),
        Just(json!({ "unconfirmed": {
            "interrupt": "confirm", "account": "octo-alice", "digest": "", "expires": u64::MAX,
        } })),
    ]
}

/// A conversation as a crash, a bug, an older version or another program may have left it.
fn conversation() -> impl Strategy<Value = Value> {
    let call = (id(), state()).prop_map(|(id, state)| json!({ "toolUseId": id, "state": state }));
    let pending = (vec(message(), 0..4), vec(call, 0..3))
        .prop_map(|(turn, calls)| json!({ "turn": turn, "calls": calls }));
    let pending = prop_oneof![1 => Just(Value::Null), 3 => pending];
    (vec(message(), 0..6), pending).prop_map(|(messages, pending)| {
        json!({ "schema": 1, "messages": messages, "pending": pending, "writes": [] })
    })
}

fn conversations(world: &World) -> Client {
    let variables = &world.running.variables;
    let secret = |name: &str| variables[name].clone();
    let credentials = Credentials::new(
        secret("AWS_ACCESS_KEY_ID"),
        secret("AWS_SECRET_ACCESS_KEY"),
        None,
        None,
        "local",
    );
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(world.running.addresses.s3.as_str())
        .force_path_style(true)
        .credentials_provider(credentials);
    Client::from_conf(config.build())
}

#[test]
fn m10_no_saved_state_and_no_refusal_of_the_model_makes_a_conversation_unusable() {
    let runtime = Runtime::new().expect("a runtime");
    let (world, alice) = runtime.block_on(async {
        let world = World::in_process().await;
        let alice = world.browser_of("alice").await;
        (world, alice)
    });
    let s3 = conversations(&world);
    let bucket = world.running.variables["SESSION_BUCKET"].clone();
    let mut runner =
        TestRunner::new(Cases { cases: CASES, failure_persistence: None, ..Cases::default() });
    let answered = |saved: Value| {
        runtime.block_on(async {
            let put = s3.put_object().bucket(&bucket).key("alice/s.json");
            let body = saved.to_string().into_bytes().into();
            put.body(body).send().await.expect("it is saved");
            for message in
                ["Hello", "Which repositories do I have, private ones too?", "Hello again"]
            {
                let (status, answer) = alice.say("s", message).await;
                prop_assert_eq!(status, StatusCode::OK, "{} {}", message, answer);
            }
            Ok(())
        })
    };
    let outcome = runner.run(&conversation(), answered);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    runtime.block_on(async move { drop((world, alice)) });
}
