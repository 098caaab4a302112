//! The tools, for clients of both kinds.

use serde_json::{Value, json};

use super::{
    client::Kind,
    harness::{ALICE, BOB, World},
};

const EVERY_KIND: [Kind; 4] = [Kind::WithForms, Kind::WithoutForms, Kind::WithLinks, Kind::Older];

fn lunch() -> Value {
    json!({
        "title": "Lunch",
        "start": "2026-12-04T12:00:00+01:00",
        "end": "2026-12-04T13:00:00+01:00",
        "guests": [BOB],
    })
}

#[tokio::test]
async fn both_generations_of_clients_are_welcome() {
    let world = World::new().await;
    let modern = world.client(Kind::WithForms, ALICE, "events.read").await;
    let discovered = modern.result("server/discover", json!({})).await.unwrap();
    assert!(discovered["capabilities"]["tools"].is_object(), "{discovered}");
    let older = world.client(Kind::Older, ALICE, "events.read").await;
    let initialize = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    let response = older.send("initialize", initialize).await;
    assert!(!response.headers().contains_key("mcp-session-id"));
    let initialized: Value = response.json().await.unwrap();
    assert_eq!(initialized["result"]["protocolVersion"], "2025-11-25", "{initialized}");
}

#[tokio::test]
async fn the_tools_say_what_they_take_and_which_one_only_reads() {
    let world = World::new().await;
    let client = world.client(Kind::WithForms, ALICE, "events.read").await;
    let listed = client.result("tools/list", json!({})).await.unwrap();
    let tools = listed["tools"].as_array().unwrap();
    let reading: Vec<_> = tools
        .iter()
        .map(|tool| (tool["name"].as_str().unwrap(), &tool["annotations"]["readOnlyHint"]))
        .collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(reading, [("list_events", &yes), ("create_event", &no), ("move_event", &no)]);
    assert_eq!(tools[1]["inputSchema"]["required"], json!(["title", "start", "end"]));
    assert_eq!(tools[1]["inputSchema"]["properties"]["start"]["format"], "date-time");
    assert!(tools.iter().all(|tool| tool["outputSchema"]["type"] == "object"), "{listed}");
}

#[tokio::test]
async fn everybody_sees_their_own_events_alone() {
    let world = World::new().await;
    for kind in EVERY_KIND {
        let alice = world.client(kind, ALICE, "events.read").await;
        let titles = alice.titles(json!({})).await;
        assert_eq!(titles, ["Dentist", "Team meeting", "Water the garden"]);
        let bob = world.client(kind, BOB, "events.read").await;
        let titles = bob.titles(json!({})).await;
        assert_eq!(titles, ["Team meeting", "Chess club", "Repair the boat"]);
    }
}

#[tokio::test]
async fn a_list_has_a_beginning_and_an_end() {
    let world = World::new().await;
    let client = world.client(Kind::Older, ALICE, "events.read").await;
    let day = json!({ "from": "2026-12-02T10:00:00Z", "to": "2026-12-03T00:00:00Z" });
    assert_eq!(client.titles(day).await, ["Team meeting"]);
    let touching = json!({ "from": "2026-12-02T09:45:00Z", "to": "2026-12-02T14:00:00Z" });
    assert!(client.titles(touching).await.is_empty());
    let turned = json!({ "from": "2026-12-03T00:00:00Z", "to": "2026-12-02T00:00:00Z" });
    assert!(client.mistake("list_events", turned).await.contains("later"));
}

#[tokio::test]
async fn an_event_is_created_and_shown() {
    for kind in EVERY_KIND {
        let world = World::new().await;
        let client = world.full_client(kind, ALICE).await;
        let result = client.call("create_event", lunch()).await;
        let event = &result["structuredContent"];
        assert_eq!(event["start"], "2026-12-04T11:00:00Z", "{result}");
        assert_eq!(event["guests"], json!([BOB]));
        let text: Value =
            serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(text, *event);
        let kept = world.calendar.events_of(ALICE).pop().unwrap();
        assert_eq!(
            (kept.title.as_str(), &kept.id),
            ("Lunch", &event["id"].as_str().unwrap().into())
        );
        let page = world.browser.get(world.at("")).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("<strong>Lunch</strong>: 2026-12-04T11:00:00Z"), "{page}");
    }
}

