//! Moving in from `strands-agents`: objects that version 1.62.0 of the Python package wrote, as
//! the example `compare_with_strands` records them. The last turn died in its tool.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use session::{Block, Message, Role, Sessions, ToolOutput, ToolStatus};

use crate::{World, id, s3::BUCKET, turn, user};

impl World {
    async fn with_strands_session_of(sub: &str) -> Self {
        let world = Self::new().await;
        let objects: BTreeMap<String, Value> =
            serde_json::from_str(include_str!("strands_objects.json")).unwrap();
        for (key, object) in objects {
            let key = key.replacen("alice", sub, 1);
            world.put(&key, &object.to_string()).await;
        }
        world
    }

    fn importing(&self) -> Sessions {
        Sessions::new(self.s3.config(), BUCKET.to_owned()).importing_strands(true)
    }
}

fn outline(messages: &[Message]) -> Vec<String> {
    let block = |role: Role, block: &Block| match (role, block) {
        (Role::User, Block::Text(text)) => format!("user: {text}"),
        (_, Block::Text(text)) => format!("assistant: {text}"),
        (_, Block::Reasoning(reasoning)) => format!("{reasoning:?}"),
        (_, Block::ToolUse(call)) => format!("call {} {}", call.name, call.input),
        (_, Block::ToolResult(result)) => match (&result.content[0], result.status) {
            (ToolOutput::Json(data), ToolStatus::Success) => format!("success {data}"),
            (ToolOutput::Text(text), ToolStatus::Error) => format!("error {text}"),
            other => panic!("{other:?}"),
        },
    };
    let blocks = messages.iter().flat_map(|it| it.content.iter().map(|part| (it.role, part)));
    blocks.map(|(role, part)| block(role, part)).collect()
}

const OUTLINE: [&str; 14] = [
    "user: hello",
    "assistant: You said: hello",
    "user: look up garden",
    r#"call lookup {"word":"garden"}"#,
    r#"success {"meaning":"unknown","word":"garden"}"#,
    "assistant: You said: ",
    "user: show a picture",
    "user: (image left out)",
    "assistant: You said: show a picture",
    "user: something to redact",
    "assistant: (redacted)",
    "user: look up death",
    r#"call lookup {"word":"death"}"#,
    "error No result was recorded: whether this was done is unknown.",
];

#[tokio::test]
async fn a_strands_session_goes_on_where_it_was_even_after_its_process_died() {
    let world = World::with_strands_session_of("alice").await;
    let sessions = world.importing();
    let loaded = sessions.load(&user("alice"), &id("moving")).await.unwrap();
    assert!(loaded.exists());
    let messages = &loaded.conversation.messages;
    assert_eq!(outline(messages)[..14], OUTLINE);
    assert_eq!(outline(messages)[14..], ["assistant: (There was no answer.)"]);

    sessions.commit(&mut loaded.clone(), &turn("go on"), None).await.unwrap();
    // From then on it is an ordinary conversation, and the switch is not needed any more.
    let loaded = world.sessions.load(&user("alice"), &id("moving")).await.unwrap();
    let messages = &loaded.conversation.messages;
    assert_eq!(outline(&messages[..messages.len() - 2])[..14], OUTLINE);
    assert_eq!(messages[messages.len() - 2..], turn("go on"));
    world.s3.requests();
    sessions.load(&user("alice"), &id("moving")).await.unwrap();
    assert_eq!(world.s3.requests(), ["GET"]);
}

#[tokio::test]
async fn reasoning_of_a_strands_session_is_left_out() {
    let world = World::with_strands_session_of("alice").await;
    let objects: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("strands_objects.json")).unwrap();
    for (key, mut object) in objects {
        if object["message"]["role"] == "assistant" {
            let blocks = object["message"]["content"].as_array_mut().unwrap();
            let text = json!({ "text": "hm", "signature": "c2ln" });
            blocks.insert(0, json!({ "reasoningContent": { "reasoningText": text } }));
            blocks.insert(1, json!({ "reasoningContent": { "redactedContent": "AP8H" } }));
            world.put(&key, &object.to_string()).await;
        }
    }
    let loaded = world.importing().load(&user("alice"), &id("moving")).await.unwrap();
    assert_eq!(outline(&loaded.conversation.messages)[..14], OUTLINE);
}

#[tokio::test]
async fn without_the_switch_nothing_is_imported() {
    let world = World::with_strands_session_of("alice").await;
    world.s3.requests();
    let loaded = world.sessions.load(&user("alice"), &id("moving")).await.unwrap();
    assert!(!loaded.exists());
    assert_eq!(world.s3.requests(), ["GET"]);
}

#[tokio::test]
async fn only_the_same_user_and_session_are_imported() {
    let world = World::with_strands_session_of("auth0|alice").await;
    let sessions = world.importing();
    assert!(sessions.load(&user("auth0|alice"), &id("moving")).await.unwrap().exists());
    for (sub, session) in [
        ("alice", "moving"),
        ("auth0%7Calice", "moving"),
        ("auth0|alice", "movin"),
        ("auth0|", "x"),
    ] {
        let loaded = sessions.load(&user(sub), &id(session)).await.unwrap();
        assert!(!loaded.exists(), "{sub} {session}");
    }
}

#[tokio::test]
async fn a_sub_with_a_slash_does_not_reach_into_another_users_layout() {
    let world = World::with_strands_session_of("mallory/x").await;
    let loaded = world.importing().load(&user("mallory/x"), &id("moving")).await.unwrap();
    assert!(!loaded.exists());
}

#[tokio::test]
async fn a_deleted_conversation_is_not_imported_again() {
    let world = World::with_strands_session_of("alice").await;
    let sessions = world.importing();
    let loaded = sessions.load(&user("alice"), &id("moving")).await.unwrap();
    sessions.commit(&mut loaded.clone(), &turn("go on"), None).await.unwrap();
    assert!(sessions.delete(&user("alice"), &id("moving")).await.unwrap());
    assert_eq!(world.keys().await, Vec::<String>::new());
    assert!(!sessions.load(&user("alice"), &id("moving")).await.unwrap().exists());
}

#[tokio::test]
async fn two_concurrent_imports_of_one_session_keep_both_turns() {
    let world = World::with_strands_session_of("alice").await;
    let sessions = world.importing();
    let one = sessions.load(&user("alice"), &id("moving")).await.unwrap();
    let other = sessions.load(&user("alice"), &id("moving")).await.unwrap();
    let before = one.conversation.messages.len();
    sessions.commit(&mut one.clone(), &turn("one"), None).await.unwrap();
    sessions.commit(&mut other.clone(), &turn("other"), None).await.unwrap();
    let loaded = sessions.load(&user("alice"), &id("moving")).await.unwrap();
    assert_eq!(loaded.conversation.messages[before..], [turn("one"), turn("other")].concat());
}

#[tokio::test]
async fn a_damaged_message_is_left_out_and_locks_nobody_out_of_the_others() {
    let world = World::with_strands_session_of("alice").await;
    let key = "alice/session_moving/agents/agent_default/messages/message_3.json";
    world.put(key, &json!({ "message": "?" }).to_string()).await;
    let loaded = world.importing().load(&user("alice"), &id("moving")).await.unwrap();
    assert!(!loaded.conversation.messages.is_empty());
}
