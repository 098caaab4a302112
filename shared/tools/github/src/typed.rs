//! From a tool's own types to the agent's seam.
//!
//! A tool is a type that implements [`Read`] or [`Write`]: its name, its description, its scopes, its
//! input and what it does. The JSON Schema that the model sees comes from the input type, and the
//! input is read into that type before the tool is called.

use std::{future::Future, sync::Arc};

use agent::{
    provider::Provider,
    scopes::{Scopes, named},
    tool::{
        Failure, InputSchema, Needs, Preview, ReadTool, Reply, Tool, ToolName, ToolSpec, WriteTool,
    },
};
use futures_util::future::{BoxFuture, FutureExt, ready};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use vault::AccessToken;

use crate::client::GitHub;

/// What every tool says of itself.
pub(crate) trait Described: Send + Sync + 'static {
    /// What the model calls it by.
    const NAME: ToolName;
    /// What it does, for the model.
    const DESCRIPTION: &'static str;
    /// The least that a token must allow.
    const SCOPES: &'static [&'static str];
    /// What else it may need, if GitHub says that it does.
    const AT_MOST: &'static [&'static str] = &[];
    /// What a user says, in one of these phrases, who means an `input` that takes all of [`AT_MOST`] from
    /// its beginning.
    ///
    /// [`AT_MOST`]: Self::AT_MOST
    fn meant_by(_input: &Self::Input) -> &'static [&'static str] {
        &[]
    }
    /// Its input.
    type Input: JsonSchema + DeserializeOwned + Send + Sync;
}

/// A tool that changes nothing.
pub(crate) trait Read: Described {
    /// Reads what `input` asks for; the value is what the model sees.
    fn read(
        github: &GitHub,
        input: Self::Input,
        token: &AccessToken,
    ) -> impl Future<Output = Reply<Value>> + Send;
}

/// A tool that changes something.
pub(crate) trait Write: Described {
    /// Who would do it, if the token reaches what it is about. Changes nothing.
    fn preview(
        github: &GitHub,
        input: Self::Input,
        token: &AccessToken,
    ) -> impl Future<Output = Reply<Preview>> + Send;

    /// Does it, once.
    fn apply(
        github: &GitHub,
        input: Self::Input,
        token: &AccessToken,
    ) -> impl Future<Output = Reply<Value>> + Send;
}

struct Typed<T> {
    github: Arc<GitHub>,
    spec: ToolSpec,
    tool: std::marker::PhantomData<fn() -> T>,
}

/// The reading tool `T`.
pub(crate) fn read<T: Read>(github: &Arc<GitHub>, provider: &Arc<Provider>) -> Tool {
    Tool::Read(Arc::new(Typed::<T>::new(github, provider)))
}

/// The writing tool `T`.
pub(crate) fn write<T: Write>(github: &Arc<GitHub>, provider: &Arc<Provider>) -> Tool {
    Tool::Write(Arc::new(Typed::<T>::new(github, provider)))
}

impl<T: Described> Typed<T> {
    fn new(github: &Arc<GitHub>, provider: &Arc<Provider>) -> Self {
        let scopes = |names: &[&'static str]| match github.app {
            Some(_) => Scopes::new(),
            None => named(names.iter().copied()),
        };
        let needs = Needs {
            provider: Arc::clone(provider),
            scopes: scopes(T::SCOPES),
            at_most: scopes(T::AT_MOST),
            meant_by: |input| {
                let input = <T::Input as Deserialize>::deserialize(input);
                input.map_or(&[], |input| T::meant_by(&input))
            },
        };
        let spec = ToolSpec {
            name: T::NAME,
            description: T::DESCRIPTION.into(),
            input: InputSchema::from_type::<T::Input>(),
            needs: Some(needs),
        };
        Self { github: Arc::clone(github), spec, tool: std::marker::PhantomData }
    }
}

/// The tool's own input, and the token that it declares to need.
fn checked<'a, T: Described>(
    input: &Value,
    token: Option<&'a AccessToken>,
) -> Result<(T::Input, &'a AccessToken), Failure> {
    let wrong = |error| Failure::new("wrong_input", format!("The input is wrong: {error}"));
    let input = <T::Input as Deserialize>::deserialize(input).map_err(wrong)?;
    let token = token.ok_or_else(|| Failure::new("no_token", "It needs an authorization."))?;
    Ok((input, token))
}

/// Calls a tool with its own input and the token that it needs, or says what is wrong with them.
fn call<'a, T, R, F>(
    github: &'a GitHub,
    input: &Value,
    token: Option<&'a AccessToken>,
    work: impl FnOnce(T::Input, &'a AccessToken) -> F,
) -> BoxFuture<'a, Reply<R>>
where
    T: Described,
    R: Send + 'a,
    F: Future<Output = Reply<R>> + Send + 'a,
{
    match checked::<T>(input, token) {
        Ok((input, token)) => work(input, token)
            .map(|mut reply| {
                if let (Some(app), Err(failure)) = (&github.app, &mut reply.outcome) {
                    app.explain(failure);
                }
                reply
            })
            .boxed(),
        Err(failure) => ready(Reply::failed(failure)).boxed(),
    }
}

impl<T: Read> ReadTool for Typed<T> {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn read<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        call::<T, _, _>(&self.github, input, token, |input, token| {
            T::read(&self.github, input, token)
        })
    }
}

impl<T: Write> WriteTool for Typed<T> {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn preview<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Preview>> {
        call::<T, _, _>(&self.github, input, token, |input, token| {
            T::preview(&self.github, input, token)
        })
    }

    fn apply<'a>(
        &'a self,
        input: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        call::<T, _, _>(&self.github, input, token, |input, token| {
            T::apply(&self.github, input, token)
        })
    }
}