#[tokio::test]
async fn an_event_is_moved() {
    let world = World::new().await;
    let client = world.full_client(Kind::Older, ALICE).await;
    let id = world.calendar.events_of(ALICE)[0].id.clone();
    let later = json!({ "id": id, "start": "2026-12-02T09:15:00Z", "end": "2026-12-02T10:00:00Z" });
    let result = client.call("move_event", later).await;
    assert_eq!(result["structuredContent"]["start"], "2026-12-02T09:15:00Z", "{result}");
    assert_eq!(world.calendar.events_of(ALICE)[0].start.minute(), 15);
}

#[tokio::test]
async fn nobody_moves_the_event_of_another_person() {
    let world = World::new().await;
    let mallory = world.full_client(Kind::Older, BOB).await;
    let before = world.calendar.events_of(ALICE);
    let id = before[0].id.clone();
    let later = json!({ "id": id, "start": "2026-12-08T09:00:00Z", "end": "2026-12-08T10:00:00Z" });
    assert_eq!(mallory.mistake("move_event", later).await, "The user has no event with this id.");
    assert_eq!(world.calendar.events_of(ALICE), before);
}

#[tokio::test]
async fn a_mistake_is_told_to_the_model_and_changes_nothing() {
    let world = World::new().await;
    let client = world.full_client(Kind::WithForms, ALICE).await;
    let before = world.calendar.events_of(ALICE);
    for (name, value, expected) in [
        ("end", json!("2026-12-04T12:00:00+01:00"), "later than the start"),
        ("end", json!("2026-12-04T11:00:00+01:00"), "later than the start"),
        ("start", json!("tomorrow at noon"), "start is no time of RFC 3339"),
        ("end", json!("2026-12-04T13:00:00"), "end is no time of RFC 3339"),
        ("end", json!("9999-12-31T23:59:59-23:00"), "end is no time of RFC 3339"),
        ("title", json!(" "), "title has to be"),
        ("title", json!("two\nlines"), "title has to be"),
        ("title", json!("x".repeat(201)), "title has to be"),
        ("guests", json!(["bob"]), "guests has to be"),
        ("guests", json!("bob@calendar.example"), "not those of this tool"),
        ("colour", json!("red"), "not those of this tool"),
    ] {
        let mut arguments = lunch();
        arguments[name] = value;
        let text = client.mistake("create_event", arguments).await;
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(world.calendar.events_of(ALICE), before);
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_an_error_of_the_client() {
    let world = World::new().await;
    let client = world.full_client(Kind::WithForms, ALICE).await;
    let error = client.result("tools/call", json!({ "name": "delete_event" })).await.unwrap_err();
    assert_eq!(error["code"], -32602, "{error}");
}

#[tokio::test]
async fn a_title_is_text_on_the_page() {
    let world = World::new().await;
    let client = world.full_client(Kind::Older, ALICE).await;
    let mut arguments = lunch();
    arguments["title"] = json!("<script>alert(1)</script>");
    arguments["guests"] = json!(["<b>@example"]);
    client.call("create_event", arguments).await;
    let page = world.browser.get(world.at("")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;script&gt;") && page.contains("&lt;b&gt;@example"), "{page}");
    assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn a_calendar_can_be_full() {
    let world = World::new().await;
    let client = world.full_client(Kind::Older, ALICE).await;
    for year in 3000..3197 {
        let (start, end) = (format!("{year}-01-01T00:00:00Z"), format!("{year}-01-02T00:00:00Z"));
        let arguments = json!({ "title": "New year", "start": start, "end": end });
        client.call("create_event", arguments).await;
    }
    assert_eq!(client.mistake("create_event", lunch()).await, "The calendar is full.");
}
