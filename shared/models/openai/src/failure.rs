//! What a failure means for the turn.
//!
//! OpenAI, "Error codes". Servers of the same form agree on the statuses and hardly on `type` and `code`:
//! vLLM, llama.cpp and Ollama are known by their messages. The caller is told none of this; the operator
//! reads the message, shortened and without the key.

use std::{error::Error, time::Duration};

use agent::model::ModelError;
use http::StatusCode;
use serde_json::Value;

use crate::endpoint::ApiKey;

/// As much of a server's message as the operator reads.
const MOST_CHARACTERS: usize = 300;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ModelError,
    /// How long the server wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// What a caller can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Busy,
    TooLong,
    Rejected,
    Refused,
}

/// A server's account of what went wrong.
#[derive(Debug, Default)]
struct Said {
    /// Its `type` and its `code`.
    names: [String; 2],
    message: String,
}

impl Failure {
    /// It may pass: the connection, or the stream, broke.
    pub(crate) fn passing(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { error: ModelError::Busy(cause.into()), retry_after: None }
    }

    /// The operator has to do something.
    pub(crate) fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { error: ModelError::Refused(cause.into()), retry_after: None }
    }

    /// The request can't be made.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { error: ModelError::Internal(cause.into()), retry_after: None }
    }

    /// An error that the server answered with `status`, or inside a stream without one.
    pub(crate) fn answered(status: Option<StatusCode>, body: &Value, key: Option<&ApiKey>) -> Self {
        let said = Said::new(body);
        let status = status.or_else(|| said.status());
        let kind = kind(status, &said);
        let status = status.map(|status| format!("{status}: ")).unwrap_or_default();
        let cause = format!("{status}{}{}", said.printed(key), hint(kind, &said)).into();
        let error = match kind {
            Kind::Busy => ModelError::Busy(cause),
            Kind::TooLong => ModelError::TooLong(cause),
            Kind::Rejected => ModelError::Rejected(cause),
            Kind::Refused => ModelError::Refused(cause),
        };
        Self { error, retry_after: None }
    }

    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.error, ModelError::Busy(_))
    }
}

impl Said {
    /// From `{"error": {…}}`, `{"error": "…"}` or the error itself.
    fn new(body: &Value) -> Self {
        let error = body.get("error").filter(|error| !error.is_null()).unwrap_or(body);
        let member = |name: &str| match error.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = error.as_str().map_or_else(|| member("message"), str::to_owned);
        Self { names: [member("type"), member("code")], message }
    }

    /// The status that it names itself, inside a stream.
    fn status(&self) -> Option<StatusCode> {
        let status = self.names.iter().find_map(|name| name.parse().ok())?;
        StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 400)
    }

    fn is(&self, names: &[&str]) -> bool {
        self.names.iter().any(|name| names.contains(&name.as_str()))
    }

    fn mentions(&self, words: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        words.iter().any(|words| message.contains(words))
    }

    /// What the operator reads: not the key, which some servers repeat, and nothing of the conversation,
    /// which FastAPI's validation repeats as `input`.
    fn printed(&self, key: Option<&ApiKey>) -> String {
        let message = self.message.split("'input'").next().unwrap_or_default();
        let message = match key {
            Some(key) => message.replace(key.expose(), "…"),
            None => message.to_owned(),
        };
        let message: String = message.chars().take(MOST_CHARACTERS).collect();
        let [kind, code] = &self.names;
        let names = [kind, code].into_iter().filter(|name| !name.is_empty());
        let names = names.map(String::as_str).collect::<Vec<_>>().join("/");
        if names.is_empty() { message } else { format!("{names}: {message}") }
    }
}

/// Whether an error says that a content filter withholds the answer: Azure's and LiteLLM's, and that of
/// OpenAI before its reasoning models.
pub(crate) fn withholds(body: &Value) -> bool {
    Said::new(body).is(&["content_filter", "content_policy_violation", "invalid_prompt"])
}

const NO_QUOTA: [&str; 3] =
    ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"];

/// How servers say that a request is too long: OpenAI's, vLLM's and SGLang's, llama.cpp's, Anthropic's, vLLM's
/// of a prompt alone, Amazon Bedrock's, Google's.
const SAYS_TOO_LONG: [&str; 7] = [
    "context length",
    "context size",
    "context window",
    "prompt is too long",
    "maximum model length",
    "input is too long",
    "input token count",
];

fn kind(status: Option<StatusCode>, said: &Said) -> Kind {
    const TOO_LONG: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];
    const OPERATORS: [&str; 5] = [
        "invalid_api_key",
        "model_not_found",
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
    ];
    let status = status.map(|status| status.as_u16());
    let may_be_ours = !matches!(status, Some(401..=404 | 429));
    if said.is(&NO_QUOTA) || said.is(&OPERATORS) || said.mentions(&["does not support tools"]) {
        Kind::Refused
    } else if said.is(&TOO_LONG)
        // More than may be read in a minute: OpenAI says it with 429, and waiting does not help.
        || said.mentions(&["request too large"])
        || may_be_ours && said.mentions(&SAYS_TOO_LONG)
    {
        Kind::TooLong
    } else {
        match status {
            Some(413) => Kind::TooLong,
            Some(400 | 422) => Kind::Rejected,
            Some(408 | 409 | 425 | 429 | 500..) => Kind::Busy,
            Some(_) => Kind::Refused,
            None if said.is(&["invalid_request_error", "BadRequestError"]) => Kind::Rejected,
            None => Kind::Busy,
        }
    }
}

