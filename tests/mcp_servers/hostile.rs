//! A server that is down, slow or hostile costs one clear sentence, and nothing else: another server's tool
//! is called in the same turn, and its result is there.

use std::time::{Duration, Instant};

use stand_in::Clock;
use tests::Machine;

use super::*;

/// The strange server's name in the configuration.
const BAD: &str = "bad";

/// An agent with a good server and one that does what `mode` says.
struct Strange {
    world: World,
    alice: Browser,
}

impl Strange {
    async fn new(server: &McpServer, mode: &str, tool: &str) -> Self {
        let url = |mode: &str| server.at(&format!("{mode}/{mode}/mcp"));
        let servers = json!({
            BAD: { "url": url(mode), "read_only": [tool] },
            "good": { "url": url("benign"), "read_only": ["echo"] },
        });
        let world = World::with(Setup::default().with("MCP_SERVERS", servers.to_string())).await;
        let alice = world.browser_of("alice").await;
        Self { world, alice }
    }

    /// Both servers are called in one turn.
    async fn both(&self, tool: &str) -> Value {
        let (tool, words) = (format!("bad_{tool}"), json!({ "words": "from the other one" }));
        let message = format!("{} {}", call(&tool, &words), call("good_echo", &words));
        ok(self.alice.say(SESSION, &message)).await
    }
}

/// How long a turn may take, however slow a server is.
const MOST: Duration = Duration::from_secs(55);

