//! Tools of MCP servers whose protocol nobody here wrote (M22): the official packages, an older server with
//! sessions, and one that does what no client should trust.
//!
//! Each test needs Node and npm packages, so that `.ci/mcp` runs them.

mod hostile;

use serde_json::{Value, json};
use tests::{Browser, Introspection, McpServer, Setup, World, assert_says, ok};

const SESSION: &str = "mcp";

/// Alice at an agent with the strict server, which takes tokens of a provider called notes.
struct Notes {
    world: World,
    alice: Browser,
    server: McpServer,
}

/// What a message says to have the scripted model make this call.
fn call(tool: &str, input: &Value) -> String {
    format!("(calls {tool} {input})")
}

impl Notes {
    async fn new() -> Self {
        let introspection = Introspection::new().await;
        let server = McpServer::strict(&introspection);
        let servers = json!({ "notes": {
            "url": server.at("mcp"),
            "auth": { "provider": "notes", "label": "Notes", "scopes": ["notes.read"], "more_scopes": ["notes.write"] },
            "read_only": ["whoami", "read_note", "forecast"],
        } });
        let world = World::with(Setup::default().with("MCP_SERVERS", servers.to_string())).await;
        let (running, github) = (&world.running, &world.running.addresses.github);
        let core = &running.agentcore;
        let callback = core.create_github_provider("notes", "notes-app", "secret", github);
        running.github.register_app("notes-app", "secret", callback);
        introspection.ask(github);
        let alice = world.browser_of("alice").await;
        Self { world, alice, server }
    }

    /// The same after her first consent.
    async fn connected() -> Self {
        let notes = Self::new().await;
        let asked = notes.say(&call("notes_whoami", &json!({}))).await;
        let asked = notes.consent(&asked).await;
        assert_says(&asked, "octo-alice");
        notes
    }

    async fn say(&self, message: &str) -> Value {
        ok(self.alice.say(SESSION, message)).await
    }

    /// Gives the consent that `asked` waits for, and goes on.
    async fn consent(&self, asked: &Value) -> Value {
        let visit = self.world.consent(&self.alice, asked, "octo-alice").await;
        assert_eq!(visit.parameter("result").as_deref(), Some("connected"), "{}", visit.text);
        ok(self.alice.go_on(SESSION)).await
    }

