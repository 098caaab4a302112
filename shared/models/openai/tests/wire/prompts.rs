//! What is sent.

use serde_json::{Value, json};
use session::{Block, Message, Reasoning, Role, ToolOutput, ToolResult, ToolStatus, ToolUse};

use crate::{
    ask,
    server::{KEY, Reply, serve},
};

fn call(id: &str, name: &str, input: Value) -> Block {
    Block::ToolUse(ToolUse { tool_use_id: id.to_owned(), name: name.to_owned(), input })
}

fn message(role: Role, content: Vec<Block>) -> Message {
    Message { role, content, id: None }
}

#[tokio::test]
async fn calls_and_results_are_paired_by_ids_that_every_server_takes() {
    let long = "x".repeat(64);
    let data = vec![ToolOutput::Json(json!({ "temperature": 21 }))];
    let result = ToolResult {
        tool_use_id: long.clone(),
        status: ToolStatus::Success,
        content: data,
        decision: None,
    };
    let failed = ToolResult::new("b", ToolStatus::Error, "There is no such place.");
    let thought = |text: &str, signature: Option<&str>| {
        let signature = signature.map(str::to_owned);
        Block::Reasoning(Reasoning::Text { text: text.to_owned(), signature })
    };
    let calls = vec![
        thought("hm", Some("of another provider")),
        Block::Text("Let me look.".to_owned()),
        call(&long, "weather", json!({ "city": "Bonn" })),
        call("b", "weather", json!({ "city": "?" })),
    ];
    let results = vec![
        Block::Text("Be quick!".to_owned()),
        Block::ToolResult(result),
        Block::ToolResult(failed),
    ];
    let conversation = [
        Message::user("How is the weather?"),
        message(Role::Assistant, calls),
        message(Role::User, results),
        message(Role::Assistant, vec![thought("aha", None), call("c", "time", json!({}))]),
        message(
            Role::User,
            vec![Block::ToolResult(ToolResult::new("c", ToolStatus::Success, "9"))],
        ),
    ];
    let (base, seen) = serve(vec![Reply::chunks(&[])]).await;
    let (answer, heard) = ask(&base, &conversation).await;
    assert!(answer.is_ok() && heard.contains("gave no answer"), "{heard}");

    let (head, body) = seen.lock().unwrap().remove(0);
    assert!(head.starts_with("post /v1/chat/completions "), "{head}");
    assert!(head.contains(&format!("authorization: bearer {KEY}\r\n")), "{head}");
    let function = |id: &str, name: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } });
    let two = [
        function("call00001", "weather", r#"{"city":"Bonn"}"#),
        function("call00002", "weather", r#"{"city":"?"}"#),
    ];
    let expected = json!({
        "model": "a-model",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "How is the weather?" },
            { "role": "assistant", "content": "Let me look.", "tool_calls": two },
            { "role": "tool", "tool_call_id": "call00001", "content": r#"{"temperature":21}"# },
            { "role": "tool", "tool_call_id": "call00002", "content": "Error: There is no such place." },
            { "role": "user", "content": "Be quick!" },
            { "role": "assistant", "content": null, "reasoning_content": "aha", "tool_calls": [function("call00003", "time", "{}")] },
            { "role": "tool", "tool_call_id": "call00003", "content": "9" },
        ],
        "stream": true, "stream_options": { "include_usage": true }, "max_tokens": 100,
    });
    assert_eq!(body, expected);
}
