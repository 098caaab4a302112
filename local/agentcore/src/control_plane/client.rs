//! A provider's configuration as it comes: which client, at which authorization server.
//!
//! Of the vendors there are GitHub's and the custom one. A client that has no secret of its own,
//! or keeps it in one's own Secrets Manager, can't be used here.

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
pub(super) struct Usable {
    pub(super) vendor: Vendor,
    pub(super) client: Client,
    pub(super) client_authentication: ClientAuthentication,
    pub(super) endpoints: Endpoints,
    /// `oauthDiscovery`, as it came or as the vendor has it.
    pub(super) discovery: Value,
}

impl Config {
    /// The configuration, its endpoints discovered if need be. `github` is where the vendor's
    /// providers send people, and `here` where all do, if set.
    pub(super) async fn read(
        self,
        github: Option<&Url>,
        here: Option<Endpoints>,
    ) -> Result<Usable, ApiRefusal> {
        match self {
            Self::GithubOauth2ProviderConfig(client) => {
                let endpoints = here.or_else(|| github.map(Endpoints::github));
                let endpoints = endpoints.ok_or_else(|| {
                    ApiRefusal::validation("This stand-in was not told where its GitHub is")
                })?;
                let discovery = endpoints.as_discovery();
                let client_authentication = ClientAuthentication::Post;
                let vendor = Vendor::GithubOauth2;
                Ok(Usable { vendor, client, client_authentication, endpoints, discovery })
            }
            Self::CustomOauth2ProviderConfig(custom) => custom.read(here).await,
        }
    }
}

impl Custom {
    async fn read(self, here: Option<Endpoints>) -> Result<Usable, ApiRefusal> {
        let here = here.map(|endpoints| Discovered { endpoints, auth_methods: None });
        let (discovered, discovery) = match self.oauth_discovery {
            Discovery::DiscoveryUrl(url) => {
                let discovery = json!({ "discoveryUrl": *url });
                let discovered = match here {
                    Some(here) => here,
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
                (here.unwrap_or(Discovered { endpoints, auth_methods }), discovery)
            }
        };
        let Discovered { endpoints, auth_methods } = discovered;
        let client_authentication = choose(self.client_authentication_method, auth_methods)?;
        let (vendor, client) = (Vendor::CustomOauth2, self.client);
        Ok(Usable { vendor, client, client_authentication, endpoints, discovery })
    }
}

/// What the client asks for, else what the server takes. AWS does not say what it prefers where
/// the server takes both; here the secret goes into the body.
fn choose(
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
