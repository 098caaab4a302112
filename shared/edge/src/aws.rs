//! AWS clients' settings from the services' own configuration source.
//!
//! The SDKs would read the process's environment by themselves. Reading the same names here
//! checks them at start, and lets a handler run in one process with the local stand-ins.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{
    Builder, ConnectorBuilder,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use vault::endpoint;

use crate::{
    environment::{Reader, text},
    variable::{Optional, Variable},
};

/// Where a client without an [`AwsEndpoint`] of its own would go: nowhere.
const NOWHERE: &str = "http://127.0.0.1:0";
/// How many connections that nobody uses are kept to one host. Without a limit, each peak would leave as many as
/// it had at once, with some 40 KiB for the TLS of each.
const MOST_IDLE: usize = 128;
/// How long one is kept. Between two requests of a turn no model thinks as long, and no endpoint of AWS that a
/// turn calls keeps one much longer.
const IDLE: Duration = Duration::from_secs(60);

crate::variables! {
    /// Where AWS is, and as whom both services call it.
    pub AWS = "AWS", read by "both services, by the names that every AWS SDK knows":
    AWS_REGION: Required, "the region of everything on AWS";
    IDENTITY_REGION: Optional, "the region of AgentCore Identity, when not `AWS_REGION`";
    AWS_ENDPOINT_URL: Optional, "where every AWS service is, when not at AWS. One of its own takes precedence";
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: Optional, "where AgentCore Identity is";
    AWS_ENDPOINT_URL_SECRETS_MANAGER: Optional, "where AWS Secrets Manager is, which only `CONSENT_KEY_SECRET` needs";
    AWS_ACCESS_KEY_ID: Optional, "credentials, as on Lambda. Not set: those of the SDK's default chain, as a task's or a pod's role";
    AWS_SECRET_ACCESS_KEY: Optional, "their secret";
    AWS_SESSION_TOKEN: Optional, "their session token, if they are temporary";
}

/// What every AWS client starts from.
#[derive(Debug)]
pub struct Aws {
    credentials: Option<Credentials>,
}

/// Where one AWS service is.
#[derive(Debug, Clone)]
pub struct AwsEndpoint {
    region: String,
    url: Option<String>,
}

impl AwsEndpoint {
    /// The AWS service whose address the variable `url` has, if it is not at AWS.
    pub fn read(reader: &mut Reader<'_>, url: &Variable<Optional>) -> Option<Self> {
        Self::in_region(reader, None, url)
    }

    /// AgentCore Identity, which is not in every region.
    pub fn identity(reader: &mut Reader<'_>) -> Option<Self> {
        let region = reader.optional(&IDENTITY_REGION, text);
        Self::in_region(reader, region, &AWS_ENDPOINT_URL_BEDROCK_AGENTCORE)
    }

    fn in_region(
        reader: &mut Reader<'_>,
        region: Option<String>,
        url: &Variable<Optional>,
    ) -> Option<Self> {
        let own = reader.optional(url, endpoint);
        let general = reader.optional(&AWS_ENDPOINT_URL, endpoint);
        let region = match region {
            Some(region) => region,
            None => reader.required(&AWS_REGION, text)?,
        };
        Some(Self { region, url: own.or(general).map(String::from) })
    }

    /// The region that it is in.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Its address; that of the service that AWS calls `name`, if none is configured (AWS General
    /// Reference, "AWS service endpoints").
    pub(crate) fn address(&self, name: &str) -> String {
        let domain =
            if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let regional = || format!("https://{name}.{}.{domain}/", self.region);
        self.url.clone().unwrap_or_else(regional)
    }

    /// The settings for the clients of this service.
    #[must_use]
    pub fn within(&self, shared: &SdkConfig) -> SdkConfig {
        let mut config = shared.to_builder().region(Region::new(self.region.clone()));
        config.set_endpoint_url(self.url.clone());
        config.build()
    }
}

impl Aws {
    /// Credentials from the variables if they are there (as on Lambda, and locally), else the SDK's
    /// default chain.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let key = reader.optional(&AWS_ACCESS_KEY_ID, text);
        let secret = reader.optional(&AWS_SECRET_ACCESS_KEY, text);
        let session = reader.optional(&AWS_SESSION_TOKEN, text);
        let made = |(key, secret)| Credentials::new(key, secret, session, None, "environment");
        Self { credentials: key.zip(secret).map(made) }
    }

    /// What the clients of all services share. Nothing goes over the network before the first call.
    pub async fn load(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
        if let Some(credentials) = &self.credentials {
            loader = loader.credentials_provider(credentials.clone());
        }
        // With an endpoint given here, the SDK does not look for one in the process's environment or
        // in profiles, where it may be another than the one that was checked.
        loader = loader.endpoint_url(NOWHERE);
        // Each service has a region of its own; asking the instance metadata for one takes seconds.
        loader.region(Region::from_static("us-east-1")).load().await
    }
}

/// The SDK's own default client, but for what it keeps of its connections.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .pool_max_idle_per_host(MOST_IDLE)
            .pool_idle_timeout(IDLE)
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|it| it.sleep_impl()));
        connector.build()
    })
}
