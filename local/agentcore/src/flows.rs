//! Consent flows: from the first request for a token to the session's completion.
//!
//! Source: the AgentCore developer guide's "OAuth 2.0 authorization URL session binding". A
//! session lasts 10 minutes (unless the settings say otherwise) and is completed once, by the identity that it was begun with; the
//! provider's code is kept with the session until then, never exchanged before.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime},
};

use stand_in::random_token;
use url::Url;

use super::{
    limits::{CustomState, ParameterName, ParameterValue, ReturnUrl, SESSION_URI_PREFIX, Scope},
    vault::Key,
    workload::UserIdentifier,
};

/// How long a session is remembered, so that polling can report that it failed.
const MEMORY: Duration = Duration::from_secs(60 * 60);

/// What a flow is about.
#[derive(Clone)]
pub(super) struct Purpose {
    pub(super) key: Key,
    pub(super) identifier: UserIdentifier,
    pub(super) scopes: Vec<Scope>,
    pub(super) return_url: ReturnUrl,
    pub(super) custom_state: Option<CustomState>,
    pub(super) custom_parameters: BTreeMap<ParameterName, ParameterValue>,
}

/// How far a flow has come.
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

/// What a request that polls is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Failed,
}

/// What the provider's redirect carried.
pub(super) enum ProviderAnswer {
    Code(String),
    Error(String),
}

/// How a completion ended.
pub(super) enum Ending {
    Completed,
    Refused,
    /// The provider never got the code, so that it is still good.
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
        self.0.retain(|_, flow| flow.is_live(now) || now < flow.expires + MEMORY);
        let uri = format!("{SESSION_URI_PREFIX}{}", random_token());
        let flow = Flow { purpose, expires: now + lifetime, progress: Progress::Begun };
        self.0.insert(uri.clone(), flow);
        uri
    }

    /// How far a flow has come. `None` if it belongs to somebody else.
    pub(super) fn status(&self, uri: &str, key: &Key, now: SystemTime) -> Option<Status> {
        let flow = self.0.get(uri).filter(|flow| flow.purpose.key == *key)?;
        Some(match flow.progress {
            Progress::Completed => Status::Completed,
            Progress::Failed => Status::Failed,
            _ if flow.is_live(now) => Status::InProgress,
            _ => Status::Failed,
        })
    }

    /// Who began a flow: for the page that completes it for them.
    pub(super) fn identifier(&self, uri: &str) -> Option<UserIdentifier> {
        self.0.get(uri).map(|flow| flow.purpose.identifier.clone())
    }

    /// Sends a browser to the provider, once for each flow. Returns the state to send along.
    pub(super) fn authorize(&mut self, uri: &str, now: SystemTime) -> Option<(String, Purpose)> {
        let flow = self.0.get_mut(uri).filter(|flow| flow.is_live(now))?;
        let Progress::Begun = flow.progress else { return None };
        let state = random_token();
        flow.progress = Progress::AtProvider { state: state.clone() };
        Some((state, flow.purpose.clone()))
    }

    /// Takes the provider's answer. Returns where the browser goes next.
    pub(super) fn come_back(
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
        // The model says that it is "sent back"; the name is the one that public code reads.
        if let Some(state) = &flow.purpose.custom_state {
            target.query_pairs_mut().append_pair("state", state);
        }
        Some(target)
    }

    /// Takes the code of a flow that was consented to, if `identifier` began it. No other request can
    /// complete the flow from here on; [`Self::finish`] records how it ended.
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

    /// Forgets every flow for which `gone` holds.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.0.retain(|_, flow| !gone(&flow.purpose.key));
    }

    /// Notes how a completion ended.
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
