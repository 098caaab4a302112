//! A change that overlaps with something: who can be asked is asked, and nobody else changes anything.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{Kind, McpClient},
    harness::{ALICE, BOB, World},
};

/// During the dentist.
fn call() -> Value {
    json!({
        "title": "Call",
        "start": "2026-12-02T09:30:00Z",
        "end": "2026-12-02T10:00:00Z",
    })
}

fn yes() -> Value {
    json!({ "action": "accept", "content": { "although_it_overlaps": true } })
}

fn count(world: &World) -> usize {
    world.calendar.events_of(ALICE).len()
}

/// Calls without an answer. Returns the state of the question.
async fn ask(client: &McpClient<'_>) -> String {
    let result = client.call("create_event", call()).await;
    assert_eq!(result["resultType"], "input_required", "{result}");
    result["requestState"].as_str().unwrap().to_owned()
}

/// Calls again with an answer.
async fn answer(
    client: &McpClient<'_>,
    arguments: Value,
    state: &str,
    response: Value,
) -> Result<Value, Value> {
    let params = json!({
        "name": "create_event",
        "arguments": arguments,
        "requestState": state,
        "inputResponses": { "overlap": response },
    });
    client.result("tools/call", params).await
}

#[tokio::test]
async fn a_person_who_can_be_asked_is_asked_and_says_yes() {
    let world = World::new().await;
    let client = world.full_client(Kind::WithForms, ALICE).await;
    let result = client.call("create_event", call()).await;
    let question = &result["inputRequests"]["overlap"];
    assert_eq!(question["method"], "elicitation/create", "{result}");
    let message = question["params"]["message"].as_str().unwrap();
    assert!(message.starts_with("Create it although it overlaps with “Dentist”"), "{message}");
    let schema = &question["params"]["requestedSchema"];
    assert_eq!(schema["properties"]["although_it_overlaps"]["type"], "boolean");
    assert_eq!(schema["required"], json!(["although_it_overlaps"]));
    assert_eq!(count(&world), 3);
    let state = result["requestState"].as_str().unwrap();
    let created = answer(&client, call(), state, yes()).await.unwrap();
    assert_eq!(created["structuredContent"]["title"], "Call", "{created}");
    assert_eq!(count(&world), 4);
}

#[tokio::test]
async fn every_other_answer_is_a_no() {
    let world = World::new().await;
    let client = world.full_client(Kind::WithForms, ALICE).await;
    for response in [
        json!({ "action": "accept", "content": { "although_it_overlaps": false } }),
        json!({ "action": "accept" }),
        json!({ "action": "decline", "content": { "although_it_overlaps": true } }),
        json!({ "action": "cancel" }),
    ] {
        let state = ask(&client).await;
        let refused = answer(&client, call(), &state, response).await.unwrap();
        assert_eq!(refused["isError"], true, "{refused}");
        assert!(refused["content"][0]["text"].as_str().unwrap().contains("said no"));
    }
    assert_eq!(count(&world), 3);
}

#[tokio::test]
async fn a_yes_is_for_one_call_of_one_person_about_one_change_within_ten_minutes() {
    let world = World::new().await;
    let alice = world.full_client(Kind::WithForms, ALICE).await;
    let bob = world.full_client(Kind::WithForms, BOB).await;
    let state = ask(&alice).await;
    let mut other = call();
    other["title"] = json!("Something else");
    assert!(answer(&alice, other, &state, yes()).await.is_err(), "another change");
    assert!(answer(&bob, call(), &state, yes()).await.is_err(), "another person");
    assert!(answer(&alice, call(), "invented", yes()).await.is_err(), "an invented state");
    assert!(answer(&alice, call(), &state, yes()).await.is_ok());
    let error = answer(&alice, call(), &state, yes()).await.unwrap_err();
    assert_eq!(error["code"], -32602, "a replay");
    let state = ask(&alice).await;
    world.pass(Duration::from_secs(10 * 60));
    assert!(answer(&alice, call(), &state, yes()).await.is_err(), "an old one");
    assert_eq!(count(&world), 4);
}

#[tokio::test]
async fn a_yes_does_not_cover_what_was_not_asked_about() {
    let world = World::new().await;
    let client = world.full_client(Kind::WithForms, ALICE).await;
    let state = ask(&client).await;
    let new = json!({
        "title": "New", "start": "2026-12-02T09:45:00Z", "end": "2026-12-02T10:00:00Z",
    });
    client.call("create_event", new).await;
    let again = answer(&client, call(), &state, yes()).await.unwrap();
    assert_eq!(again["resultType"], "input_required", "{again}");
    let message = again["inputRequests"]["overlap"]["params"]["message"].as_str().unwrap();
    assert!(message.contains("“Dentist”") && message.contains("“New”"), "{message}");
}

#[tokio::test]
async fn who_cannot_be_asked_is_told_and_nothing_is_changed() {
    let world = World::new().await;
    for kind in [Kind::WithoutForms, Kind::WithLinks, Kind::Older] {
        let client = world.full_client(kind, ALICE).await;
        let text = client.mistake("create_event", call()).await;
        assert!(text.contains("“Dentist”"), "{text}");
        let [dentist, meeting, _] = &world.calendar.events_of(ALICE)[..] else { panic!() };
        let moved = json!({
            "id": meeting.id, "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T09:10:00Z",
        });
        assert!(client.mistake("move_event", moved).await.contains(&dentist.title));
    }
    assert_eq!(count(&world), 3);
}

#[tokio::test]
async fn an_event_that_begins_when_another_ends_overlaps_with_nothing() {
    let world = World::new().await;
    let client = world.full_client(Kind::Older, ALICE).await;
    let mut next = call();
    next["start"] = json!("2026-12-02T09:45:00Z");
    client.call("create_event", next).await;
    assert_eq!(count(&world), 4);
}
