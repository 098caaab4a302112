//! The seam to tools: what the model is told of each, what it needs, and how it is called.
//!
//! A tool that reads can be run again, so it is. One that writes is *previewed* first, which changes
//! nothing and says who would do it; then, approved and claimed, it is *applied*, once. A writer
//! can't be run as a reader, and a reader has no preview.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt, ready};
use identity::UserId;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use vault::{AccessToken, ProviderName};

use crate::{
    account::AccountApi,
    consent::Authorizer,
    inquiry::{Given, Inquiry},
    provider::Provider,
    scopes::Scopes,
};

/// What the model calls a tool by: 1 to 64 of `A-Z a-z 0-9 _ -`, as the Converse API has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName(Cow<'static, str>);

impl ToolName {
    /// A name that is written in the program. As a constant it is checked when it is compiled.
    ///
    /// # Panics
    /// When it is no tool's name.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 64, "a tool's name has 1 to 64 characters");
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            let is_allowed = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            assert!(is_allowed, "a tool's name has only A-Z a-z 0-9 _ -");
            at += 1;
        }
        Self(Cow::Borrowed(name))
    }

    /// A name from elsewhere; `None` if it is no tool's.
    #[must_use]
    pub fn parse(name: String) -> Option<Self> {
        session::is_tool_name(&name).then_some(Self(Cow::Owned(name)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the model knows of a tool, and what calling it takes.
#[derive(Debug, Clone)]
pub struct ToolSpec {
    /// What the model calls it by.
    pub name: ToolName,
    /// What it does, for the model.
    pub description: Cow<'static, str>,
    /// What its input has to look like.
    pub input: InputSchema,
    /// What a token must allow; `None` if it needs no token.
    pub needs: Option<Needs>,
}

/// What a tool needs of a user's token.
#[derive(Debug, Clone)]
pub struct Needs {
    /// At which credential provider.
    pub provider: Arc<Provider>,
    /// The least that the token must allow.
    pub scopes: Scopes,
    /// What else it may need, if the provider says that it does. Nothing that a provider answers
    /// makes the agent ask for more.
    pub at_most: Scopes,
    /// What a user says, in one of these phrases, who means a call with this input that takes all of
    /// `at_most` from its beginning. No phrase: there is no such call.
    pub meant_by: fn(&Value) -> &'static [&'static str],
}

/// A tool's input as JSON Schema: an object. Some models take only some keywords at its top; what is
/// sent to them leaves the others out.
#[derive(Debug, Clone)]
pub struct InputSchema {
    json: Value,
    check: fn(&Value) -> Result<(), String>,
}

/// Whether `input` is an object, which is all that is known to be right.
fn is_object(input: &Value) -> Result<(), String> {
    input.is_object().then_some(()).ok_or_else(|| "it has to be a JSON object".to_owned())
}

impl InputSchema {
    /// The schema of the type that the tool reads its input into, so that the two can't differ.
    #[must_use]
    pub fn from_type<T: JsonSchema + DeserializeOwned>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        let mut top = Map::from_iter([("type".to_owned(), Value::from("object"))]);
        let properties = schema.remove("properties").unwrap_or_else(|| Map::new().into());
        top.insert("properties".to_owned(), properties);
        for keyword in ["required", "additionalProperties"] {
            top.extend(schema.remove(keyword).map(|value| (keyword.to_owned(), value)));
        }
        let check = |input: &Value| match <T as Deserialize>::deserialize(input) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        Self { json: Value::Object(top), check }
    }

    /// A schema that another server has made; its `json` has to be one that models take. Whether an
    /// input is of it is that server's to say.
    #[must_use]
    pub fn from_server(json: Value) -> Self {
        Self { json, check: is_object }
    }

    /// The schema as JSON.
    #[must_use]
    pub fn as_json(&self) -> &Value {
        &self.json
    }

    /// Whether `input` can be read, before anybody is asked for anything that the call would need.
    ///
    /// # Errors
    /// What is wrong with it, for the model.
    pub fn check(&self, input: &Value) -> Result<(), String> {
        (self.check)(input)
    }
}

/// A tool that changes nothing.
pub trait ReadTool: Send + Sync {
    /// What it is.
    fn spec(&self) -> &ToolSpec;

    /// Reads what `input` asks for. `token` is there if the tool needs one.
    fn read<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>>;

    /// Goes on with a call that had asked something, with what the user has `given`. Only a tool that
    /// asks is ever called like this.
    fn go_on<'a>(
        &'a self,
        input: &'a Value,
        _given: &'a Given,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.read(input, token)
    }

    /// Whether there may be other tools after it was called.
    fn brings_tools(&self) -> bool {
        false
    }
}

