//! What was saved by the version before turns were kept as they were read goes on as it is.
//!
//! `saved_objects.json` was written by that version, and is never written again.

use serde_json::{Map, Value};

use crate::{World, id, turn, user};

fn objects() -> Map<String, Value> {
    serde_json::from_str(include_str!("saved_objects.json")).unwrap()
}

/// The JSON of the messages in an object.
fn messages(object: &str) -> &str {
    let begin = object.find("\"messages\":[").unwrap() + "\"messages\":[".len();
    let end = [",\"pending\":{", ",\"writes\":["].iter().filter_map(|next| object.find(next)).min();
    object[begin..end.unwrap()].strip_suffix(']').unwrap()
}

#[tokio::test]
async fn what_an_earlier_version_saved_is_read_whole_and_goes_on_byte_for_byte() {
    for (name, object) in objects() {
        let world = World::new().await;
        let object = object.as_str().unwrap();
        world.put("alice/s.json", object).await;
        let saved: Value = serde_json::from_str(object).unwrap();
        let whole = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
        let read = &whole.conversation;
        assert_eq!(serde_json::to_value(&read.messages).unwrap(), saved["messages"], "{name}");
        let pending = serde_json::to_value(&read.pending).unwrap();
        assert_eq!(pending, saved["pending"], "{name}");
        assert_eq!(read.title.as_deref(), saved["title"].as_str(), "{name}");
        assert_eq!(read.removed_turns, saved["removedTurns"].as_u64().unwrap_or(0), "{name}");
        let spent = serde_json::to_value(read.spent).unwrap();
        assert_eq!(spent, saved["spent"], "{name}");

        let context = "1000".parse().unwrap();
        let mut opened = world.sessions.open(&user("alice"), &id("s"), context).await.unwrap();
        assert!(read.messages.ends_with(&opened.conversation.messages), "{name}");
        world.sessions.commit(&mut opened, &turn("go on"), None).await.unwrap();
        let now = world.text("alice/s.json").await;
        let new = serde_json::to_string(&turn("go on")).unwrap();
        let expected = format!("{},{}", messages(object), &new[1..new.len() - 1]);
        assert_eq!(messages(&now), expected, "{name}");
    }
}

#[tokio::test]
async fn a_list_of_messages_that_another_program_wrote_with_spaces_goes_on_as_it_is() {
    let world = World::new().await;
    let saved: Value =
        serde_json::from_str(objects()["turns with tools"].as_str().unwrap()).unwrap();
    world.put("alice/s.json", &serde_json::to_string_pretty(&saved).unwrap()).await;
    let context = "1000".parse().unwrap();
    for text in ["first", "second"] {
        let mut opened = world.sessions.open(&user("alice"), &id("s"), context).await.unwrap();
        world.sessions.commit(&mut opened, &turn(text), None).await.unwrap();
    }
    let whole = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let mut expected = saved["messages"].as_array().unwrap().clone();
    expected
        .extend([turn("first"), turn("second")].concat().iter().map(|it| serde_json::json!(it)));
    let read = serde_json::to_value(&whole.conversation.messages).unwrap();
    assert_eq!(read, Value::Array(expected));
}
