//! What is known of a server's tools, for each user: listed once in a while, because a list may be the
//! user's own, and a turn that needs none of them should not wait for it.

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use agent::tool::Tool;
use identity::UserId;
use lru::LruCache;
use tokio::time::Instant;
use vault::AccessToken;

use crate::{failure::Trouble, server::Server, tool::tool};

/// How long a list counts.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How long a server is not asked again that has failed, or whose user has not consented.
const QUIET: Duration = Duration::from_secs(60);
/// Of how many users the lists are kept.
const MOST_USERS: NonZeroUsize = NonZeroUsize::new(128).unwrap();
/// How many tools of one server there may be.
const MOST_TOOLS: usize = 256;

/// The lists of one server.
pub(crate) struct Listings {
    server: Arc<Server>,
    /// Its tools that are offered, by its own names; all if `None`.
    offered: Option<BTreeSet<String>>,
    read_only: BTreeSet<String>,
    /// For each user, or for all of them, where the server knows no users.
    known: Mutex<LruCache<Option<UserId>, Known>>,
}

/// What is known, and until when.
#[derive(Clone)]
struct Known {
    until: Instant,
    tools: Result<Arc<[Tool]>, Unknown>,
}

/// Why there is no list.
#[derive(Debug, Clone)]
pub(crate) enum Unknown {
    /// The user has not consented, as far as is known.
    NotConnected,
    /// The server has failed: says so in a sentence.
    Failed(Arc<str>),
}

impl Listings {
    pub(crate) fn new(
        server: Arc<Server>,
        offered: Option<BTreeSet<String>>,
        read_only: BTreeSet<String>,
    ) -> Self {
        Self { server, offered, read_only, known: Mutex::new(LruCache::new(MOST_USERS)) }
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// The tools that are known for `user`; `None` if nothing is known any more.
    pub(crate) fn get(&self, user: &UserId) -> Option<Result<Arc<[Tool]>, Unknown>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&self.key(user))?;
        (known.until > Instant::now()).then(|| known.tools.clone())
    }

    /// Asks the server, and keeps its answer.
    pub(crate) async fn ask(
        &self,
        user: &UserId,
        token: Option<&AccessToken>,
    ) -> Result<Arc<[Tool]>, Trouble> {
        match self.server.list(token).await {
            Ok(listed) => {
                let is_offered =
                    |name: &str| self.offered.as_ref().is_none_or(|it| it.contains(name));
                let listed = listed.iter().filter(|listed| is_offered(&listed.name));
                let made = listed.filter_map(|listed| {
                    tool(&self.server, listed, self.read_only.contains(listed.name.as_ref()))
                });
                let tools: Arc<[Tool]> = made.take(MOST_TOOLS).collect();
                self.put(user, FRESH, Ok(Arc::clone(&tools)));
                Ok(tools)
            }
            Err(trouble) => {
                let sentence = trouble.sentence(&self.server.name);
                let (server, why) = (&self.server.name, &sentence);
                tracing::warn!(server, why, "an MCP server has no list");
                self.put(
                    user,
                    QUIET,
                    Err(match trouble {
                        // Another token may do.
                        Trouble::NotAccepted | Trouble::Lacks(_) => Unknown::NotConnected,
                        _ => Unknown::Failed(sentence.into()),
                    }),
                );
                Err(trouble)
            }
        }
    }

    /// The user has not consented yet.
    pub(crate) fn not_connected(&self, user: &UserId) {
        self.put(user, QUIET, Err(Unknown::NotConnected));
    }

    fn put(&self, user: &UserId, time: Duration, tools: Result<Arc<[Tool]>, Unknown>) {
        let known = Known { until: Instant::now() + time, tools };
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.put(self.key(user), known);
    }

    fn key(&self, user: &UserId) -> Option<UserId> {
        self.server.needs.as_ref().map(|_| user.clone())
    }
}
