//! Where tools come from.

use std::{fmt, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt, ready};
use identity::UserId;
use vault::ProviderName;

use super::Tool;
use crate::{account::AccountApi, consent::Authorizer, provider::Provider};

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
