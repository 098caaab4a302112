//! `connect_{server}`: what there is of a server before its tools are known. It needs the user's token, so
//! that it asks for their consent, and brings the server's own tools within the same turn.

use std::sync::Arc;

use agent::tool::{Failure, InputSchema, ReadTool, Reply, Tool, ToolName, ToolSpec};
use futures_util::future::{BoxFuture, FutureExt};
use identity::UserId;
use serde_json::{Value, json};
use vault::AccessToken;

use crate::{
    failure::Sent,
    listing::{Listings, Unknown},
};

/// How many tools are named in the result; the others are found by `find_tools`.
const MOST_NAMED: usize = 30;

struct Connect {
    listings: Arc<Listings>,
    user: UserId,
    spec: ToolSpec,
}

/// The tool that connects `user` to the server of `listings`.
pub(crate) fn tool(listings: &Arc<Listings>, user: &UserId) -> Option<Tool> {
    let server = listings.server();
    let name = ToolName::parse(format!("connect_{}", server.name))?;
    let description = format!(
        "Connects the user to the server {0} ({1}), whose tools are not known yet. Call it when the \
         user wants something of {0}; its tools can be used from then on.",
        server.name, server.origin
    );
    let input = InputSchema::from_server(json!({ "type": "object", "properties": {} }));
    let spec =
        ToolSpec { name, description: description.into(), input, needs: server.needs.clone() };
    let connect = Connect { listings: Arc::clone(listings), user: user.clone(), spec };
    Some(Tool::Read(Arc::new(connect)))
}

impl Connect {
    async fn connect(&self, token: Option<&AccessToken>) -> Reply<Value> {
        let name = &self.listings.server().name;
        if let Some(Err(Unknown::Failed(why))) = self.listings.get(&self.user) {
            let text = format!("{why} It is not asked again within a minute.");
            return Reply::failed(Failure::new("unavailable", text));
        }
        let outcome = match self.listings.ask(&self.user, token).await {
            Ok(tools) => {
                let named: Vec<&str> = tools.iter().take(MOST_NAMED).map(Tool::name).collect();
                Ok(json!({ "connected": name, "tools": named, "count": tools.len() }))
            }
            Err(trouble) => Err(trouble.failure(name, Sent::Reading)),
        };
        Reply { outcome, allows: None, request_id: None }
    }
}

impl ReadTool for Connect {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn read<'a>(
        &'a self,
        _: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        self.connect(token).boxed()
    }

    fn brings_tools(&self) -> bool {
        true
    }
}