/// What the user reads of the call of a tool, by mode.
const SAYS: &[(&str, &str, &str)] = &[
    ("down", "echo", "bad can't be reached"),
    ("cut", "echo", "bad can't be reached"),
    ("garbage-html", "echo", "bad gives no answer that can be read"),
    ("garbage-json", "echo", "bad gives no answer that can be read"),
    ("garbage-empty", "echo", "bad gives no answer that can be read"),
    ("garbage-array", "echo", "bad gives no answer that can be read"),
    ("garbage-stream", "echo", "bad gives no answer that can be read"),
    ("redirect", "echo", "bad redirects to another address, which is not followed"),
    ("redirect-same", "echo", "bad redirects to another address, which is not followed"),
    ("redirect-loop", "echo", "bad redirects to another address, which is not followed"),
    ("401", "echo", "bad does not accept the user's authorization"),
    ("403", "echo", "bad refuses the request (HTTP 403)"),
    ("404", "echo", "bad refuses the request (HTTP 404)"),
    ("429", "echo", "bad has had too many requests, and asks to wait 1 s"),
    ("500", "echo", "bad has failed (HTTP 500)"),
    ("huge-list", "big", "bad can't be reached"),
    ("garbage-tools", "good", "bad gives no answer that can be read"),
    ("wrong-schemas", "echo", "There is no such tool"),
    ("recursive", "echo", "bad gives no answer that can be read"),
    ("429-call", "echo", "bad has had too many requests"),
    ("500-call", "echo", "bad has failed (HTTP 500)"),
    ("down-call", "echo", "bad can't be reached"),
    ("cut-call", "echo", "bad can't be reached"),
    ("garbage-html-call", "echo", "bad gives no answer that can be read"),
    ("redirect-call", "echo", "bad redirects to another address"),
    ("404-call", "echo", "bad refuses the request (HTTP 404)"),
    ("huge", "big", "bad can't be reached"),
    ("many", "tool_0", "tool_0"),
    ("endless", "tool_0", "tool_0 was called"),
    ("same-cursor", "once", "once"),
    ("names", "read", "called: read"),
    ("instructions", "weather", "weather"),
    ("contents", "link", "[a link: javascript:alert(1)]"),
    ("old-elicit", "ask", "decline"),
    ("sampling", "ask", "bad"),
    ("session", "remember", "bad"),
    ("gone-at-call", "safe_read", "bad says"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_what_a_strange_server_does_costs_one_sentence() {
    let server = McpServer::hostile();
    let mut wrong = Vec::new();
    for (mode, tool, says) in SAYS {
        let begun = Instant::now();
        let strange = Strange::new(&server, mode, tool).await;
        let answer = strange.both(tool).await;
        let took = begun.elapsed();
        let text = answer["message"].as_str().unwrap_or_default();
        if !text.contains(says) || !text.contains("from the other one") || took > MOST {
            wrong.push((mode, took, answer));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let elsewhere = server.seen().await["elsewhere"].clone();
    assert_eq!(elsewhere, json!([]), "nothing is asked of another origin");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_server_that_never_answers_is_waited_for_so_long_and_no_longer() {
    let server = McpServer::hostile();
    for (mode, says) in [("slow", "within 8 seconds"), ("trickle", "within 8 seconds")] {
        let strange = Strange::new(&server, mode, "echo").await;
        let answer = strange.both("echo").await;
        assert_says(&answer, says);
        assert_says(&answer, "from the other one");
        // It is left alone for a while: the next turn does not wait for it.
        let begun = Instant::now();
        assert_says(&strange.both("echo").await, says);
        assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    }
    let strange = Strange::new(&server, "slow-call", "echo").await;
    assert_says(&strange.both("echo").await, "within 30 seconds");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_tool_that_is_described_in_another_way_is_asked_about_again() {
    let server = McpServer::hostile();
    let strange = Strange::new(&server, "changes", "").await;
    let asked = strange.both("safe_read").await;
    let shown = asked["interrupts"][0].clone();
    assert_eq!(shown["reason"], "confirmation_required", "{asked}");
    // Another process takes the turn up, after the server has changed its mind.
    let machine = Machine::start(&strange.world, Clock::system()).await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "safe_read" } });
    let direct = reqwest::Client::new().post(server.at("changes/changes/mcp"));
    direct.json(&call).send().await.expect("an answer");
    let resume = json!([{ "interruptId": shown["id"], "status": "resolved" }]);
    let body = json!({ "sessionId": SESSION, "resume": resume });
    let answer = machine.invoke(&strange.alice, "alice", &body).await;
    let (_, asked) = answer.expect("an answer");
    let again = &asked["interrupts"][0];
    assert_eq!(again["reason"], "confirmation_required", "{asked}");
    assert_ne!(again["details"]["definition"], shown["details"]["definition"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_the_users_token_goes_to_the_servers_own_origin_and_nowhere_else() {
    let hostile = McpServer::hostile();
    for mode in ["redirect", "redirect-call", "recursive", "401", "403-any-scope"] {
        let servers = json!({ BAD: {
            "url": hostile.at(&format!("{mode}/token/mcp")),
            "auth": { "provider": "notes", "scopes": ["notes.read"] },
            "read_only": ["echo"],
        } });
        let world = World::with(Setup::default().with("MCP_SERVERS", servers.to_string())).await;
        let (running, github) = (&world.running, &world.running.addresses.github);
        let core = &running.agentcore;
        let callback = core.create_github_provider("notes", "notes-app", "secret", github);
        running.github.register_app("notes-app", "secret", callback);
        let alice = world.browser_of("alice").await;
        let message = call("bad_echo", &json!({ "words": "hello" }));
        let asked = ok(alice.say(SESSION, &message)).await;
        assert_waits(&asked, "authorization_required");
        world.consent(&alice, &asked, "octo-alice").await;
        let answer = ok(alice.go_on(SESSION)).await;
        let seen = hostile.seen().await;
        let arrived = seen["requests"].as_array().expect("requests");
        let path = format!("/{mode}/token/mcp");
        assert!(arrived.iter().any(|it| it["path"] == path && it["authorization"].is_string()));
        if mode == "403-any-scope" {
            // A server can't have the user asked for more than is configured.
            assert_says(&answer, "demands an authorization for more");
        }
    }
    assert_eq!(hostile.seen().await["elsewhere"], json!([]), "nothing arrives elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_question_that_no_user_should_get_is_not_asked() {
    let server = McpServer::hostile();
    for (tool, says) in [
        ("sampling", "asks for what belongs to this agent alone"),
        ("roots", "asks for what belongs to this agent alone"),
        ("unknown_request", "bad gives no answer that can be read"),
        ("large_state", "bad can't be reached"),
        ("nothing_asked", "bad gives no answer that can be read"),
        ("state_only", "went on"),
        ("link_javascript", "names a page that can't be shown"),
        ("link_plain_http", "names a page that can't be shown"),
        ("link_user", "names a page that can't be shown"),
        ("form_no_schema", "bad gives no answer that can be read"),
    ] {
        let strange = Strange::new(&server, "questions", tool).await;
        let answer = strange.both(tool).await;
        assert_says(&answer, says);
        assert_says(&answer, "from the other one");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_server_that_asks_without_end_is_stopped() {
    let server = McpServer::hostile();
    let strange = Strange::new(&server, "questions", "forever").await;
    let mut answer = strange.both("forever").await;
    for _ in 0..5 {
        let id = &answer["interrupts"][0]["id"];
        let resume = json!([{ "interruptId": id, "status": "resolved", "payload": { "a": "b" } }]);
        let body = json!({ "sessionId": SESSION, "resume": resume });
        answer = ok(strange.alice.invoke(&body)).await;
    }
    assert_says(&answer, "bad has asked the user too often");
}