/// A tool that changes something.
pub trait WriteTool: Send + Sync {
    /// What it is.
    fn spec(&self) -> &ToolSpec;

    /// Looks at a change without making it: is the input well formed, does the token reach what it
    /// is about, and which account would do it? Changes nothing.
    fn preview<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Preview>>;

    /// Makes the change. Called at most once for each call, even if it fails; a failure whose
    /// outcome is unknown says so.
    fn apply<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>>;

    /// Goes on with a change that had asked something before it was made, with what the user has
    /// `given`. Only a tool that asks is ever called like this.
    fn go_on<'a>(
        &'a self,
        input: &'a Value,
        _given: &'a Given,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.apply(input, token)
    }
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// As which account of the provider.
    pub account: String,
    /// What the user checks besides the input, by name: what is at that place now, for example, and who
    /// will see it. An approval is good for these alone.
    pub details: BTreeMap<String, String>,
}

impl From<&str> for Preview {
    /// As `account`, with nothing else to check.
    fn from(account: &str) -> Self {
        Self { account: account.to_owned(), details: BTreeMap::new() }
    }
}

/// Something that the agent can do for the user.
#[derive(Clone)]
pub enum Tool {
    /// It changes nothing, so that it can be run again.
    Read(Arc<dyn ReadTool>),
    /// It changes something. Such a call is claimed before it is made, made once, and by default
    /// approved by the user.
    Write(Arc<dyn WriteTool>),
}

impl Tool {
    /// What it is.
    #[must_use]
    pub fn spec(&self) -> &ToolSpec {
        match self {
            Self::Read(tool) => tool.spec(),
            Self::Write(tool) => tool.spec(),
        }
    }

    /// What the model calls it by.
    #[must_use]
    pub fn name(&self) -> &str {
        self.spec().name.as_str()
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Tool {
    fn eq(&self, other: &Self) -> bool {
        self.spec().name == other.spec().name
    }
}

/// Where tools come from. A source that is made at start has the same ones for everyone; one that
/// stands for another server may have each user's own.
pub trait ToolSource: fmt::Debug + Send + Sync {
    /// The tools that there are for everyone.
    fn tools(&self) -> Vec<Tool>;

    /// What other servers have for `user`, as far as it is known now.
    fn servers(&self, _user: &UserId) -> Vec<ServerTools> {
        Vec::new()
    }

    /// Finds out what other servers have for the asker, unless it is known. A server that needs a
    /// consent first is not asked. Takes bounded time, and what fails is said by
    /// [`servers`](Self::servers).
    fn learn<'a>(&'a self, _asker: &'a Authorizer<'a>) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }

    /// The credential providers whose tokens its tools need.
    fn providers(&self) -> Vec<Arc<Provider>> {
        let tools = self.tools();
        let needs = tools.iter().filter_map(|tool| tool.spec().needs.as_ref());
        needs.map(|needs| Arc::clone(&needs.provider)).collect()
    }

    /// Where `provider` is asked about tokens; `None` if this source can't ask it.
    fn account_api(&self, _provider: &ProviderName) -> Option<&dyn AccountApi> {
        None
    }
}

/// What one server has for a user.
#[derive(Debug, Clone)]
pub struct ServerTools {
    /// Begins the name of each of its tools.
    pub prefix: String,
    /// Its tools; if they are not known, the one that connects the user.
    pub tools: Vec<Tool>,
    /// Why its tools are not known, in a sentence for the model.
    pub unknown: Option<String>,
}

