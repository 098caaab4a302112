//! Parses a request's JSON, or returns the validation error that says what is wrong with it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;

use super::refusal::ApiRefusal;

/// The input of an operation.
pub(super) struct Input<T>(pub(super) T);

impl<S, T> FromRequest<S> for Input<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiRefusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiRefusal> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| ApiRefusal::validation(error.body_text()))?;
        // A request without a body is valid for an operation without required members.
        let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
        serde_json::from_slice(body).map(Self).map_err(|error| {
            let message = error.to_string();
            if error.is_data() {
                ApiRefusal::validation(message)
            } else {
                ApiRefusal::not_json(message)
            }
        })
    }
}
