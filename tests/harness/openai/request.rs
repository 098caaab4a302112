//! A request, with the rules that OpenAI refuses it by. What it does not know is refused.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatRequest {
    pub(super) model: String,
    pub(super) messages: Vec<Message>,
    #[serde(default)]
    tools: Option<Vec<Tool>>,
    stream: bool,
    stream_options: StreamOptions,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Message {
    System {
        content: Text,
    },
    User {
        content: Text,
    },
    Assistant {
        content: Option<Text>,
        #[serde(default)]
        tool_calls: Vec<Call>,
    },
    Tool {
        tool_call_id: String,
        content: Text,
    },
}

/// Text, whole or as a list with one part.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Parts([TextPart; 1]),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum TextPart {
    Text { text: String },
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Self::Whole(text) | Self::Parts([TextPart::Text { text }]) => text,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    id: String,
    r#type: String,
    function: CalledFunction,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalledFunction {
    name: String,
    arguments: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    r#type: String,
    function: OfferedFunction,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferedFunction {
    name: String,
    description: String,
    parameters: Map<String, Value>,
}

impl ChatRequest {
    /// Parses `body`. The error names the rule that it breaks.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let request: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        request.check_options()?;
        request.check_messages()?;
        Ok(request)
    }

    pub(super) fn offers(&self, name: &str) -> bool {
        self.tools.iter().flatten().any(|tool| tool.function.name == name)
    }

    /// What the user said last.
    pub(super) fn said(&self) -> &str {
        let said = self.messages.iter().rev().find_map(|message| match message {
            Message::User { content } => Some(content.as_str()),
            _ => None,
        });
        said.unwrap_or_default()
    }

    /// The results of the calls that were made last, if nothing was said since.
    pub(super) fn results(&self) -> Vec<&str> {
        let results = self.messages.iter().rev().map_while(|message| match message {
            Message::Tool { content, .. } => Some(content.as_str()),
            _ => None,
        });
        let mut results: Vec<_> = results.collect();
        results.reverse();
        results
    }

    fn check_options(&self) -> Result<(), String> {
        let is_limited = self.max_tokens.xor(self.max_completion_tokens);
        if is_limited.is_none_or(|tokens| tokens == 0) {
            return Err("one of max_tokens and max_completion_tokens is expected".to_owned());
        }
        if !self.stream || !self.stream_options.include_usage {
            return Err("this stand-in streams, with usage".to_owned());
        }
        let Some(tools) = &self.tools else { return Ok(()) };
        if tools.is_empty() {
            return Err("[] is too short - 'tools'".to_owned());
        }
        for Tool { r#type, function } in tools {
            let is_object = function.parameters.get("type").is_some_and(|it| it == "object");
            if r#type != "function" || !is_name(&function.name) || !is_object {
                return Err(format!("Invalid schema for function '{}'", function.name));
            }
            if function.description.len() > 1_024 {
                return Err("'tools[].function.description' is too long".to_owned());
            }
        }
        Ok(())
    }

    fn check_messages(&self) -> Result<(), String> {
        let mut open: BTreeSet<&str> = BTreeSet::new();
        let mut has_said = false;
        for (at, message) in self.messages.iter().enumerate() {
            let is_result = matches!(message, Message::Tool { .. });
            if !is_result && !open.is_empty() {
                return Err(format!(
                    "An assistant message with 'tool_calls' must be followed by tool messages \
                     responding to each 'tool_call_id'. The following tool_call_ids did not have \
                     response messages: {open:?}"
                ));
            }
            match message {
                Message::System { .. } if at > 0 => {
                    return Err("the system message comes first".to_owned());
                }
                Message::System { content } | Message::User { content }
                    if content.as_str().trim().is_empty() =>
                {
                    return Err(format!("messages[{at}].content is blank"));
                }
                Message::System { .. } => {}
                Message::User { .. } => has_said = true,
                Message::Assistant { content, tool_calls } => {
                    if content.is_none() && tool_calls.is_empty() {
                        return Err(format!("messages[{at}].content: expected a string, got null"));
                    }
                    tool_calls.iter().try_for_each(Call::check)?;
                    open = tool_calls.iter().map(|call| call.id.as_str()).collect();
                    if open.len() < tool_calls.len() {
                        return Err(format!("messages[{at}]: an id is used twice"));
                    }
                }
                Message::Tool { tool_call_id, .. } => {
                    if !open.remove(tool_call_id.as_str()) {
                        return Err("messages with role 'tool' must be a response to a preceding \
                                    message with 'tool_calls'"
                            .to_owned());
                    }
                }
            }
        }
        let ends =
            matches!(self.messages.last(), Some(Message::User { .. } | Message::Tool { .. }));
        if has_said && ends && open.is_empty() {
            Ok(())
        } else {
            Err("the conversation must end with the user's message or with results".to_owned())
        }
    }
}

impl Call {
    fn check(&self) -> Result<(), String> {
        if self.id.is_empty() || self.id.len() > 40 {
            return Err("'tool_calls[].id': expected a string with maximum length 40".to_owned());
        }
        if self.r#type != "function" || !is_name(&self.function.name) {
            return Err("'tool_calls[].function.name' must match ^[a-zA-Z0-9_-]{1,64}$".to_owned());
        }
        // OpenAI takes any text; vLLM and llama.cpp parse it.
        let arguments = serde_json::from_str::<Map<String, Value>>(&self.function.arguments);
        arguments.map(drop).map_err(|error| format!("'tool_calls[].function.arguments': {error}"))
    }
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_allowed)
}
