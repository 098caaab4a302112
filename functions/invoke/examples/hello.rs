//! The least that a function behind a load balancer can be: what cold starts are measured against.

use std::convert::Infallible;

use lambda_http::{Body, Request, Response, service_fn};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run_concurrent(service_fn(hello)).await
}

async fn hello(_: Request) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::Text("hello".to_owned())))
}
