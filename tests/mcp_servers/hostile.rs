//! A server that is down, slow or hostile costs one clear sentence, and nothing else: another server's tool
//! is called in the same turn, and its result is there.

use std::time::{Duration, Instant};

use super::*;

/// The strange server's name in the configuration.
const BAD: &str = "bad";

/// An agent with a good server and one that does what `mode` says.
struct Strange {
    _world: World,
    alice: Browser,
}

impl Strange {
    async fn new(server: &McpServer, mode: &str) -> Self {
        let url = |mode: &str| server.at(&format!("{mode}/{mode}/mcp"));
        let servers = json!({
            BAD: { "url": url(mode), "read_only": ["echo", "safe_read", "ask"] },
            "good": { "url": url("benign"), "read_only": ["echo"] },
        });
        let world = World::with(Setup::default().with("MCP_SERVERS", servers.to_string())).await;
        let alice = world.browser_of("alice").await;
        Self { _world: world, alice }
    }

    /// Both servers are called in one turn.
    async fn both(&self, tool: &str) -> Value {
        let words = json!({ "words": "from the other one" });
        let message = format!("{} {}", call(tool, &words), call("good_echo", &words));
        ok(self.alice.say(SESSION, &message)).await
    }
}

/// What the user reads of each mode's server.
const SAYS: &[(&str, &str)] = &[
    ("down", "bad can't be reached"),
    ("cut", "bad can't be reached"),
    ("garbage", "bad gives no answer that can be read"),
    ("garbage-json", "bad gives no answer that can be read"),
    ("redirect", "bad redirects to another address, which is not followed"),
    ("redirect-same", "bad redirects to another address, which is not followed"),
    ("redirect-loop", "bad redirects to another address, which is not followed"),
    ("401", "bad does not accept the user's authorization"),
    ("403", "bad refuses the request (HTTP 403)"),
    ("429", "bad has had too many requests; it can be tried again in 1 seconds"),
    ("500", "bad has failed (HTTP 500)"),
    ("huge-list", "bad"),
    ("429-call", "bad has had too many requests"),
    ("500-call", "bad has failed (HTTP 500)"),
    ("down-call", "bad can't be reached"),
    ("garbage-call", "bad gives no answer that can be read"),
    ("redirect-call", "bad redirects to another address"),
    ("huge", "bad"),
    ("old-elicit", "bad"),
    ("sampling", "bad"),
    ("session", "from the other one"),
    ("many", "from the other one"),
    ("endless", "from the other one"),
    ("same-cursor", "from the other one"),
    ("names", "from the other one"),
    ("recursive", "from the other one"),
    ("wrong-schemas", "from the other one"),
    ("garbage-tools", "from the other one"),
    ("instructions", "from the other one"),
    ("contents", "from the other one"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_what_a_strange_server_does_costs_one_sentence() {
    let server = McpServer::hostile();
    for (mode, says) in SAYS {
        let begun = Instant::now();
        let strange = Strange::new(&server, mode).await;
        let answer = strange.both("bad_echo").await;
        let took = begun.elapsed();
        let text = answer["message"].as_str().unwrap_or_default();
        println!("{mode}: {took:?}: {}", &text[..text.floor_char_boundary(400)]);
        assert_says(&answer, says);
        assert!(
            text.contains("from the other one"),
            "{mode}: the good server answers, too: {text}"
        );
        assert!(took < Duration::from_secs(55), "{mode} took {took:?}");
    }
    let elsewhere = server.seen().await["elsewhere"].clone();
    assert_eq!(elsewhere, json!([]), "nothing is asked of another origin");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_server_that_never_answers_is_waited_for_so_long_and_no_longer() {
    let server = McpServer::hostile();
    for (mode, says) in [("slow", "within 8 seconds"), ("trickle", "within 8 seconds")] {
        let strange = Strange::new(&server, mode).await;
        let answer = strange.both("bad_echo").await;
        assert_says(&answer, says);
        assert_says(&answer, "from the other one");
        // It is left alone for a while: the next turn does not wait for it.
        let begun = Instant::now();
        assert_says(&strange.both("bad_echo").await, says);
        assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    }
    let strange = Strange::new(&server, "slow-call").await;
    assert_says(&strange.both("bad_echo").await, "within 30 seconds");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and npm packages: .ci/mcp"]
async fn m22_a_tool_that_changes_between_list_and_call_is_not_what_was_approved() {
    let server = McpServer::hostile();
    let strange = Strange::new(&server, "gone-at-call").await;
    let answer = strange.both("bad_safe_read").await;
    assert_says(&answer, "bad says");
    let strange = Strange::new(&server, "changes").await;
    let answer = strange.both("bad_safe_read").await;
    assert_eq!(answer["status"], "completed", "{answer}");
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