/// The result of one call to a provider.
#[derive(Debug)]
pub struct Reply<T> {
    /// The value, or the failure.
    pub outcome: Result<T, Failure>,
    /// What the token allows, where the provider said so.
    pub allows: Option<Scopes>,
    /// The provider's own id of the request.
    pub request_id: Option<String>,
}

impl<T> Reply<T> {
    /// A failure before the provider was asked, or without an answer of it.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), allows: None, request_id: None }
    }

    /// The reply with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        let Self { outcome, allows, request_id } = self;
        Reply { outcome: outcome.map(change), allows, request_id }
    }
}

/// Why a call failed.
#[derive(Debug)]
pub struct Failure {
    /// For the audit trail.
    pub code: &'static str,
    /// For the model.
    pub text: String,
    /// For the user alone, beside the answer. What is about something hidden is told only if they have said
    /// its name.
    pub notice: Option<Box<Notice>>,
    /// What the provider said of the token. Unless it is [`TokenVerdict::Fine`], nothing was done.
    pub token: TokenVerdict,
    /// It is no failure: the provider wants to know something of the user first.
    pub inquiry: Option<Box<Inquiry>>,
}

/// What a user is told beside the answer. It is not shown to the model, saved or logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: of several about the same, the last one counts.
    pub about: String,
    /// What the user reads.
    pub text: String,
}

/// What a provider said of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenVerdict {
    /// Nothing: the failure has another cause.
    Fine,
    /// It does not accept it any more (HTTP 401).
    NotAccepted,
    /// It may be too weak: one of these scopes would have been taken.
    Accepts(Scopes),
    /// It is too weak: it has to allow all of these.
    Lacks(Scopes),
    /// There is no such thing, or the token is too weak to be shown it; the provider does not say
    /// which.
    Hidden {
        /// One of these scopes would be taken for it, if it exists.
        accepts: Scopes,
        /// What a user says who means it: one of these phrases.
        said_as: Vec<String>,
    },
}

impl Failure {
    /// A failure that another token would not avoid.
    #[must_use]
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        let token = TokenVerdict::Fine;
        Self { code, text: text.into(), notice: None, token, inquiry: None }
    }

    /// Whether the provider itself has failed, or was not reached, and not what it was asked for.
    #[must_use]
    pub fn is_the_providers(&self) -> bool {
        matches!(
            self.code,
            "outcome_unknown"
                | "rate_limited"
                | "server_error"
                | "unavailable"
                | "unexpected_answer"
                | "unreachable"
        )
    }

    /// The call goes on once the user has answered.
    #[must_use]
    pub fn asks(inquiry: Inquiry) -> Self {
        let inquiry = Some(Box::new(inquiry));
        Self { inquiry, ..Self::new("input_required", "It asks the user something first.") }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::InputSchema;

    #[derive(JsonSchema, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is wanted")]
    struct Input {
        /// Whose.
        owner: String,
        body: Option<String>,
    }

    #[test]
    fn a_schema_has_what_models_know_at_its_top() {
        let schema = InputSchema::from_type::<Input>();
        let keys: Vec<_> = schema.as_json().as_object().unwrap().keys().collect();
        assert_eq!(keys, ["additionalProperties", "properties", "required", "type"]);
        assert_eq!(schema.as_json()["required"], json!(["owner"]));
        assert_eq!(schema.as_json()["properties"]["owner"]["description"], "Whose.");
    }
    #[test]
    fn an_input_is_checked_by_the_type_that_the_schema_comes_from() {
        let schema = InputSchema::from_type::<Input>();
        assert_eq!(schema.check(&json!({ "owner": "octo-alice" })), Ok(()));
        let wrong = schema.check(&json!({ "owner": 1 }));
        assert!(wrong.is_err_and(|why| why.contains("expected a string")));
        assert!(schema.check(&json!({ "owner": "o", "extra": 1 })).is_err());
    }
}
