//! Errors in the format of AWS's REST-JSON protocol.
//!
//! Source: the service model of `bedrock-agentcore` (names and status codes) and Smithy's
//! `aws.protocols#restJson1` (the name is in the `x-amzn-errortype` header, the message in the
//! body). The three about signing come from the list of errors common to all AWS actions.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The kind of an error.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    AccessDenied,
    Conflict,
    IncompleteSignature,
    InternalServer,
    InvalidSignature,
    MissingAuthenticationToken,
    ResourceNotFound,
    Unauthorized,
    UnknownOperation,
    Validation,
}

impl Kind {
    fn name_and_status(self) -> (&'static str, StatusCode) {
        match self {
            Self::AccessDenied => ("AccessDeniedException", StatusCode::FORBIDDEN),
            Self::Conflict => ("ConflictException", StatusCode::CONFLICT),
            Self::IncompleteSignature => ("IncompleteSignatureException", StatusCode::FORBIDDEN),
            Self::InternalServer => ("InternalServerException", StatusCode::INTERNAL_SERVER_ERROR),
            Self::InvalidSignature => ("InvalidSignatureException", StatusCode::FORBIDDEN),
            Self::MissingAuthenticationToken => {
                ("MissingAuthenticationTokenException", StatusCode::FORBIDDEN)
            }
            Self::ResourceNotFound => ("ResourceNotFoundException", StatusCode::NOT_FOUND),
            Self::Unauthorized => ("UnauthorizedException", StatusCode::UNAUTHORIZED),
            Self::UnknownOperation => ("UnknownOperationException", StatusCode::NOT_FOUND),
            Self::Validation => ("ValidationException", StatusCode::BAD_REQUEST),
        }
    }
}

/// What an operation returns: the members of its output, or an error.
pub(super) type OperationResult = Result<Json<Value>, ApiRefusal>;

/// An error: its kind and its message for the caller.
pub(super) struct ApiRefusal {
    kind: Kind,
    message: String,
    /// The reason that a `ValidationException` has to have.
    reason: &'static str,
}

impl ApiRefusal {
    /// An error of this kind.
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), reason: "FieldValidationFailed" }
    }

    /// The body is not JSON.
    pub(super) fn not_json(message: impl Into<String>) -> Self {
        Self { reason: "CannotParse", ..Self::validation(message) }
    }

    /// The service, or this stand-in, does not accept the request.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(Kind::Validation, message)
    }

    /// Something that the request names does not exist.
    pub(super) fn not_found(what: &str, name: &str) -> Self {
        Self::new(Kind::ResourceNotFound, format!("{what} '{name}' does not exist"))
    }

    /// Something of the name that the request gives exists already.
    pub(super) fn exists(what: &str, name: &str) -> Self {
        Self::new(Kind::Conflict, format!("{what} '{name}' already exists"))
    }

    /// Returns the message for the caller.
    pub(super) fn into_message(self) -> String {
        self.message
    }

    /// A session can't be completed. The error does not say why, so that a caller learns nothing from
    /// it.
    pub(super) fn session() -> Self {
        Self::new(Kind::AccessDenied, "Invalid or expired session")
    }

    /// The provider refused a code. AWS neither forwards the provider's message nor documents the
    /// error; for client credentials it is known to have this form.
    pub(super) fn provider_refused() -> Self {
        Self::validation("Error parsing AuthorizationCode response")
    }

    /// The provider did not respond. AWS does not document this error either.
    pub(super) fn provider_unreachable() -> Self {
        Self::new(Kind::InternalServer, "The credential provider could not be reached")
    }
}

impl IntoResponse for ApiRefusal {
    fn into_response(self) -> Response {
        let (name, status) = self.kind.name_and_status();
        tracing::info!(error = name, "stand-in for AgentCore Identity: refused");
        let mut body = json!({ "message": self.message });
        if let (Kind::Validation, Some(body)) = (self.kind, body.as_object_mut()) {
            body.insert("reason".to_owned(), self.reason.into());
        }
        (status, [("x-amzn-errortype", name)], Json(body)).into_response()
    }
}
