//! The script as a demo: what it understands, asks back and tells.

use serde_json::{Value, json};

use super::{
    model_answer::{ModelAnswer, Script},
    request::Request,
    script,
};

mod asking;
mod telling;
mod understanding;

const TOOLS: [&str; 12] = [
    "github_get_profile",
    "github_list_repositories",
    "github_search_repositories",
    "github_search_code",
    "github_read_contents",
    "github_list_commits",
    "github_list_issues",
    "github_read_issue",
    "github_create_issue",
    "github_comment_on_issue",
    "github_list_pull_requests",
    "github_read_pull_request",
];

/// A conversation, message by message.
#[derive(Default)]
struct Talk {
    messages: Vec<Value>,
}

impl Talk {
    /// Says `text`, and returns what the model answers.
    fn say(&mut self, text: &str) -> ModelAnswer {
        self.messages.push(json!({ "role": "user", "content": [{ "text": text }] }));
        self.answer()
    }

    /// Returns the result `output` of each call in the model's last message.
    fn results(&mut self, output: &Value) -> String {
        let uses = self.messages.last().expect("a message")["content"].as_array().expect("blocks");
        let ids = uses.iter().filter_map(|block| block["toolUse"]["toolUseId"].as_str());
        let results =
            ids.map(|id| json!({ "toolResult": { "toolUseId": id, "content": [output] } }));
        let results: Vec<Value> = results.collect();
        self.messages.push(json!({ "role": "user", "content": results }));
        self.answer().text
    }

    /// Says `text`, which is one call, and returns what is told of the result `data`.
    fn told(&mut self, text: &str, data: &Value) -> String {
        assert_eq!(self.say(text).calls.len(), 1, "{text}");
        self.results(&json!({ "json": data }))
    }

    fn answer(&mut self) -> ModelAnswer {
        let schema = json!({ "json": { "type": "object" } });
        let tool = |name: &str| json!({ "toolSpec": { "name": name, "inputSchema": schema } });
        let tools: Vec<Value> = TOOLS.into_iter().map(tool).collect();
        let body = json!({ "messages": self.messages, "toolConfig": { "tools": tools } });
        let request = Request::parse(body.to_string().as_bytes()).expect("a request");
        let Script::Answer(answer) = script::answer(&request) else { panic!("no answer") };
        let mut content = vec![json!({ "text": answer.text })];
        for call in &answer.calls {
            let input: Value = serde_json::from_str(&call.input).expect("JSON");
            content.push(json!({
                "toolUse": { "toolUseId": call.id, "name": call.tool, "input": input },
            }));
        }
        self.messages.push(json!({ "role": "assistant", "content": content }));
        answer
    }
}

/// The calls of an answer.
fn calls(answer: &ModelAnswer) -> Vec<(String, Value)> {
    let input = |input: &str| serde_json::from_str(input).expect("JSON");
    answer.calls.iter().map(|call| (call.tool.clone(), input(&call.input))).collect()
}

fn one(tool: &str, input: Value) -> Vec<(String, Value)> {
    vec![(tool.to_owned(), input)]
}
