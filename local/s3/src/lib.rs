#![doc = include_str!("../README.md")]

mod bucket;
mod file;
mod listing;
mod operations;

use std::{io, path::Path};

use axum::{
    error_handling::HandleError,
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use s3s::{HttpError, auth::SimpleAuth, service::S3ServiceBuilder};

use self::{bucket::Bucket, operations::OneBucket};

/// S3 with one bucket, whose objects are in `folder`/`bucket`; creates both if they don't exist.
///
/// # Errors
/// When the folder can't be created or read, or contains a damaged file.
pub fn router(
    folder: &Path,
    bucket: &str,
    access_key: &str,
    secret_key: &str,
) -> io::Result<axum::Router> {
    let objects = Bucket::open(folder.join(bucket))?;
    let mut service = S3ServiceBuilder::new(OneBucket::new(bucket, objects));
    service.set_auth(SimpleAuth::from_single(access_key, secret_key));
    let service = HandleError::new(service.build(), internal_error);
    Ok(axum::Router::new()
        .fallback_service(service)
        .layer(middleware::from_fn(refuse_unsigned_head)))
}

/// Refuses an unsigned HEAD, as S3 does. That is how the services open a connection before
/// they need it (`edge::connection`), and `s3s` would log it as an error.
async fn refuse_unsigned_head(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD && !request.headers().contains_key(header::AUTHORIZATION) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

async fn internal_error(error: HttpError) -> StatusCode {
    tracing::error!(?error, "stand-in for S3: a request could not be answered");
    StatusCode::INTERNAL_SERVER_ERROR
}
