//! What both services need to know of a caller: who it is, at which site, in which browser.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use identity::{AlbSettings, AuthenticationError, Authenticator, LoadBalancerArn, User};
use telemetry::Audit;
use url::Url;
use vault::{ConsentKeys, endpoint};

use crate::{
    environment::{Reader, parsed, text},
    problem::{Kind, Problem},
    site::Site,
};

const KEYS_RETRY: Duration = Duration::from_secs(5);

/// Everything that decides about a caller, from `ALB_ARN`, `OIDC_ISSUER`, `OIDC_CLIENT_ID`,
/// `ALB_PUBLIC_KEYS_URL`, `SESSION_BINDING_URL` and `CONSENT_KEY`.
#[derive(Debug)]
pub struct Inbound {
    /// Turns headers into users.
    pub authenticator: Authenticator,
    /// Where browsers know the application.
    pub site: Site,
    /// Seal and open flows.
    pub consent_keys: ConsentKeys,
}

impl Inbound {
    /// Reads its variables; nothing, and the mistakes with `reader`, if they can't be used.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let arns = reader.required("ALB_ARN", load_balancers);
        let issuer = reader.required("OIDC_ISSUER", text);
        let client = reader.required("OIDC_CLIENT_ID", text);
        let public_keys = reader.optional("ALB_PUBLIC_KEYS_URL", endpoint);
        let site = reader.required("SESSION_BINDING_URL", Site::parse);
        let consent_keys = reader.required("CONSENT_KEY", ConsentKeys::parse);

        let load_balancers = with_keys(arns?, public_keys, reader)?;
        let settings = AlbSettings { load_balancers, issuer: issuer?, client: client? };
        let authenticator = Authenticator::new(settings);
        Some(Self { authenticator, site: site?, consent_keys: consent_keys? })
    }

    /// The signed-in user who sent `headers`.
    ///
    /// # Errors
    /// 401 for no or bad proof (the reason goes to the audit trail alone), 503 when that can't
    /// be decided now.
    pub async fn user(&self, headers: &HeaderMap) -> Result<User, Problem> {
        let outcome = self.authenticator.authenticate(headers, SystemTime::now()).await;
        outcome.map_err(|error| match error {
            AuthenticationError::Refused(reason) => {
                Audit::SignInRefused { reason: &reason.to_string() }.record();
                Problem::unauthorized()
            }
            AuthenticationError::KeysUnavailable(_) => {
                let detail = "Sign-in can't be checked at the moment. Try again.";
                Problem::new(Kind::UpstreamUnavailable, detail)
                    .retry_after(KEYS_RETRY)
                    .because(error)
            }
        })
    }
}

fn load_balancers(list: &str) -> Result<Vec<LoadBalancerArn>, identity::NotALoadBalancer> {
    list.split(',').map(|arn| parsed(arn.trim())).collect()
}

/// Each load balancer with the place of its keys: the one configured, else the published one.
fn with_keys(
    arns: Vec<LoadBalancerArn>,
    configured: Option<Url>,
    reader: &mut Reader<'_>,
) -> Option<Vec<(LoadBalancerArn, Url)>> {
    let mut all = Vec::new();
    for arn in arns {
        let Some(keys) = configured.clone().or_else(|| arn.public_keys()) else {
            reader.mistake(
                "ALB_PUBLIC_KEYS_URL",
                "missing, and AWS has not published where the keys of ALB_ARN's partition are",
            );
            return None;
        };
        all.push((arn, keys));
    }
    Some(all)
}
