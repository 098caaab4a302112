//! Forwards requests to Amazon Bedrock itself, signed with the AWS credentials of the person who runs
//! this.
//!
//! The services never see these credentials, and nothing but model requests is signed with them.
//! Signature Version 4 is the SDK's own implementation of it; credentials and region are found as any
//! AWS tool finds them (AWS SDKs and Tools Reference Guide, "Configuration and authentication
//! settings").

use std::{fmt, sync::Arc, time::SystemTime};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
    routing::post,
};
use futures_util::stream;
use reqwest::redirect::Policy;
use url::Url;

use super::exception;
use stand_in::error_chain;

/// The limit of a request's body; the services send far less.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Why the real model can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No region is configured.
    #[error("the model has no AWS region: set AWS_REGION, or `region` in your AWS profile")]
    Region,
    /// There are no credentials.
    #[error(
        "there are no AWS credentials for the model: {0}; choose a profile with --aws-profile. One \
         that signs in (SSO) can be used through a profile with `credential_process = aws configure \
         export-credentials --profile NAME`"
    )]
    Credentials(String),
    /// The address of Bedrock is not a URL.
    #[error("the address of Bedrock can't be used: {0}")]
    Address(#[from] url::ParseError),
    /// The HTTP client can't be made.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// Signs requests and forwards them.
struct BedrockProxy {
    credentials: SharedCredentialsProvider,
    region: String,
    endpoint: Url,
    client: reqwest::Client,
}

impl fmt::Debug for BedrockProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BedrockProxy")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

/// Bedrock's runtime at `endpoint` (AWS's own address if `None`), with the credentials of `profile`
/// (the default ones if `None`).
///
/// # Errors
/// See [`ModelError`].
pub async fn router(profile: Option<&str>, endpoint: Option<&Url>) -> Result<Router, ModelError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    let real = BedrockProxy::new(&loader.load().await, endpoint)?;
    real.credentials
        .provide_credentials()
        .await
        .map_err(|error| ModelError::Credentials(error_chain(&error)))?;
    let service = post(forward).with_state(Arc::new(real));
    Ok(Router::new().route("/model/{model}/converse-stream", service))
}

impl BedrockProxy {
    fn new(config: &SdkConfig, endpoint: Option<&Url>) -> Result<Self, ModelError> {
        let region = config.region().ok_or(ModelError::Region)?.to_string();
        let credentials = config.credentials_provider();
        let credentials =
            credentials.ok_or_else(|| ModelError::Credentials("none are configured".to_owned()))?;
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let endpoint = match endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Url::parse(&format!("https://bedrock-runtime.{region}.{domain}"))?,
        };
        let client = reqwest::Client::builder().redirect(Policy::none()).build()?;
        Ok(Self { credentials, region, endpoint, client })
    }

    /// Sends a service's request to Bedrock.
    async fn ask(&self, head: &Parts, body: Bytes) -> Result<reqwest::Response, String> {
        let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
        let address = format!("{}{path}", self.endpoint.as_str().trim_end_matches('/'));
        let content_type = head.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let host = self.endpoint[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let headers = [("host", host.as_str()), ("content-type", content_type)];
        let signed = self.sign(&address, &headers, &body).await?;
        let request = self.client.post(&address).headers(signed);
        let request = request.header(header::CONTENT_TYPE, content_type).body(body);
        request.send().await.map_err(|error| error_chain(&error.without_url()))
    }

    async fn sign(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<HeaderMap, String> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|error| error_chain(&error))?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("bedrock")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build();
        let parameters = parameters.map_err(|error| error_chain(&error))?.into();
        let request = SignableRequest::new(
            Method::POST.as_str(),
            address,
            headers.iter().copied(),
            SignableBody::Bytes(body),
        );
        let request = request.map_err(|error| error_chain(&error))?;
        let signed = sign(request, &parameters).map_err(|error| error_chain(&error))?;
        let (instructions, _) = signed.into_parts();
        let mut signed = HeaderMap::new();
        for (name, value) in instructions.headers() {
            let mut value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            let name: axum::http::HeaderName =
                name.parse().map_err(|_| "a signed header has an invalid name".to_owned())?;
            signed.insert(name, value);
        }
        Ok(signed)
    }
}

async fn forward(State(real): State<Arc<BedrockProxy>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return exception(StatusCode::BAD_REQUEST, "ValidationException", "The body is too long");
    };
    super::log_request_if_valid(&body);
    let answer = match real.ask(&head, body).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(error, "Bedrock can't be asked");
            let message = "The real model can't be asked; the terminal says why.";
            let name = "ServiceUnavailableException";
            return exception(StatusCode::SERVICE_UNAVAILABLE, name, message);
        }
    };
    if !answer.status().is_success() {
        let name = answer.headers().get("x-amzn-errortype").and_then(|name| name.to_str().ok());
        let status = answer.status().as_u16();
        tracing::warn!(status, "Bedrock refuses: {}", name.unwrap_or_default());
    }
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = answer.status();
    for name in ["content-type", "x-amzn-errortype", "x-amzn-requestid", "retry-after"] {
        if let Some(value) = answer.headers().get(name) {
            reply.headers_mut().insert(name, value.clone());
        }
    }
    let chunks = stream::try_unfold(answer, |mut answer| async {
        Ok::<_, reqwest::Error>(answer.chunk().await?.map(|chunk| (chunk, answer)))
    });
    reply.map(|_| Body::from_stream(chunks))
}
