//! OAuth credential providers: GitHub's vendor, and custom ones by metadata or discovery.

use super::{
    super::{
        AgentCore,
        input::Input,
        limits::ProviderName,
        provider::{Endpoints, Provider, Vendor, callback_id},
        refusal::{ApiRefusal, OperationResult},
    },
    Listing, Name,
    client::{Config, ProviderConfig},
    list, seconds,
};
use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};
use stand_in::{ACCOUNT, REGION};

/// The most that a page of the list holds.
const PAGE: usize = 20;

/// The operations.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new()
        .route("/identities/CreateOauth2CredentialProvider", post(create))
        .route("/identities/GetOauth2CredentialProvider", post(get))
        .route("/identities/UpdateOauth2CredentialProvider", post(update))
        .route("/identities/DeleteOauth2CredentialProvider", post(delete))
        .route("/identities/ListOauth2CredentialProviders", post(list_all))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    name: ProviderName,
    credential_provider_vendor: String,
    oauth2_provider_config_input: Config,
}

impl Definition {
    /// Checks the definition. Returns the provider with its name.
    async fn read(self, core: &AgentCore) -> Result<(String, Provider), ApiRefusal> {
        let github = core.settings.github.clone().or_else(|| core.state().github.clone());
        let built_in = core.settings.consents_here.then(|| Endpoints::built_in(&core.base));
        let ProviderConfig { vendor, client, client_authentication, endpoints, discovery } =
            self.oauth2_provider_config_input.read(github.as_ref(), built_in).await?;
        if self.credential_provider_vendor != vendor.name() {
            return Err(ApiRefusal::validation(
                "credentialProviderVendor does not fit oauth2ProviderConfigInput, or is one that \
                 this stand-in does not have",
            ));
        }
        let (client_id, client_secret) = client.credentials()?;
        let (created, callback_id) = (core.now(), callback_id(&self.name));
        let provider = Provider {
            vendor,
            client_id,
            client_secret,
            client_authentication,
            endpoints,
            discovery,
            callback_id,
            created,
            updated: created,
        };
        Ok((self.name.to_string(), provider))
    }
}

/// `CreateOauth2CredentialProvider`.
async fn create(
    State(core): State<AgentCore>,
    Input(input): Input<Definition>,
) -> Result<(StatusCode, Json<Value>), ApiRefusal> {
    let (name, provider) = core.add_provider(input).await?;
    Ok((StatusCode::CREATED, Json(core.identify(&name, &provider))))
}

/// `GetOauth2CredentialProvider`.
async fn get(State(core): State<AgentCore>, Input(input): Input<Name>) -> OperationResult {
    let state = core.state();
    Ok(Json(core.describe(&input.name, state.provider(&input.name)?)))
}

/// `UpdateOauth2CredentialProvider`: everything but the name, the callback and the tokens.
async fn update(State(core): State<AgentCore>, Input(input): Input<Definition>) -> OperationResult {
    let (name, provider) = input.read(&core).await?;
    let mut state = core.state();
    let Provider { created, callback_id, .. } = *state.provider(&name)?;
    let provider = Provider { created, callback_id, ..provider };
    let answer = core.describe(&name, &provider);
    state.providers.insert(name, provider);
    Ok(Json(answer))
}

/// `DeleteOauth2CredentialProvider`, and with it every token and flow of the provider's.
async fn delete(
    State(core): State<AgentCore>,
    Input(input): Input<Name>,
) -> Result<StatusCode, ApiRefusal> {
    let mut state = core.state();
    state.provider(&input.name)?;
    state.providers.remove(&*input.name);
    state.forget(|key| key.provider == *input.name);
    Ok(StatusCode::NO_CONTENT)
}

/// `ListOauth2CredentialProviders`.
async fn list_all(
    State(core): State<AgentCore>,
    Input(listing): Input<Listing>,
) -> OperationResult {
    list(&core.state().providers, &listing, PAGE, "credentialProviders", |name, provider| {
        json!({
            "name": name,
            "credentialProviderVendor": provider.vendor.name(),
            "credentialProviderArn": arn(name),
            "createdTime": seconds(provider.created),
            "lastUpdatedTime": seconds(provider.updated),
        })
    })
}

impl AgentCore {
    /// Creates a provider.
    pub(crate) async fn add_provider(
        &self,
        definition: Definition,
    ) -> Result<(String, Provider), ApiRefusal> {
        let (name, provider) = definition.read(self).await?;
        let mut state = self.state();
        if state.providers.contains_key(&name) {
            return Err(ApiRefusal::exists("Credential provider", &name));
        }
        state.providers.insert(name.clone(), provider.clone());
        Ok((name, provider))
    }

    fn describe(&self, name: &str, provider: &Provider) -> Value {
        let mut described = self.identify(name, provider);
        described["credentialProviderVendor"] = provider.vendor.name().into();
        described["createdTime"] = seconds(provider.created).into();
        described["lastUpdatedTime"] = seconds(provider.updated).into();
        described
    }

    /// The response to the creation of a provider, which has neither vendor nor times.
    fn identify(&self, name: &str, provider: &Provider) -> Value {
        let member = match provider.vendor {
            Vendor::GithubOauth2 => "githubOauth2ProviderConfig",
            Vendor::CustomOauth2 => "customOauth2ProviderConfig",
        };
        let secret = format!(
            "arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:bedrock-agentcore-identity!default/\
             oauth2/{name}"
        );
        json!({
            "name": name,
            "credentialProviderArn": arn(name),
            "callbackUrl": provider.callback(&self.base),
            "clientSecretArn": { "secretArn": secret },
            "clientSecretSource": "MANAGED",
            "oauth2ProviderConfigOutput": { member: {
                "clientId": provider.client_id,
                "oauthDiscovery": provider.discovery,
            } },
            "status": "READY",
        })
    }
}

/// The service model has `acps` here, not `bedrock-agentcore`.
fn arn(name: &str) -> String {
    format!("arn:aws:acps:{REGION}:{ACCOUNT}:token-vault/default/oauth2credentialprovider/{name}")
}
