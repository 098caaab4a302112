//! The consent key, fetched from AWS Secrets Manager when a service starts.
//!
//! A key in a function's configuration is read by everybody who may read that, and stays what it was
//! when the function was deployed. With `CONSENT_KEY_SECRET` the configuration holds the secret's name
//! only. One request does it, in the AWS JSON 1.1 protocol: AWS Secrets Manager API Reference,
//! "GetSecretValue". The SDK's client for all of that API is too large for a function.

use std::{fmt, time::Duration};

use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use serde_json::json;

use crate::{
    aws::{AWS_ENDPOINT_URL_SECRETS_MANAGER, Aws, AwsEndpoint},
    environment::{ConfigError, Reader, Source},
    inbound::{CONSENT_KEY, CONSENT_KEY_SECRET},
    signature,
};

/// How often the secret is asked for before the start fails.
const ATTEMPTS: usize = 2;
/// For one attempt. All of them fit into the ten seconds that a function has for its start (AWS Lambda
/// Developer Guide, "Lambda execution environment lifecycle").
const TIMEOUT: Duration = Duration::from_secs(3);
/// The answer is a few hundred bytes; a secret may have 65,536 (its API, "CreateSecret").
const MAX_BYTES: usize = 128 * 1024;
/// How much of a refusal is repeated.
const MAX_CHARACTERS: usize = 300;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A source in which `CONSENT_KEY` is the value of the secret that `CONSENT_KEY_SECRET` names, if it
/// names one.
pub struct WithConsentKey<'a> {
    source: &'a dyn Source,
    fetched: Option<String>,
}

impl<'a> WithConsentKey<'a> {
    /// Fetches the key if the variables of `source` say so.
    ///
    /// # Errors
    /// When both variables are set, or the secret can't be read: the message says why.
    pub async fn fetch(source: &'a dyn Source) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let Some(secret) = reader.optional(&CONSENT_KEY_SECRET, secret_arn) else {
            return reader.finish(Some(Self { source, fetched: None }));
        };
        if source.get(CONSENT_KEY.name).is_some() {
            reader.mistake(&CONSENT_KEY_SECRET, "CONSENT_KEY is set, too; set one of them");
        }
        let aws = Aws::read(&mut reader);
        let endpoint = AwsEndpoint::read(&mut reader, &AWS_ENDPOINT_URL_SECRETS_MANAGER);
        let endpoint = reader.finish(endpoint)?;
        match value(&aws, &endpoint, &secret).await {
            Ok(key) => Ok(Self { source, fetched: Some(key) }),
            Err(why) => {
                let mut reader = Reader::new(source);
                reader.mistake(&CONSENT_KEY_SECRET, format!("the secret can't be read: {why}"));
                Err(reader.into_error())
            }
        }
    }
}

impl Source for WithConsentKey<'_> {
    fn get(&self, name: &str) -> Option<String> {
        match &self.fetched {
            Some(key) if name == CONSENT_KEY.name => Some(key.clone()),
            _ => self.source.get(name),
        }
    }
}

impl fmt::Debug for WithConsentKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithConsentKey(…)")
    }
}

/// Parses a secret's ARN: `arn:{partition}:secretsmanager:{region}:{account}:secret:{name}`.
fn secret_arn(text: &str) -> Result<String, &'static str> {
    let parts: Vec<&str> = text.splitn(7, ':').collect();
    match parts[..] {
        ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty() => {
            Ok(text.to_owned())
        }
        _ => Err("not the ARN of a secret in Secrets Manager"),
    }
}

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
enum SecretError {
    #[error("there are no credentials ({0})")]
    Credentials(Cause),
    #[error("the request can't be made ({0})")]
    Request(Cause),
    #[error("Secrets Manager can't be reached ({0})")]
    Unreachable(Cause),
    #[error("Secrets Manager did not answer within {} seconds", TIMEOUT.as_secs())]
    TimedOut,
    #[error("Secrets Manager answered {status}: {reason}")]
    Refused { status: u16, reason: String },
    #[error("the answer is not the one of GetSecretValue, or the secret is not a text")]
    NotText,
}

impl SecretError {
    /// Whether another attempt may end otherwise.
    fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::Refused { status, reason } => *status >= 500 || reason.contains("Throttling"),
            Self::Credentials(_) | Self::Request(_) | Self::NotText => false,
        }
    }
}

async fn value(aws: &Aws, endpoint: &AwsEndpoint, secret: &str) -> Result<String, SecretError> {
    let mut attempts = 1;
    loop {
        let attempt = tokio::time::timeout(TIMEOUT, attempt(aws, endpoint, secret)).await;
        match attempt.unwrap_or(Err(SecretError::TimedOut)) {
            Err(error) if error.is_passing() && attempts < ATTEMPTS => attempts += 1,
            done => return done,
        }
    }
}

async fn attempt(aws: &Aws, endpoint: &AwsEndpoint, secret: &str) -> Result<String, SecretError> {
    let config = aws.load().await;
    let credentials = config.credentials_provider().ok_or("no provider of any");
    let credentials = credentials.map_err(|why| SecretError::Credentials(why.into()))?;
    let credentials = credentials.provide_credentials().await;
    let credentials = credentials.map_err(|why| SecretError::Credentials(chain(&why).into()))?;
    let request = request(endpoint, secret, credentials).map_err(SecretError::Request)?;
    let connector = default_connector(&Default::default(), None);
    let connector = connector.ok_or_else(|| SecretError::Request("no HTTP client".into()))?;
    let unreachable = |cause: Cause| SecretError::Unreachable(chain(&*cause).into());
    let answer = connector.call(request).await.map_err(|error| unreachable(error.into()))?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
    parse(status, &body.map_err(unreachable)?.to_bytes())
}

/// The signed request.
fn request(
    endpoint: &AwsEndpoint,
    secret: &str,
    credentials: Credentials,
) -> Result<HttpRequest, Cause> {
    let body = json!({ "SecretId": secret }).to_string();
    let request = http::Request::post(endpoint.address("secretsmanager"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "secretsmanager.GetSecretValue");
    let mut request = request.body(SdkBody::from(body.as_str()))?;
    let service = (endpoint.region(), "secretsmanager");
    signature::sign(&mut request, body.as_bytes(), credentials, service)?;
    Ok(request.try_into()?)
}

/// The secret's value, or why Secrets Manager does not give it (its API, "Common errors").
fn parse(status: u16, body: &[u8]) -> Result<String, SecretError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Secret {
        secret_string: String,
    }
    #[derive(Default, Deserialize)]
    struct Refusal {
        #[serde(default, rename = "__type")]
        kind: String,
        #[serde(default, alias = "Message")]
        message: String,
    }
    if status == 200 {
        let secret = serde_json::from_slice::<Secret>(body).map_err(|_| SecretError::NotText)?;
        return Ok(secret.secret_string);
    }
    let Refusal { kind, message } = serde_json::from_slice(body).unwrap_or_default();
    let reason = format!("{kind} {message}").chars().take(MAX_CHARACTERS).collect();
    Err(SecretError::Refused { status, reason })
}

/// An error with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests;
