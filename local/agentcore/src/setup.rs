//! What exists from the start, as a file: the inputs of the control plane's operations, so that the
//! same JSON works with the AWS CLI (`--cli-input-json`).

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    AgentCore, api_keys,
    control_plane::{identities, providers},
    provider::Endpoints,
    refusal::ApiRefusal,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Setup {
    #[serde(default)]
    workload_identities: Vec<identities::Definition>,
    #[serde(default)]
    oauth2_credential_providers: Vec<providers::Definition>,
    #[serde(default)]
    api_key_credential_providers: Vec<api_keys::Definition>,
}

/// A credential provider that was created.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// The callback to register at the provider.
    pub callback: Url,
    /// Where it sends people.
    pub authorization_endpoint: Url,
}

/// Why a setup can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// It is not valid JSON, or a member is missing or wrong.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// An operation refuses its input.
    #[error("{0}")]
    Refused(String),
}

impl From<ApiRefusal> for SetupError {
    fn from(refusal: ApiRefusal) -> Self {
        Self::Refused(refusal.into_message())
    }
}

impl AgentCore {
    /// Creates what the JSON object `setup` lists under `workloadIdentities`,
    /// `oauth2CredentialProviders` and `apiKeyCredentialProviders`.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn set_up(&self, setup: &[u8]) -> Result<Vec<Registered>, SetupError> {
        let setup: Setup = serde_json::from_slice(setup)?;
        for identity in &setup.workload_identities {
            self.add_identity(identity)?;
        }
        for key in setup.api_key_credential_providers {
            self.add_api_key(key)?;
        }
        let mut registered = Vec::new();
        for provider in setup.oauth2_credential_providers {
            registered.push(self.register(provider).await?);
        }
        Ok(registered)
    }

    /// Creates a workload identity without return URLs of its own.
    ///
    /// # Errors
    /// When the name is not valid, or is taken.
    pub fn add_workload_identity(&self, name: &str) -> Result<(), SetupError> {
        let definition = serde_json::from_value(json!({ "name": name }))?;
        self.add_identity(&definition)?;
        Ok(())
    }

    /// Creates a provider that sends people to the built-in consent page.
    ///
    /// # Errors
    /// When the name is not valid, or is taken.
    pub async fn add_built_in_provider(&self, name: &str) -> Result<Registered, SetupError> {
        let discovery = Endpoints::built_in(&self.base).as_discovery();
        let definition = json!({
            "name": name,
            "credentialProviderVendor": "CustomOauth2",
            "oauth2ProviderConfigInput": { "customOauth2ProviderConfig": {
                "clientId": "built-in", "clientSecret": "built-in", "oauthDiscovery": discovery,
            } },
        });
        self.register(serde_json::from_value(definition)?).await
    }

    async fn register(&self, definition: providers::Definition) -> Result<Registered, SetupError> {
        let (name, provider) = self.add_provider(definition).await?;
        let callback = provider.callback(&self.base);
        Ok(Registered { name, callback, authorization_endpoint: provider.endpoints.authorization })
    }
}
