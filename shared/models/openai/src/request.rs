//! A prompt as a request (OpenAI API Reference, "Create chat completion").

use std::collections::HashMap;

use agent::{model::Prompt, tool::ToolSpec};
use serde::Serialize;
use serde_json::Value;
use session::{Block, Message, Reasoning, Role, ToolResult, ToolStatus};

use crate::endpoint::Endpoint;

#[derive(Serialize)]
pub(crate) struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    /// OpenAI refuses an empty list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum WireMessage<'a> {
    System {
        content: &'a str,
    },
    User {
        content: String,
    },
    Assistant {
        /// `null` beside calls without words, as OpenAI itself sends it.
        content: Option<String>,
        /// What the model thought, for servers that have said it: DeepSeek refuses a call without it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<WireCall<'a>>,
    },
    Tool {
        tool_call_id: String,
        content: String,
    },
}

impl WireMessage<'_> {
    fn forget_reasoning(&mut self) {
        if let Self::Assistant { reasoning_content, .. } = self {
            *reasoning_content = None;
        }
    }
}

#[derive(Serialize)]
struct WireCall<'a> {
    id: String,
    r#type: &'static str,
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: String,
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: OfferedFunction<'a>,
}

#[derive(Serialize)]
struct OfferedFunction<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

const FUNCTION: &str = "function";

impl<'a> ChatRequest<'a> {
    /// `prompt` for `model` in the dialect of `endpoint`.
    pub(crate) fn new(model: &'a str, prompt: &'a Prompt<'_>, endpoint: &Endpoint) -> Self {
        let completion_tokens = endpoint.takes_max_completion_tokens();
        let mut ids = WireIds::default();
        let mut messages = vec![WireMessage::System { content: prompt.system }];
        for message in &prompt.messages {
            messages.extend(wire_messages(message, &mut ids));
        }
        if !endpoint.takes_reasoning() {
            messages.iter_mut().for_each(WireMessage::forget_reasoning);
        }
        let limit = Some(prompt.max_tokens);
        Self {
            model,
            messages,
            tools: prompt.tools.iter().map(|tool| wire_tool(tool)).collect(),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            max_tokens: limit.filter(|_| !completion_tokens),
            max_completion_tokens: limit.filter(|_| completion_tokens),
        }
    }
}

/// The ids of calls on the wire, in the order of the calls.
#[derive(Default)]
struct WireIds<'a>(HashMap<&'a str, usize>);

impl<'a> WireIds<'a> {
    /// The wire's id of the call `id`: nine letters and digits.
    fn get(&mut self, id: &'a str) -> String {
        let next = self.0.len() + 1;
        format!("call{:05}", self.0.entry(id).or_insert(next))
    }
}

/// The messages of the wire that one message is. Results come first, because they have to follow their
/// calls at once.
fn wire_messages<'a>(message: &'a Message, ids: &mut WireIds<'a>) -> Vec<WireMessage<'a>> {
    let text = Some(message.text()).filter(|text| !text.is_empty());
    match message.role {
        Role::User => {
            let results = message.content.iter().filter_map(|block| match block {
                Block::ToolResult(result) => Some(WireMessage::Tool {
                    tool_call_id: ids.get(&result.tool_use_id),
                    content: result_text(result),
                }),
                _ => None,
            });
            let mut messages: Vec<_> = results.collect();
            messages.extend(text.map(|content| WireMessage::User { content }));
            messages
        }
        Role::Assistant => {
            let calls = message.tool_uses().map(|call| WireCall {
                id: ids.get(&call.tool_use_id),
                r#type: FUNCTION,
                function: CalledFunction { name: &call.name, arguments: call.input.to_string() },
            });
            let tool_calls: Vec<_> = calls.collect();
            if text.is_none() && tool_calls.is_empty() {
                return Vec::new();
            }
            let reasoning_content = message.content.iter().find_map(thought);
            vec![WireMessage::Assistant { content: text, reasoning_content, tool_calls }]
        }
    }
}

/// What was thought, unless it is signed, and so another provider's.
fn thought(block: &Block) -> Option<&str> {
    match block {
        Block::Reasoning(Reasoning::Text { text, signature: None }) => Some(text),
        _ => None,
    }
}

/// A result as text: the wire has no place for a status.
fn result_text(result: &ToolResult) -> String {
    match result.status {
        ToolStatus::Success => result.text(),
        ToolStatus::Error => format!("Error: {}", result.text()),
    }
}

fn wire_tool<'a>(tool: &'a ToolSpec) -> WireTool<'a> {
    let function = OfferedFunction {
        name: tool.name.as_str(),
        description: tool.description.as_ref(),
        parameters: tool.input.as_json(),
    };
    WireTool { r#type: FUNCTION, function }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use agent::model::Prompt;
    use session::{Block, Message, Reasoning, Role};

    use super::ChatRequest;
    use crate::endpoint::Endpoint;

    #[test]
    fn what_was_thought_goes_back_to_a_server_that_takes_it_alone() {
        let thought = Reasoning::Text { text: "hm".to_owned(), signature: None };
        let content = vec![Block::Reasoning(thought), Block::Text("Yes".to_owned())];
        let message = Message { role: Role::Assistant, content, id: None };
        let prompt = Prompt {
            system: "",
            messages: vec![Cow::Borrowed(&message)],
            tools: Vec::new(),
            max_tokens: 1,
        };
        for (base, takes) in
            [("https://api.deepseek.com", true), ("https://api.groq.com/openai/v1", false)]
        {
            let key = Some("sk-secret".parse().unwrap());
            let endpoint = Endpoint::new(base.parse().unwrap(), key).unwrap();
            let request = ChatRequest::new("a-model", &prompt, &endpoint);
            let body = serde_json::to_string(&request).unwrap();
            assert_eq!(body.contains("reasoning_content"), takes, "{body}");
        }
    }
}
