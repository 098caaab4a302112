//! A request's JSON, or the validation error that says what is wrong with it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// The input of an operation, within the limits of its types.
pub(super) struct Input<T>(pub(super) T);

impl<S, T> FromRequest<S> for Input<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| Refusal::validation(error.body_text()))?;
        // An operation without required members may come without a body.
        let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
        serde_json::from_slice(body).map(Self).map_err(|error| {
            let message = error.to_string();
            if error.is_data() { Refusal::validation(message) } else { Refusal::not_json(message) }
        })
    }
}
