//! A second provider by configuration alone: a calendar with its own authorization server, whose tools come
//! from its MCP server and act with the user's own token (M22, M23).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Setup, Visit, World, assert_says, ok};

const SESSION: &str = "calendar";
const EVENTS: &str = "What is in my calendar?";
const BOTH: &str = "Which private repositories do I have, and what is in my calendar?";
const ALICE: &str = "alice@calendar.example";
const BOB: &str = "bob@calendar.example";

/// A world with a calendar, and alice's browser.
struct Planning {
    world: World,
    alice: Browser,
}

impl Planning {
    async fn new() -> Self {
        let world = World::with(Setup { calendar: true, ..Setup::default() }).await;
        let alice = world.browser_of("alice").await;
        Self { world, alice }
    }

    /// The same after her consent to reading.
    async fn connected() -> Self {
        let planning = Self::new().await;
        let asked = planning.say(EVENTS).await;
        planning.consent(&asked, ALICE).await;
        assert_says(&planning.go_on().await, "Dentist");
        planning
    }

    async fn say(&self, message: &str) -> Value {
        ok(self.alice.say(SESSION, message)).await
    }

    async fn go_on(&self) -> Value {
        ok(self.alice.go_on(SESSION)).await
    }

    /// Gives the first consent that `asked` waits for.
    async fn consent(&self, asked: &Value, account: &str) -> Visit {
        let visit = self.world.consent(&self.alice, asked, account).await;
        assert_eq!(visit.parameter("result").as_deref(), Some("connected"), "{}", visit.text);
        visit
    }

