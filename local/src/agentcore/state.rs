//! Everything that this AgentCore Identity remembers.

use url::Url;

use super::{
    flows::Flows,
    provider::{Provider, Providers},
    refusal::Refusal,
    vault::Vault,
    workload::{WorkloadIdentities, WorkloadIdentity, WorkloadTokens},
};

/// The state behind one lock, so that every step of a flow is taken once.
#[derive(Default)]
pub(super) struct State {
    pub(super) identities: WorkloadIdentities,
    pub(super) providers: Providers,
    pub(super) workload_tokens: WorkloadTokens,
    pub(super) flows: Flows,
    pub(super) vault: Vault,
    /// Where providers of GitHub's vendor lead, which name no address of their own.
    pub(super) github: Option<Url>,
}

impl State {
    /// A workload identity that must exist.
    pub(super) fn identity(&self, name: &str) -> Result<&WorkloadIdentity, Refusal> {
        self.identities.get(name).ok_or_else(|| Refusal::not_found("Workload identity", name))
    }

    /// A provider that must exist.
    pub(super) fn provider(&self, name: &str) -> Result<&Provider, Refusal> {
        self.providers.get(name).ok_or_else(|| Refusal::not_found("Credential provider", name))
    }
}