    async fn answer(&self, asked: &Value, status: &str, payload: Value) -> Value {
        let id = &asked["interrupts"][0]["id"];
        let resume = json!([{ "interruptId": id, "status": status, "payload": payload }]);
        ok(self.alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await
    }
}

#[track_caller]
fn assert_waits(asked: &Value, reason: &str) {
    assert_eq!(asked["interrupts"][0]["reason"], reason, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_server_of_the_official_packages_acts_for_the_user_with_their_own_token() {
    let notes = Notes::connected().await;
    let read = notes.say(&call("notes_read_note", &json!({ "name": "poem" }))).await;
    assert_says(&read, "roses are red");
    let seen = notes.server.seen().await;
    let calls = seen["calls"].as_array().expect("calls");
    let (first, last) = (&calls[0], &calls[calls.len() - 1]);
    assert_eq!(first["authorization"], last["authorization"], "one token: {seen}");
    assert!(first["authorization"].is_string());
    let bob = notes.world.browser_of("bob").await;
    let asked = ok(bob.say(SESSION, &call("notes_whoami", &json!({})))).await;
    assert_waits(&asked, "authorization_required");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_an_input_that_the_server_wants_in_a_header_is_sent_there() {
    let notes = Notes::connected().await;
    let answer = notes.say(&call("notes_forecast", &json!({ "region": "Zürich" }))).await;
    assert_says(&answer, "Rain in Zürich");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_scope_challenge_leads_to_a_consent_with_the_union_and_the_change_is_made_once() {
    let notes = Notes::connected().await;
    let write = call("notes_write_note", &json!({ "name": "list", "text": "tea" }));
    let asked = notes.say(&write).await;
    assert_waits(&asked, "confirmation_required");
    let asked = notes.answer(&asked, "resolved", Value::Null).await;
    assert_waits(&asked, "authorization_required");
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["notes.read", "notes.write"]));
    let asked = notes.consent(&asked).await;
    assert_waits(&asked, "confirmation_required");
    assert!(notes.server.seen().await["notes"]["octo-alice"]["list"].is_null());
    let answer = notes.answer(&asked, "resolved", Value::Null).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let seen = notes.server.seen().await;
    assert_eq!(seen["notes"]["octo-alice"]["list"], "tea", "{seen}");
    let written = |it: &&Value| it["tool"] == "write_note" && it["status"] == 200;
    assert_eq!(seen["calls"].as_array().expect("calls").iter().filter(written).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_question_is_answered_in_another_turn_with_the_servers_own_state() {
    let notes = Notes::connected().await;
    let delete = call("notes_delete_note", &json!({ "name": "poem" }));
    let asked = notes.answer(&notes.say(&delete).await, "resolved", Value::Null).await;
    assert_waits(&asked, "input_required");
    let question = &asked["interrupts"][0];
    assert_eq!(
        (&question["server"], &question["message"]),
        (&json!("notes"), &json!("Delete the note poem?"))
    );
    assert_eq!(question["schema"]["required"], json!(["sure", "why"]));
    // Going on without an answer asks the same.
    assert_eq!(ok(notes.alice.go_on(SESSION)).await["interrupts"], asked["interrupts"]);
    assert_eq!(notes.server.seen().await["deletions"]["deleted"], 0);
    let payload = json!({ "sure": true, "why": "it is old" });
    let answer = notes.answer(&asked, "resolved", payload).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let deletions = notes.server.seen().await["deletions"].clone();
    assert_eq!((&deletions["deleted"], &deletions["why"]), (&json!(1), &json!(["it is old"])));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_declined_question_ends_the_call_and_nothing_is_done() {
    let notes = Notes::connected().await;
    let delete = call("notes_delete_note", &json!({ "name": "poem" }));
    let asked = notes.answer(&notes.say(&delete).await, "resolved", Value::Null).await;
    let answer = notes.answer(&asked, "cancelled", Value::Null).await;
    assert_says(&answer, "declined what notes asks");
    assert_eq!(
        notes.server.seen().await["deletions"],
        json!({ "called": 1, "deleted": 0, "why": [] })
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_page_to_visit_is_shown_with_its_whole_address_and_not_opened() {
    let notes = Notes::connected().await;
    let link = call("notes_link_account", &json!({}));
    let asked = notes.answer(&notes.say(&link).await, "resolved", Value::Null).await;
    assert_waits(&asked, "input_required");
    assert_eq!(asked["interrupts"][0]["url"], "https://accounts.example.com/link?x=1");
    let answer = notes.answer(&asked, "resolved", Value::Null).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_eq!(notes.server.seen().await["linked"], json!(["octo-alice"]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_tool_that_fails_and_one_that_is_not_there_are_told_to_the_model() {
    let notes = Notes::connected().await;
    let asked = notes.say(&call("notes_boom", &json!({}))).await;
    let answer = notes.answer(&asked, "resolved", Value::Null).await;
    assert_says(&answer, "disk is full");
    let answer = notes.say(&call("notes_nothing", &json!({}))).await;
    assert_says(&answer, "There is no such tool");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_an_older_server_with_sessions_has_its_tools_and_is_not_told_that_it_may_ask() {
    let server = McpServer::everything();
    let servers = json!({ "old": { "url": server.at("mcp"), "read_only": ["echo", "get-sum"] } });
    let world = World::with(Setup::default().with("MCP_SERVERS", servers.to_string())).await;
    let alice = world.browser_of("alice").await;
    let say = async |message: String| ok(alice.say(SESSION, &message)).await;
    assert_says(
        &say(call("old_echo", &json!({ "message": "Good morning" }))).await,
        "Good morning",
    );
    assert_says(&say(call("old_get-sum", &json!({ "a": 20, "b": 22 }))).await, "42");
}