/// What the operator can do.
fn hint(kind: Kind, said: &Said) -> &'static str {
    match kind {
        Kind::Refused if said.is(&NO_QUOTA) => {
            " (the account has no quota left: waiting does not help; add credit or raise its limit)"
        }
        Kind::Refused => " (look at OPENAI_API_KEY, at OPENAI_BASE_URL and at MODEL_ID)",
        Kind::Busy | Kind::TooLong | Kind::Rejected => "",
    }
}

#[cfg(test)]
mod tests {
    use agent::model::ModelError;
    use http::StatusCode;
    use serde_json::{Value, json};

    use super::Failure;

    fn kind(status: u16, body: &Value) -> &'static str {
        let status = StatusCode::from_u16(status).ok();
        match Failure::answered(status, body, None).error {
            ModelError::Busy(_) => "busy",
            ModelError::Rejected(_) => "rejected",
            ModelError::TooLong(_) => "too long",
            ModelError::Refused(_) => "refused",
            _ => "another",
        }
    }

    fn error(message: &str, kind: &str, code: &Value) -> Value {
        json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
    }

    #[test]
    fn an_error_is_what_its_status_and_its_names_say() {
        let plain = json!({});
        for (status, body, expected) in [
            (400, &error("Invalid 'messages'", "invalid_request_error", &Value::Null), "rejected"),
            (422, &json!({ "detail": [] }), "rejected"),
            (413, &plain, "too long"),
            (
                401,
                &error("Incorrect API key", "invalid_request_error", &json!("invalid_api_key")),
                "refused",
            ),
            (403, &plain, "refused"),
            (404, &error("model 'x' not found", "api_error", &Value::Null), "refused"),
            (302, &plain, "refused"),
            (400, &json!({ "error": "x:latest does not support tools" }), "refused"),
            (
                400,
                &error(
                    "Use 'max_completion_tokens'",
                    "invalid_request_error",
                    &json!("unsupported_parameter"),
                ),
                "refused",
            ),
            (429, &error("Rate limit reached", "requests", &json!("rate_limit_exceeded")), "busy"),
            (
                429,
                &error(
                    "You exceeded your current quota",
                    "insufficient_quota",
                    &json!("insufficient_quota"),
                ),
                "refused",
            ),
            (500, &plain, "busy"),
            (503, &error("Loading model", "unavailable_error", &json!(503)), "busy"),
        ] {
            assert_eq!(kind(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn too_long_is_known_by_each_servers_own_words() {
        for body in [
            error(
                "This model's maximum context length is 128000 tokens.",
                "invalid_request_error",
                &json!("context_length_exceeded"),
            ),
            json!({ "object": "error", "message": "This model's maximum context length is 4096 tokens.", "type": "BadRequestError", "code": 400 }),
            error(
                "the request exceeds the available context size",
                "exceed_context_size_error",
                &json!(400),
            ),
            json!({ "error": { "message": "The decoder prompt (length 9000) is longer than the maximum model length of 8192.", "code": 400 } }),
            json!({ "error": { "message": "Input is too long for requested model.", "type": "invalid_request_error" } }),
            json!({ "error": { "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "code": 400 } }),
        ] {
            assert_eq!([kind(400, &body), kind(0, &body)], ["too long"; 2], "{body}");
        }
    }

    #[test]
    fn more_than_may_be_read_in_a_minute_is_too_long_and_not_busy() {
        let body = error(
            "Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 43000.",
            "tokens",
            &json!("rate_limit_exceeded"),
        );
        assert_eq!([kind(429, &body), kind(413, &body)], ["too long"; 2]);
    }

    #[test]
    fn an_error_inside_a_stream_brings_its_own_status() {
        let inside = |code: Value| kind(0, &json!({ "error": { "message": "x", "code": code } }));
        assert_eq!([inside(json!(429)), inside(json!(502)), inside(Value::Null)], ["busy"; 3]);
        assert_eq!([inside(json!(400)), inside(json!("401"))], ["rejected", "refused"]);
        assert_eq!(kind(0, &json!({ "error": "out of memory" })), "busy");
    }

    #[test]
    fn the_operator_reads_the_reason_and_neither_the_key_nor_the_conversation() {
        let key = "sk-of-the-operator".parse().unwrap();
        let body = error(
            "Incorrect API key provided: sk-of-the-operator.",
            "invalid_request_error",
            &json!("invalid_api_key"),
        );
        let failure = Failure::answered(Some(StatusCode::UNAUTHORIZED), &body, Some(&key));
        let printed = format!("{failure:?}");
        for words in ["401", "invalid_api_key", "Incorrect API key provided: ….", "OPENAI_API_KEY"]
        {
            assert!(printed.contains(words), "{printed}");
        }
        assert!(!printed.contains("sk-of"), "{printed}");

        let body = json!({ "message": "[{'type': 'missing', 'input': 'my secret diary'}]" });
        let printed = format!("{:?}", Failure::answered(None, &body, None));
        assert!(printed.contains("missing") && !printed.contains("diary"), "{printed}");

        let body = error("You exceeded your current quota", "insufficient_quota", &Value::Null);
        let printed = format!("{:?}", Failure::answered(None, &body, None));
        assert!(printed.contains("no quota left"), "{printed}");
    }
}
