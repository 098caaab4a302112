//! Consent flows: from the first request for a token to the session's completion.
//!
//! Source: the AgentCore developer guide's "OAuth 2.0 authorization URL session binding". A session
//! lasts 10 minutes (unless the settings say otherwise) and is completed once, by the identity that
//! began it. The provider's code is kept with the session and exchanged only then.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, SystemTime},
};

use stand_in::random_token;
use url::Url;

use super::{
    limits::{CustomState, ParameterName, ParameterValue, ReturnUrl, SESSION_URI_PREFIX, Scope},
    vault::Key,
    workload::UserIdentifier,
};

/// How long an expired session is kept, so that polling can report that it failed.
const RETENTION: Duration = Duration::from_secs(60 * 60);

/// What a flow was begun for.
#[derive(Clone)]
pub(super) struct Purpose {
    pub(super) key: Key,
    pub(super) identifier: UserIdentifier,
    pub(super) scopes: Vec<Scope>,
    pub(super) return_url: ReturnUrl,
    pub(super) custom_state: Option<CustomState>,
    pub(super) custom_parameters: BTreeMap<ParameterName, ParameterValue>,
}

impl Purpose {
    /// Whether `asked` is the same request, with its scopes in any order.
    fn is_of_request(&self, asked: &Self) -> bool {
        let scopes = |purpose: &Self| purpose.scopes.iter().cloned().collect::<BTreeSet<_>>();
        self.key == asked.key
            && scopes(self) == scopes(asked)
            && self.custom_parameters == asked.custom_parameters
    }
}

/// The state of a flow.
enum Progress {
    Begun,
    AtProvider { state: String },
    Consented { code: String },
    Completing,
    Completed,
    Failed,
}

struct Flow {
    purpose: Purpose,
    expires: SystemTime,
    progress: Progress,
}

impl Flow {
    fn is_live(&self, now: SystemTime) -> bool {
        now < self.expires
    }
}

/// The status that polling returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Failed,
}

/// The result in the provider's redirect.
pub(super) enum ProviderAnswer {
    Code(String),
    Error(String),
}

/// How a completion ended.
pub(super) enum Ending {
    Completed,
    Refused,
    /// The provider never received the code, so it is still valid.
    NotAsked {
        code: String,
    },
}

/// Every flow by its session URI.
#[derive(Default)]
pub(super) struct Flows(HashMap<String, Flow>);

impl Flows {
    /// Begins a flow. Returns its session URI.
    pub(super) fn begin(
        &mut self,
        purpose: Purpose,
        lifetime: Duration,
        now: SystemTime,
    ) -> String {
        self.0.retain(|_, flow| flow.is_live(now) || now < flow.expires + RETENTION);
        let uri = format!("{SESSION_URI_PREFIX}{}", random_token());
        let flow = Flow { purpose, expires: now + lifetime, progress: Progress::Begun };
        self.0.insert(uri.clone(), flow);
        uri
    }

    /// Returns the status of a flow. `None` if it belongs to somebody else, or to another request.
    pub(super) fn status(&self, uri: &str, asked: &Purpose, now: SystemTime) -> Option<Status> {
        let flow = self.0.get(uri).filter(|flow| flow.purpose.is_of_request(asked))?;
        Some(match flow.progress {
            Progress::Completed => Status::Completed,
            Progress::Failed => Status::Failed,
            _ if flow.is_live(now) => Status::InProgress,
            _ => Status::Failed,
        })
    }

    /// Returns the identity that began a flow, for the built-in return page.
    pub(super) fn identifier(&self, uri: &str) -> Option<UserIdentifier> {
        self.0.get(uri).map(|flow| flow.purpose.identifier.clone())
    }

    /// Marks a flow as being at the provider, once. Returns the `state` for the provider.
    pub(super) fn authorize(&mut self, uri: &str, now: SystemTime) -> Option<(String, Purpose)> {
        let flow = self.0.get_mut(uri).filter(|flow| flow.is_live(now))?;
        let Progress::Begun = flow.progress else { return None };
        let state = random_token();
        flow.progress = Progress::AtProvider { state: state.clone() };
        Some((state, flow.purpose.clone()))
    }

    /// Stores the provider's result. Returns the address of the application to redirect to.
    pub(super) fn callback(
        &mut self,
        provider: &str,
        state: &str,
        answer: ProviderAnswer,
        now: SystemTime,
    ) -> Option<Url> {
        let (uri, flow) = self.0.iter_mut().find(|(_, flow)| {
            let is_at_provider =
                matches!(&flow.progress, Progress::AtProvider { state: it } if it == state);
            is_at_provider && flow.purpose.key.provider == provider && flow.is_live(now)
        })?;
        let mut target = Url::parse(&flow.purpose.return_url).ok()?;
        target.query_pairs_mut().append_pair("session_id", uri);
        match answer {
            ProviderAnswer::Code(code) => flow.progress = Progress::Consented { code },
            ProviderAnswer::Error(error) => {
                flow.progress = Progress::Failed;
                target.query_pairs_mut().append_pair("error", &error);
            }
        }
        // The service model says that it is "sent back"; public code reads it from `state`.
        if let Some(state) = &flow.purpose.custom_state {
            target.query_pairs_mut().append_pair("state", state);
        }
        Some(target)
    }

    /// Returns the code of a flow that was consented to, if `identifier` began it, and lets no other
    /// request complete it. [`Self::finish`] records how the completion ended.
    pub(super) fn take_code(
        &mut self,
        uri: &str,
        identifier: &UserIdentifier,
        now: SystemTime,
    ) -> Option<(String, Purpose)> {
        let flow = self.0.get_mut(uri).filter(|flow| flow.is_live(now))?;
        let Progress::Consented { code } = &flow.progress else { return None };
        if flow.purpose.identifier != *identifier {
            return None;
        }
        let taken = (code.clone(), flow.purpose.clone());
        flow.progress = Progress::Completing;
        Some(taken)
    }

    /// Removes every flow whose key matches `gone`.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.0.retain(|_, flow| !gone(&flow.purpose.key));
    }

    /// Records how a completion ended.
    pub(super) fn finish(&mut self, uri: &str, ending: Ending) {
        if let Some(flow) = self.0.get_mut(uri) {
            flow.progress = match ending {
                Ending::Completed => Progress::Completed,
                Ending::Refused => Progress::Failed,
                Ending::NotAsked { code } => Progress::Consented { code },
            };
        }
    }
}