    async fn resolve(&self, asked: &Value, payload: Value) -> Value {
        let id = &asked["interrupts"][0]["id"];
        let resume = json!([{ "interruptId": id, "status": "resolved", "payload": payload }]);
        ok(self.alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await
    }

    fn titles(&self, login: &str) -> Vec<String> {
        let calendar = self.world.running.calendar.as_ref().expect("a calendar");
        calendar.events_of(login).into_iter().map(|event| event.title).collect()
    }
}

#[track_caller]
fn assert_waits_for(interrupt: &Value, provider: &str, scopes: &[&str]) {
    assert_eq!(interrupt["reason"], "authorization_required", "{interrupt}");
    assert_eq!(interrupt["provider"], provider, "{interrupt}");
    assert_eq!(interrupt["scopes"], json!(scopes), "{interrupt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_after_the_consent_a_servers_own_tools_are_used_in_the_same_turn() {
    let planning = Planning::new().await;
    let asked = planning.say(EVENTS).await;
    assert_waits_for(&asked["interrupts"][0], "calendar", &["events.read"]);
    planning.consent(&asked, ALICE).await;
    let answer = planning.go_on().await;
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_says(&answer, "Dentist");
    // Later turns use them at once.
    let again = planning.say(EVENTS).await;
    assert_says(&again, "Dentist");
}

#[tokio::test(flavor = "multi_thread")]
async fn m23_one_turn_uses_two_providers_and_asks_each_for_its_own_scopes() {
    let planning = Planning::new().await;
    let asked = planning.say(BOTH).await;
    let interrupts = asked["interrupts"].as_array().expect("interrupts");
    let [calendar, github] = interrupts.as_slice() else { panic!("not two: {asked}") };
    assert_waits_for(calendar, "calendar", &["events.read"]);
    assert_waits_for(github, "github", &["read:user", "repo"]);
    planning.consent(&asked, ALICE).await;
    let rest = planning.go_on().await;
    assert_waits_for(&rest["interrupts"][0], "github", &["read:user", "repo"]);
    planning.consent(&rest, "octo-alice").await;
    planning.go_on().await;
    let answer = planning.say(BOTH).await;
    assert_says(&answer, "octo-alice/diary");
    assert_says(&answer, "Dentist");
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_what_is_not_named_as_reading_is_confirmed_and_done_once() {
    let planning = Planning::connected().await;
    let before = planning.titles(ALICE).len();
    // The server says which scope is missing: one consent to both.
    let asked = planning.say("Please add an event: Water the roses on 2031-05-01 at 10:00").await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    let details = &asked["interrupts"][0]["details"];
    let server = details["server"].as_str().expect("a server");
    assert!(server.starts_with("http://127.0.0.1:"), "{asked}");
    assert_eq!(details["tool"], "create_event");
    let asked = planning.resolve(&asked, Value::Null).await;
    assert_waits_for(&asked["interrupts"][0], "calendar", &["events.read", "events.write"]);
    assert_eq!(planning.titles(ALICE).len(), before, "nothing is done before the consent");
    planning.consent(&asked, ALICE).await;
    // The approval was used up with the token that was too weak.
    let asked = planning.go_on().await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
    let answer = planning.resolve(&asked, Value::Null).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let titles = planning.titles(ALICE);
    assert_eq!(titles.iter().filter(|title| *title == "Water the roses").count(), 1, "{titles:?}");
    assert!(!planning.titles(BOB).contains(&"Water the roses".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_a_server_that_asks_the_user_something_waits_for_the_answer_across_turns() {
    let planning = Planning::connected().await;
    let taken = "Please add an event: One on 2031-05-01 at 10:00";
    let asked = planning.say(taken).await;
    let asked = planning.resolve(&asked, Value::Null).await;
    planning.consent(&asked, ALICE).await;
    let asked = planning.go_on().await;
    planning.resolve(&asked, Value::Null).await;

    let asked = planning.say("Please add an event: Two on 2031-05-01 at 10:00").await;
    let asked = planning.resolve(&asked, Value::Null).await;
    let question = &asked["interrupts"][0];
    assert_eq!(question["reason"], "input_required", "{asked}");
    assert_eq!(question["server"], "calendar");
    assert_eq!(question["schema"]["type"], "object", "{question}");
    let names = question["schema"]["properties"].as_object().expect("properties");
    let name = names.keys().next().expect("a property").clone();
    assert!(
        !planning.titles(ALICE).contains(&"Two".to_owned()),
        "nothing is done before the answer"
    );
    let answer = planning.resolve(&asked, json!({ name: true })).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let titles = planning.titles(ALICE);
    assert_eq!(titles.iter().filter(|title| *title == "Two").count(), 1, "{titles:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_alices_consent_at_the_calendar_gives_bob_nothing() {
    let planning = Planning::connected().await;
    let bob = planning.world.browser_of("bob").await;
    let asked = ok(bob.say(SESSION, EVENTS)).await;
    assert_waits_for(&asked["interrupts"][0], "calendar", &["events.read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m23_each_provider_is_listed_and_disconnected_by_itself() {
    let planning = Planning::connected().await;
    let (status, list) = planning.alice.ask(Method::GET, "/connections").await;
    assert_eq!(status, StatusCode::OK);
    let [calendar, github] = list["connections"].as_array().expect("a list").as_slice() else {
        panic!("not two: {list}")
    };
    let read = json!(["events.read"]);
    assert_eq!((&calendar["label"], &calendar["scopes"]), (&json!("Calendar"), &read));
    assert_eq!(github["status"], "not_connected");
    let (status, _) = planning.alice.ask(Method::DELETE, "/connections/calendar").await;
    assert_eq!(status, StatusCode::OK);
    let asked = planning.say(EVENTS).await;
    assert_waits_for(&asked["interrupts"][0], "calendar", &["events.read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_a_token_that_the_server_does_not_take_any_more_leads_to_one_consent() {
    let planning = Planning::connected().await;
    planning.world.running.calendar.as_ref().expect("a calendar").revoke_all();
    let asked = planning.say(EVENTS).await;
    assert_waits_for(&asked["interrupts"][0], "calendar", &["events.read"]);
    planning.consent(&asked, ALICE).await;
    assert_says(&planning.go_on().await, "Dentist");
}

#[tokio::test(flavor = "multi_thread")]
async fn m22_a_server_without_a_tool_of_that_name_or_that_is_down_costs_one_sentence() {
    let down = json!({ "calendar": { "url": "http://127.0.0.1:1/mcp" } });
    let setup = Setup::default().with("MCP_SERVERS", down.to_string());
    let world = World::with(setup).await;
    let alice = world.browser_of("alice").await;
    let answer = ok(alice.say(SESSION, EVENTS)).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_says(&answer, "calendar can't be reached");
    let asked = ok(alice.say(SESSION, BOTH)).await;
    assert_waits_for(&asked["interrupts"][0], "github", &["read:user", "repo"]);
}
