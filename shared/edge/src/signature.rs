//! Requests to AWS that no SDK makes, signed: AWS General Reference, "Signature Version 4".

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign as sign_parts},
    sign::v4::SigningParams,
};
use aws_smithy_runtime_api::{box_error::BoxError, client::identity::Identity};
use http::Request;

/// Signs a POST of `body`, to the service that AWS calls `name`.
///
/// # Errors
/// When a part of it can't be signed.
pub(crate) fn sign<B>(
    request: &mut Request<B>,
    body: &[u8],
    credentials: Credentials,
    (region, name): (&str, &str),
) -> Result<(), BoxError> {
    let identity = Identity::from(credentials);
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(name)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let address = request.uri().to_string();
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new("POST", &address, headers, SignableBody::Bytes(body))?;
    let (instructions, _signature) = sign_parts(signable, &params)?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}
