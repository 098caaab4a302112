//! All configured servers as one source of tools.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU8},
};

use agent::{
    consent::Authorizer,
    provider::Provider,
    scopes::Scopes,
    tool::{Needs, ServerTools, Tool, ToolSource},
};
use futures_util::future::{BoxFuture, FutureExt, join_all};
use https::HttpsClient;
use identity::UserId;
use vault::ProviderName;

use crate::{
    configuration::{Auth, McpServers, ServerSettings},
    connect,
    listing::{Listings, Unknown},
    server::Server,
};

/// The tools of MCP servers.
pub struct McpTools {
    servers: Vec<Arc<Listings>>,
    providers: BTreeMap<ProviderName, Arc<Provider>>,
}

impl McpTools {
    /// The tools of `servers`. A server whose provider is one of `known` shares that provider's sets of
    /// scopes; any other provider gets its own: what its servers always need, and, once one of them says
    /// so, with what they may need besides. Nothing goes over the network.
    ///
    /// # Errors
    /// When a server needs what its provider is never asked for.
    pub fn new(servers: McpServers, known: &[Arc<Provider>]) -> Result<Self, String> {
        let providers = providers(&servers, known)?;
        let https = Arc::<HttpsClient>::default();
        let listings = servers.0.into_iter().map(|settings| {
            let ServerSettings { name, url, auth, tools, read_only } = settings;
            let needs = auth.map(|auth| needs(&auth, &providers[&auth.provider]));
            let address = url.as_str().parse().map_err(|_| format!("{name:?}: url"))?;
            let (origin, era) = (url.origin().ascii_serialization(), AtomicU8::default());
            let https = Arc::clone(&https);
            let server = Arc::new(Server { name, address, origin, needs, https, era });
            Ok(Arc::new(Listings::new(server, tools, read_only)))
        });
        Ok(Self { servers: listings.collect::<Result<_, String>>()?, providers })
    }
}

impl McpTools {
    /// Whether there is any server.
    #[must_use]
    pub fn has_servers(&self) -> bool {
        !self.servers.is_empty()
    }
}

fn needs(auth: &Auth, provider: &Arc<Provider>) -> Needs {
    Needs {
        provider: Arc::clone(provider),
        scopes: auth.scopes.iter().cloned().collect(),
        at_most: auth.more_scopes.iter().cloned().collect(),
        // The server says by itself what a call needs.
        meant_by: |_| &[],
    }
}

/// The providers that `servers` name.
fn providers(
    servers: &McpServers,
    known: &[Arc<Provider>],
) -> Result<BTreeMap<ProviderName, Arc<Provider>>, String> {
    let mut needed: BTreeMap<&ProviderName, (Option<&str>, Scopes, Scopes)> = BTreeMap::new();
    for auth in servers.0.iter().filter_map(|server| server.auth.as_ref()) {
        let (label, scopes, more) = needed.entry(&auth.provider).or_default();
        *label = label.or(auth.label.as_deref());
        scopes.extend(auth.scopes.iter().cloned());
        more.extend(auth.more_scopes.iter().cloned());
    }
    let provider = |(name, (label, scopes, more)): (&ProviderName, _)| {
        let (label, scopes, more): (Option<&str>, Scopes, Scopes) = (label, scopes, more);
        let all: Scopes = scopes.union(&more).cloned().collect();
        if let Some(known) = known.iter().find(|known| known.name() == name) {
            return match known.covers(&all) {
                true => Ok((name.clone(), Arc::clone(known))),
                false => Err(format!("{name} is never asked for these scopes together")),
            };
        }
        let texts = |scopes: &Scopes| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (base, all) = (texts(&scopes), texts(&all));
        let (base, all): (Vec<&str>, Vec<&str>) =
            (base.iter().map(String::as_str).collect(), all.iter().map(String::as_str).collect());
        let sets: &[&[&str]] = if base == all { &[&base] } else { &[&base, &all] };
        let provider = Provider::new(name.clone(), label.unwrap_or(name.as_str()), &[], sets);
        provider.map(|it| (name.clone(), Arc::new(it))).map_err(|error| error.to_string())
    };
    needed.into_iter().map(provider).collect()
}

impl ToolSource for McpTools {
    fn tools(&self) -> Vec<Tool> {
        Vec::new()
    }

    fn servers(&self, user: &UserId) -> Vec<ServerTools> {
        let server = |listings: &Arc<Listings>| {
            let prefix = format!("{}_", listings.server().name);
            let (tools, unknown) = match listings.get(user) {
                Some(Ok(tools)) => {
                    return ServerTools { prefix, tools: tools.to_vec(), unknown: None };
                }
                Some(Err(Unknown::Failed(why))) => (connect::tool(listings, user), why.to_string()),
                Some(Err(Unknown::NotConnected)) | None => {
                    let name = &listings.server().name;
                    let why = format!("{name} has to be connected first, by connect_{name}.");
                    (connect::tool(listings, user), why)
                }
            };
            ServerTools { prefix, tools: tools.into_iter().collect(), unknown: Some(unknown) }
        };
        self.servers.iter().map(server).collect()
    }

    fn learn<'a>(&'a self, asker: &'a Authorizer<'a>) -> BoxFuture<'a, ()> {
        let user = asker.asker.user;
        let unknown = self.servers.iter().filter(|listings| listings.get(user).is_none());
        let learn = unknown.map(|listings| async move {
            let token = match &listings.server().needs {
                None => None,
                Some(needs) => match asker.stored_token(needs).await {
                    Some(token) => Some(token),
                    None => return listings.not_connected(user),
                },
            };
            // A failure is kept, and said when a tool of the server's is called.
            let _kept = listings.ask(user, token.as_ref()).await;
        });
        join_all(learn).map(|_| ()).boxed()
    }

    fn providers(&self) -> Vec<Arc<Provider>> {
        self.providers.values().cloned().collect()
    }
}

impl std::fmt::Debug for McpTools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.servers.iter().map(|listings| &listings.server().name);
        f.debug_list().entries(names).finish()
    }
}
