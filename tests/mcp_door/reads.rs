//! A tool that reads: the consent on our page, and the same call again.

use reqwest::{Method, StatusCode};
use serde_json::json;

use tests::{Setup, World};

use super::client::{AUDIENCE, Door, Kind, click, consent};

const LIST: &str = "github_list_repositories";

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_client_lists_the_tools_and_which_of_them_only_read() {
    let door = Door::open().await;
    for kind in [Kind::WithLinks, Kind::Older] {
        let client = door.client(kind, "alice").await;
        let list = client.result("tools/list", json!({})).await.expect("a list");
        let tools = list["tools"].as_array().expect("tools");
        let read_only = |name: &str| {
            let tool = tools.iter().find(|tool| tool["name"] == name).expect("a tool");
            assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
            tool["annotations"]["readOnlyHint"].as_bool()
        };
        assert_eq!(read_only(LIST), Some(true));
        assert_eq!(read_only("github_create_issue"), Some(false));
        assert!(!list.to_string().contains("find_tools"), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_read_needs_a_consent_on_our_page_and_then_the_same_call_succeeds() {
    for kind in [Kind::WithLinks, Kind::WithoutLinks, Kind::OlderWithLinks, Kind::Older] {
        let door = Door::open().await;
        let alice = door.world.browser_of("alice").await;
        let client = door.client(kind, "alice").await;
        let link = client.link(LIST, &json!({ "visibility": "all" })).await;
        let page = alice.open(&link).await;
        assert_eq!(page.way.len(), 1, "opening the link goes on to {:?}", page.way);
        for shown in ["Test client", "GitHub", "repo", "Signed in as <b>Alice", "UTC"] {
            assert!(page.text.contains(shown), "{kind:?}: {shown} is missing: {}", page.text);
        }
        let bound = consent(&alice, &link, "octo-alice").await;
        assert_eq!(bound.parameter("result").as_deref(), Some("connected"), "{}", bound.text);
        let told = client.text(LIST, &json!({ "visibility": "all" })).await;
        assert!(told.contains("octo-alice/diary"), "{told}");
        // Nothing is kept of a call that is done, and no conversation was ever there.
        let saved = door.world.everything_saved().await;
        assert!(!saved.contains(LIST), "{saved}");
        let sessions = alice.ask(reqwest::Method::GET, "/sessions").await;
        assert_eq!(sessions.1["sessions"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_client_that_asks_again_too_early_is_told_in_words_and_does_not_ask_without_end() {
    let door = Door::open().await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let asked = client.call(LIST, &json!({})).await.expect("a result");
    let accepted = json!({ "action": "accept" });
    let again = client.result(
        "tools/call",
        json!({
            "name": LIST, "arguments": {}, "requestState": asked["requestState"],
            "inputResponses": { "consent-github": accepted },
        }),
    );
    let again = again.await.expect("a result");
    assert_eq!(again["isError"], true, "{again}");
    assert!(again.to_string().contains("make the same call again"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_what_a_client_may_not_call_is_told_to_its_model() {
    let door = Door::open().await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let told = client.text("nothing", &json!({})).await;
    assert!(told.contains("no tool") || told.contains("no such tool"), "{told}");
    let told = client.text("github_read_issue", &json!({ "owner": 7 })).await;
    assert!(told.contains("Not run"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_click_that_came_before_counts_in_its_browser_alone() {
    let door = Door::open().await;
    let alice = door.world.browser_of("alice").await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let link = client.link(LIST, &json!({})).await;
    let page = alice.open(&link).await;
    let (status, headers, told) = click(&alice, &page, "continue").await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let cookies = headers.get_all("set-cookie").iter();
    assert!(cookies.filter_map(|it| it.to_str().ok()).any(|it| it.starts_with("flow-")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m21_a_clients_call_asks_no_model_of_this_service() {
    let setup = Setup::default().with("MCP_AUDIENCE", AUDIENCE);
    let (world, proxies) = World::proxied(setup).await;
    let door = Door::of(world);
    let alice = door.world.browser_of("alice").await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let link = client.link(LIST, &json!({})).await;
    consent(&alice, &link, "octo-alice").await;
    let told = client.text(LIST, &json!({})).await;
    assert!(told.contains("octo-alice/garden"), "{told}");
    assert_eq!(proxies.bedrock.count(&Method::POST, "/converse-stream"), 0);
}
