//! A provider's configuration: a client and its authorization server.
//!
//! The vendors are GitHub's and the custom one. A client without a secret, or with one in the user's
//! own Secrets Manager, is refused.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::super::{
    discovery::{Discovered, discover},
    limits::{ClientId, ClientSecret, DiscoveryUrl},
    provider::{ClientAuthentication, Endpoints, Vendor},
    refusal::ApiRefusal,
};

/// A union: exactly one member.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Config {
    GithubOauth2ProviderConfig(Client),
    CustomOauth2ProviderConfig(Box<Custom>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Client {
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    #[serde(default)]
    client_secret_source: SecretSource,
}

#[derive(Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum SecretSource {
    #[default]
    Managed,
    External,
}

impl Client {
    /// Id and secret.
    pub(super) fn credentials(self) -> Result<(String, String), ApiRefusal> {
        if self.client_secret_source == SecretSource::External {
            return Err(ApiRefusal::validation(
                "The stand-in for AgentCore Identity has no clientSecretSource but MANAGED",
            ));
        }
        let secret =
            self.client_secret.ok_or_else(|| ApiRefusal::validation("clientSecret is missing"))?;
        Ok((self.client_id.to_string(), secret.to_string()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Custom {
    #[serde(flatten)]
    client: Client,
    oauth_discovery: Discovery,
    client_authentication_method: Option<AuthenticationMethod>,
}

/// A union too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Discovery {
    DiscoveryUrl(DiscoveryUrl),
    AuthorizationServerMetadata(Box<Metadata>),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_methods: Option<Vec<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AuthenticationMethod {
    ClientSecretBasic,
    ClientSecretPost,
    AwsIamIdTokenJwt,
    PrivateKeyJwt,
}

/// A configuration that can be used here.
pub(super) struct ProviderConfig {
    pub(super) vendor: Vendor,
    pub(super) client: Client,
    pub(super) client_authentication: ClientAuthentication,
    pub(super) endpoints: Endpoints,
    /// `oauthDiscovery`, as it came or as the vendor has it.
    pub(super) discovery: Value,
}

impl Config {
    /// Checks the configuration, and discovers its endpoints if it has only a discovery URL. `github`
    /// is the GitHub of the vendor's providers; `built_in`, if set, replaces the endpoints of all
    /// providers.
    pub(super) async fn read(
        self,
        github: Option<&Url>,
        built_in: Option<Endpoints>,
    ) -> Result<ProviderConfig, ApiRefusal> {
        match self {
            Self::GithubOauth2ProviderConfig(client) => {
                let endpoints = built_in.or_else(|| github.map(Endpoints::github));
                let endpoints = endpoints.ok_or_else(|| {
                    ApiRefusal::validation("This stand-in has no address of GitHub")
                })?;
                let discovery = endpoints.as_discovery();
                let client_authentication = ClientAuthentication::Post;
                let vendor = Vendor::GithubOauth2;
                Ok(ProviderConfig { vendor, client, client_authentication, endpoints, discovery })
            }
            Self::CustomOauth2ProviderConfig(custom) => custom.read(built_in).await,
        }
    }
}

impl Custom {
    async fn read(self, built_in: Option<Endpoints>) -> Result<ProviderConfig, ApiRefusal> {
        let built_in = built_in.map(|endpoints| Discovered { endpoints, auth_methods: None });
        let (discovered, discovery) = match self.oauth_discovery {
            Discovery::DiscoveryUrl(url) => {
                let discovery = json!({ "discoveryUrl": *url });
                let discovered = match built_in {
                    Some(built_in) => built_in,
                    None => discover(&url).await?,
                };
                (discovered, discovery)
            }
            Discovery::AuthorizationServerMetadata(metadata) => {
                let discovery = json!({ "authorizationServerMetadata": metadata });
                let endpoints = Endpoints {
                    issuer: metadata.issuer,
                    authorization: metadata.authorization_endpoint,
                    token: metadata.token_endpoint,
                };
                let auth_methods = metadata.token_endpoint_auth_methods;
                (built_in.unwrap_or(Discovered { endpoints, auth_methods }), discovery)
            }
        };
        let Discovered { endpoints, auth_methods } = discovered;
        let client_authentication =
            choose_authentication(self.client_authentication_method, auth_methods)?;
        let (vendor, client) = (Vendor::CustomOauth2, self.client);
        Ok(ProviderConfig { vendor, client, client_authentication, endpoints, discovery })
    }
}

/// Returns the method that the client asks for, or else one that the server accepts. AWS does not
/// document which one it prefers if the server accepts both; here it is `client_secret_post`.
fn choose_authentication(
    asked: Option<AuthenticationMethod>,
    taken: Option<Vec<String>>,
) -> Result<ClientAuthentication, ApiRefusal> {
    let takes =
        |method: &str| taken.as_ref().is_none_or(|methods| methods.iter().any(|it| it == method));
    match asked {
        Some(AuthenticationMethod::ClientSecretBasic) => Ok(ClientAuthentication::Basic),
        Some(AuthenticationMethod::ClientSecretPost) => Ok(ClientAuthentication::Post),
        Some(AuthenticationMethod::AwsIamIdTokenJwt | AuthenticationMethod::PrivateKeyJwt) => {
            Err(ApiRefusal::validation(
                "The stand-in for AgentCore Identity has no clientAuthenticationMethod but \
                 CLIENT_SECRET_BASIC and CLIENT_SECRET_POST",
            ))
        }
        None if takes("client_secret_post") => Ok(ClientAuthentication::Post),
        None if takes("client_secret_basic") => Ok(ClientAuthentication::Basic),
        None => Err(ApiRefusal::validation(
            "The authorization server takes neither client_secret_post nor client_secret_basic",
        )),
    }
}
