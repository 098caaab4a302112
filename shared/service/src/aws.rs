//! AWS clients' settings from the services' own configuration source.
//!
//! The SDKs would read the process's environment by themselves. Reading the same names here
//! checks them at start, and lets a handler run in one process with the local stand-ins.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use vault::endpoint;

use crate::environment::{Reader, Source, text};

/// Where a client without a [`Place`] of its own would go: nowhere.
const NOWHERE: &str = "http://127.0.0.1:0";

/// What every AWS client starts from.
#[derive(Debug)]
pub struct Aws {
    credentials: Option<Credentials>,
}

/// Where one AWS service is.
#[derive(Debug, Clone)]
pub struct Place {
    region: String,
    endpoint: Option<String>,
}

impl Place {
    /// Region and endpoint of the AWS service whose SDK calls it `service`
    /// (`AWS_ENDPOINT_URL_{service}`, else `AWS_ENDPOINT_URL`).
    pub fn read(reader: &mut Reader<'_>, region: &str, service: &str) -> Option<Self> {
        let own = reader.optional(&format!("AWS_ENDPOINT_URL_{service}"), endpoint);
        let general = reader.optional("AWS_ENDPOINT_URL", endpoint);
        let region = match reader.optional(region, text) {
            Some(region) => region,
            None => reader.required("AWS_REGION", text)?,
        };
        Some(Self { region, endpoint: own.or(general).map(String::from) })
    }

    /// The settings for the clients of this service.
    #[must_use]
    pub fn within(&self, shared: &SdkConfig) -> SdkConfig {
        let mut config = shared.to_builder().region(Region::new(self.region.clone()));
        config.set_endpoint_url(self.endpoint.clone());
        config.build()
    }
}

impl Aws {
    /// Credentials from `source` if they are there (as on Lambda, and locally), else the SDK's
    /// default chain.
    pub fn read(source: &dyn Source) -> Self {
        Self { credentials: credentials(source) }
    }

    /// What the clients of all services share. Nothing goes over the network before the first call.
    pub async fn load(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
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

fn credentials(source: &dyn Source) -> Option<Credentials> {
    let key = source.get("AWS_ACCESS_KEY_ID")?;
    let secret = source.get("AWS_SECRET_ACCESS_KEY")?;
    let session = source.get("AWS_SESSION_TOKEN");
    Some(Credentials::new(key, secret, session, None, "environment"))
}
