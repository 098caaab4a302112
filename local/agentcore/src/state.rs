//! The state of the stand-in.

use url::Url;

use super::{
    api_keys::{ApiKeyProvider, ApiKeyProviders},
    consent_page::Consents,
    flows::Flows,
    provider::{Provider, Providers},
    refusal::ApiRefusal,
    vault::{Key, Vault},
    workload::{WorkloadIdentities, WorkloadIdentity, WorkloadTokens},
};

/// The state. It is behind one lock, so that every step of a flow happens once.
#[derive(Default)]
pub(super) struct State {
    pub(super) identities: WorkloadIdentities,
    pub(super) providers: Providers,
    pub(super) api_keys: ApiKeyProviders,
    pub(super) workload_tokens: WorkloadTokens,
    pub(super) flows: Flows,
    pub(super) vault: Vault,
    pub(super) consents: Consents,
    /// The GitHub of providers of the vendor `GithubOauth2`, which have no address of their own.
    pub(super) github: Option<Url>,
}

impl State {
    /// Returns a workload identity, or an error if it does not exist.
    pub(super) fn identity(&self, name: &str) -> Result<&WorkloadIdentity, ApiRefusal> {
        self.identities.get(name).ok_or_else(|| ApiRefusal::not_found("Workload identity", name))
    }

    /// Returns a provider, or an error if it does not exist.
    pub(super) fn provider(&self, name: &str) -> Result<&Provider, ApiRefusal> {
        self.providers.get(name).ok_or_else(|| ApiRefusal::not_found("Credential provider", name))
    }

    /// Returns a provider of an API key, or an error if it does not exist.
    pub(super) fn api_key(&self, name: &str) -> Result<&ApiKeyProvider, ApiRefusal> {
        self.api_keys.get(name).ok_or_else(|| ApiRefusal::not_found("Credential provider", name))
    }

    /// Removes the tokens and flows of something that is deleted.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.vault.forget(&gone);
        self.flows.forget(&gone);
    }
}
