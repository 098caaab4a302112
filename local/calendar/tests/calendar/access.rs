//! Who reaches the MCP server: tokens and scopes.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::json;

use super::{
    client::Kind,
    harness::{ALICE, World, answer},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn challenge(response: &Response) -> String {
    response.headers()["www-authenticate"].to_str().unwrap().to_owned()
}

fn list(world: &World) -> RequestBuilder {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    world.browser.post(world.at("mcp")).json(&body)
}

#[tokio::test]
async fn no_token_is_answered_with_where_to_get_one() {
    let world = World::new().await;
    let response = list(&world).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert!(response.headers().contains_key("x-request-id"));
    let metadata = world.at(".well-known/oauth-protected-resource/mcp");
    assert_eq!(challenge(&response), format!("Bearer resource_metadata=\"{metadata}\""));
    for path in [metadata, world.at(".well-known/oauth-protected-resource")] {
        let (_, metadata) = answer(world.browser.get(path)).await;
        assert_eq!(metadata["resource"], world.at("mcp").as_str());
        let issuer = world.address.as_str().trim_end_matches('/');
        assert_eq!(metadata["authorization_servers"], json!([issuer]));
        assert_eq!(metadata["scopes_supported"], json!(["events.read", "events.write"]));
    }
}

#[tokio::test]
async fn an_invented_token_and_a_refresh_token_are_refused() {
    let world = World::new().await;
    let tokens = world.tokens(ALICE, "events.read").await;
    for token in ["invented", "", tokens["refresh_token"].as_str().unwrap()] {
        let response = list(&world).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 401);
    }
    let response = list(&world).bearer_auth("invented").send().await.unwrap();
    assert!(challenge(&response).starts_with("Bearer error=\"invalid_token\", resource_metadata="));
    let access_token = tokens["access_token"].as_str().unwrap();
    for header in [format!("Basic {access_token}"), access_token.to_owned()] {
        let response = list(&world).header("authorization", header).send().await.unwrap();
        assert_eq!(response.status(), 401);
    }
}

#[tokio::test]
async fn a_token_lasts_an_hour() {
    let world = World::new().await;
    let client = world.client(Kind::Older, ALICE, "events.read").await;
    world.pass(HOUR - Duration::from_secs(1));
    assert_eq!(client.send("tools/list", json!({})).await.status(), 200);
    world.pass(Duration::from_secs(1));
    assert_eq!(client.send("tools/list", json!({})).await.status(), 401);
}

#[tokio::test]
async fn a_revoked_token_is_refused() {
    let world = World::new().await;
    let client = world.client(Kind::Older, ALICE, "events.read").await;
    world.calendar.revoke_all();
    assert_eq!(client.send("tools/list", json!({})).await.status(), 401);
}

#[tokio::test]
async fn the_tokens_of_a_code_that_was_used_twice_are_refused() {
    let world = World::new().await;
    let code = world.consent(&super::harness::valid_request(), ALICE).await;
    let (_, tokens) = world.redeem(&code).await;
    let token = tokens["access_token"].as_str().unwrap();
    world.redeem(&code).await;
    assert_eq!(list(&world).bearer_auth(token).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_tool_that_the_token_is_not_for_is_answered_with_the_scopes_that_are_needed() {
    let world = World::new().await;
    for (scopes, tool) in [
        ("events.read", "create_event"),
        ("events.read", "move_event"),
        ("events.write", "list_events"),
    ] {
        for kind in [Kind::Older, Kind::WithForms] {
            let client = world.client(kind, ALICE, scopes).await;
            let response =
                client.send("tools/call", json!({ "name": tool, "arguments": {} })).await;
            assert_eq!(response.status(), 403, "{tool} with {scopes}");
            let metadata = world.at(".well-known/oauth-protected-resource/mcp");
            let expected = format!(
                "Bearer error=\"insufficient_scope\", scope=\"events.read events.write\", \
                 resource_metadata=\"{metadata}\""
            );
            assert_eq!(challenge(&response), expected);
            let list = client.send("tools/list", json!({ "name": tool })).await;
            assert_eq!(list.status(), 200, "the tools are listed with every token");
        }
    }
}

#[tokio::test]
async fn a_call_in_a_list_of_messages_or_with_two_names_does_not_get_past_the_scope() {
    let world = World::new().await;
    let token = world.tokens(ALICE, "events.read").await;
    let token = token["access_token"].as_str().unwrap();
    let before = world.calendar.events_of(ALICE);
    let arguments = r#"{"title":"x","start":"2026-12-05T09:00:00Z","end":"2026-12-05T10:00:00Z"}"#;
    let call = |name: &str| {
        let params = format!("{{{name},\"arguments\":{arguments}}}");
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#)
    };
    let list = format!("[{}]", call(r#""name":"create_event""#));
    let two_names = call(r#""name":"create_event","name":"list_events""#);
    let two_names_again = call(r#""name":"list_events","name":"create_event""#);
    for body in [list, two_names, two_names_again] {
        let request = world.browser.post(world.at("mcp")).bearer_auth(token);
        let request = request
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        request.body(body).send().await.unwrap();
        assert_eq!(world.calendar.events_of(ALICE), before);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_and_a_large_body_are_refused() {
    let world = World::new().await;
    let client = world.client(Kind::Older, ALICE, "events.read").await;
    let request = client.request("tools/list", &json!({}));
    let response = request.header("origin", "https://mallory.example").send().await.unwrap();
    assert_eq!(response.status(), 403);
    let large = json!({ "padding": "x".repeat(1024 * 1024) });
    assert_eq!(client.send("tools/list", large).await.status(), 413);
}
