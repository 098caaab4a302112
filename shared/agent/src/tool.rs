//! The seam to tools: what the model is told of each, what it needs, and how it is called.
//!
//! A tool that reads can be run again, so it is. One that writes is *previewed* first, which changes
//! nothing and says who would do it; then, approved and claimed, it is *applied*, once. A writer
//! can't be run as a reader, and a reader has no preview.

mod input;
mod name;
mod reply;
mod source;

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use futures_util::future::BoxFuture;
use serde_json::Value;
use vault::AccessToken;

pub use self::{
    input::InputSchema,
    name::ToolName,
    reply::{Failure, Notice, Reply, TokenVerdict},
    source::{ServerTools, ToolSource},
};
use crate::{inquiry::Given, provider::Provider, scopes::Scopes};

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
