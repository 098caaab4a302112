//! What a failure of Bedrock's means for the turn.

use agent::model::ModelError;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};

pub(crate) fn failure<E, R>(error: SdkError<E, R>) -> ModelError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match code {
        Some("ValidationException" | "validationException") => {
            ModelError::Rejected(Box::new(error))
        }
        Some("AccessDeniedException" | "ResourceNotFoundException") => {
            ModelError::Refused(Box::new(error))
        }
        _ => ModelError::Busy(Box::new(error)),
    }
}

pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> ModelError {
    ModelError::Internal(Box::new(error))
}
