//! Bedrock itself, with everything else embedded: the services' requests are signed anew with the
//! AWS credentials of the person who runs this, and passed on.
//!
//! So the credentials never reach the services, on no platform, and no request but a model's is made
//! with them. Signature Version 4 is the SDK's own implementation of it; credentials and region are
//! found as any AWS tool finds them (AWS SDKs and Tools Reference Guide, "Configuration and
//! authentication settings").

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

/// A request to a model is no longer than this (a conversation is cut long before).
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

/// Signs requests and passes them on.
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

/// Bedrock's runtime at `endpoint`, or else at AWS's own address, with the credentials of `profile`, or
/// else the usual ones; once it is sure that there are credentials.
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
        .map_err(|error| ModelError::Credentials(chain(&error)))?;
    let service = post(pass_on).with_state(Arc::new(real));
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

    /// The answer of Bedrock to this request of a service's.
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
        request.send().await.map_err(|error| chain(&error.without_url()))
    }

    async fn sign(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<HeaderMap, String> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|error| chain(&error))?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("bedrock")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build();
        let parameters = parameters.map_err(|error| chain(&error))?.into();
        let request = SignableRequest::new(
            Method::POST.as_str(),
            address,
            headers.iter().copied(),
            SignableBody::Bytes(body),
        );
        let request = request.map_err(|error| chain(&error))?;
        let signed = sign(request, &parameters).map_err(|error| chain(&error))?;
        let (instructions, _) = signed.into_parts();
        let mut signed = HeaderMap::new();
        for (name, value) in instructions.headers() {
            let mut value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            let name: axum::http::HeaderName =
                name.parse().map_err(|_| "a header has no proper name".to_owned())?;
            signed.insert(name, value);
        }
        Ok(signed)
    }
}

async fn pass_on(State(real): State<Arc<BedrockProxy>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return exception(StatusCode::BAD_REQUEST, "ValidationException", "The body is too long");
    };
    super::tell_what_is_asked(&body);
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

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
