//! Tools of two providers, which nobody calls: the turn only decides.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use identity::UserId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use vault::{AccessToken, ProviderName};

use crate::{
    provider::Provider,
    scopes::named,
    tool::{
        Failure, InputSchema, Needs, Preview, ReadTool, Reply, Tool, ToolName, ToolSource,
        ToolSpec, WriteTool,
    },
    toolbox::Toolbox,
};

pub(super) const PROFILE: &str = "github_get_profile";
pub(super) const REPOSITORIES: &str = "github_list_repositories";
pub(super) const ISSUE: &str = "github_create_issue";
pub(super) const EVENTS: &str = "calendar_list_events";
pub(super) const TIME: &str = "what_time_is_it";

#[derive(Debug)]
struct Fixtures;

struct Fixture(ToolSpec);

#[derive(JsonSchema, Deserialize)]
#[expect(dead_code, reason = "it is only read into")]
struct Input {
    title: Option<String>,
}

fn never<T>() -> BoxFuture<'static, Reply<T>>
where
    T: Send + 'static,
{
    async { Reply::failed(Failure::new("never", "nobody calls this")) }.boxed()
}

impl ReadTool for Fixture {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn read<'a>(&'a self, _: &'a Value, _: Option<&'a AccessToken>) -> BoxFuture<'a, Reply<Value>> {
        never()
    }
}

impl WriteTool for Fixture {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn preview<'a>(
        &'a self,
        _: &'a Value,
        _: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Preview>> {
        never()
    }

    fn apply<'a>(
        &'a self,
        _: &'a Value,
        _: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        never()
    }
}

pub(super) fn github() -> Arc<Provider> {
    let includes: &[(&str, &[&str])] = &[("repo", &["public_repo"])];
    let sets: &[&[&str]] = &[&["read:user"], &["public_repo", "read:user"], &["read:user", "repo"]];
    let name = ProviderName::parse("github").unwrap();
    Arc::new(Provider::new(name, "GitHub", includes, sets).unwrap())
}

pub(super) fn calendar() -> Arc<Provider> {
    let name = ProviderName::parse("calendar").unwrap();
    Arc::new(Provider::new(name, "Calendar", &[], &[&["events"]]).unwrap())
}

fn fixture(name: &'static str, needs: Option<(Arc<Provider>, &str, &[&str])>) -> Fixture {
    let needs = needs.map(|(provider, scope, at_most)| Needs {
        provider,
        scopes: named([scope]),
        at_most: named(at_most.iter().copied()),
        meant_by: |input| if input["title"] == "wide" { &["private repositories"] } else { &[] },
    });
    Fixture(ToolSpec {
        name: ToolName::from_static(name),
        description: "".into(),
        input: InputSchema::from_type::<Input>(),
        needs,
    })
}

impl ToolSource for Fixtures {
    fn tools(&self) -> Vec<Tool> {
        let read = |name, needs| Tool::Read(Arc::new(fixture(name, needs)));
        vec![
            read(PROFILE, Some((github(), "read:user", &[]))),
            read(REPOSITORIES, Some((github(), "repo", &[]))),
            Tool::Write(Arc::new(fixture(ISSUE, Some((github(), "public_repo", &["repo"]))))),
            read(EVENTS, Some((calendar(), "events", &[]))),
            read(TIME, None),
        ]
    }
}

pub(super) fn tools() -> Toolbox {
    Toolbox::for_user(&[Arc::new(Fixtures)], &UserId::parse("alice").unwrap())
}
