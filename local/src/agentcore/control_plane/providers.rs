//! OAuth credential providers: GitHub's vendor, and custom ones by their metadata.

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    super::{
        AgentCore,
        input::Input,
        limits::{ClientId, ClientSecret, ProviderName},
        provider::{Endpoints, Provider, Vendor},
        refusal::{Kind, Refusal},
    },
    ACCOUNT, Answer, Listing, list, seconds,
};
use crate::environment::REGION;

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
struct Definition {
    name: ProviderName,
    credential_provider_vendor: String,
    oauth2_provider_config_input: Config,
}

/// A union: exactly one member.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Config {
    GithubOauth2ProviderConfig(Client),
    CustomOauth2ProviderConfig(Box<Custom>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    client_id: ClientId,
    client_secret: ClientSecret,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Custom {
    #[serde(flatten)]
    client: Client,
    oauth_discovery: Discovery,
    client_authentication_method: Option<String>,
}

/// A union too, of which a `discoveryUrl` is not taken here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Discovery {
    AuthorizationServerMetadata(Metadata),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    token_endpoint_auth_methods: Option<Vec<String>>,
}

impl Config {
    /// The vendor, the client and the endpoints, if this stand-in can serve them.
    fn read(self, github: Option<&Url>) -> Result<(Vendor, Client, Endpoints), Refusal> {
        match self {
            Self::GithubOauth2ProviderConfig(client) => {
                let github = github.ok_or_else(|| {
                    Refusal::validation("This stand-in was not told where its GitHub is")
                })?;
                Ok((Vendor::GithubOauth2, client, Endpoints::of_github(github)))
            }
            Self::CustomOauth2ProviderConfig(custom) => {
                let Discovery::AuthorizationServerMetadata(metadata) = custom.oauth_discovery;
                let methods = metadata.token_endpoint_auth_methods;
                let post =
                    methods.is_none_or(|all| all.iter().any(|it| it == "client_secret_post"));
                let method = custom.client_authentication_method;
                if !post || method.is_some_and(|it| it != "CLIENT_SECRET_POST") {
                    return Err(Refusal::validation(
                        "This stand-in authenticates a client by client_secret_post only",
                    ));
                }
                let endpoints = Endpoints {
                    issuer: metadata.issuer,
                    authorization: metadata.authorization_endpoint,
                    token: metadata.token_endpoint,
                };
                Ok((Vendor::CustomOauth2, custom.client, endpoints))
            }
        }
    }
}

impl Definition {
    fn read(self, github: Option<&Url>, core: &AgentCore) -> Result<(String, Provider), Refusal> {
        let (vendor, client, endpoints) = self.oauth2_provider_config_input.read(github)?;
        if self.credential_provider_vendor != vendor.name() {
            return Err(Refusal::validation(
                "credentialProviderVendor does not fit oauth2ProviderConfigInput, or is one that \
                 this stand-in does not have",
            ));
        }
        let client = (client.client_id.to_string(), client.client_secret.to_string());
        Ok((self.name.to_string(), Provider::new(vendor, client, endpoints, core.now())))
    }
}

#[derive(Deserialize)]
struct Name {
    name: ProviderName,
}

/// `CreateOauth2CredentialProvider`.
async fn create(
    State(core): State<AgentCore>,
    Input(input): Input<Definition>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut state = core.state();
    let (name, provider) = input.read(state.github.as_ref(), &core)?;
    if state.providers.contains_key(&name) {
        let message = format!("Credential provider '{name}' already exists");
        return Err(Refusal::new(Kind::Conflict, message));
    }
    let answer = core.describe(&name, &provider);
    state.providers.insert(name, provider);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `GetOauth2CredentialProvider`.
async fn get(State(core): State<AgentCore>, Input(input): Input<Name>) -> Answer {
    let state = core.state();
    Ok(Json(core.describe(&input.name, state.provider(&input.name)?)))
}

/// `UpdateOauth2CredentialProvider`: everything but the name, the callback and the tokens.
async fn update(State(core): State<AgentCore>, Input(input): Input<Definition>) -> Answer {
    let mut state = core.state();
    let (name, provider) = input.read(state.github.as_ref(), &core)?;
    let Provider { created, callback_id, .. } = *state.provider(&name)?;
    let provider = Provider { created, callback_id, ..provider };
    let answer = core.describe(&name, &provider);
    state.providers.insert(name, provider);
    Ok(Json(answer))
}

/// `DeleteOauth2CredentialProvider`, and with it every token of the provider's.
async fn delete(
    State(core): State<AgentCore>,
    Input(input): Input<Name>,
) -> Result<StatusCode, Refusal> {
    let mut state = core.state();
    state.provider(&input.name)?;
    state.providers.remove(&*input.name);
    state.vault.forget(|key| key.provider == *input.name);
    Ok(StatusCode::NO_CONTENT)
}

/// `ListOauth2CredentialProviders`.
async fn list_all(State(core): State<AgentCore>, Input(listing): Input<Listing>) -> Answer {
    list(&core.state().providers, &listing, "credentialProviders", |name, provider| {
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
    fn describe(&self, name: &str, provider: &Provider) -> Value {
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
            "credentialProviderVendor": provider.vendor.name(),
            "credentialProviderArn": arn(name),
            "callbackUrl": provider.callback(&self.base),
            "clientSecretArn": { "secretArn": secret },
            "oauth2ProviderConfigOutput": { member: {
                "clientId": provider.client_id,
                "oauthDiscovery": { "authorizationServerMetadata": {
                    "issuer": provider.endpoints.issuer,
                    "authorizationEndpoint": provider.endpoints.authorization,
                    "tokenEndpoint": provider.endpoints.token,
                } },
            } },
            "status": "READY",
            "createdTime": seconds(provider.created),
            "lastUpdatedTime": seconds(provider.updated),
        })
    }
}

/// As the service model has it: `acps`, not `bedrock-agentcore`.
fn arn(name: &str) -> String {
    format!("arn:aws:acps:{REGION}:{ACCOUNT}:token-vault/default/oauth2credentialprovider/{name}")
}
