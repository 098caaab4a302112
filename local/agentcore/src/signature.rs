//! Checks that a request is signed, and for this service.
//!
//! Source: AWS Signature Version 4, "Authorization header". **The signature itself is not verified**,
//! nor its date and its key: this stand-in has no accounts. Only the form and the service in the
//! credential scope are checked.

use axum::{
    extract::Request,
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::refusal::{ApiRefusal, Kind};

const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";
const SERVICE: &str = "bedrock-agentcore";

/// Refuses requests that do not look signed for this service.
pub(super) async fn require(request: Request, next: Next) -> Response {
    match check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check(headers: &HeaderMap) -> Result<(), ApiRefusal> {
    let missing =
        || ApiRefusal::new(Kind::MissingAuthenticationToken, "Missing Authentication Token");
    let incomplete = |what| {
        let message = format!("Authorization header requires '{what}' parameter.");
        ApiRefusal::new(Kind::IncompleteSignature, message)
    };
    let authorization = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let parameters = authorization.and_then(|it| it.strip_prefix(ALGORITHM)).ok_or_else(missing)?;
    let parameter = |name: &'static str| {
        let mut pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find_map(|(key, value)| (key == name).then_some(value))
            .ok_or_else(|| incomplete(name))
    };
    let credential = parameter("Credential")?;
    parameter("SignedHeaders")?;
    parameter("Signature")?;
    // Credential={key id}/{date}/{region}/{service}/aws4_request
    let mut scope = credential.rsplit('/');
    if scope.next() != Some("aws4_request") || scope.next() != Some(SERVICE) {
        let message = format!("Credential should be scoped to correct service: '{SERVICE}'.");
        return Err(ApiRefusal::new(Kind::InvalidSignature, message));
    }
    Ok(())
}
