//! The Session Binding Service as a Lambda function behind an Application Load Balancer.

use bind_session::BindSession;
use service::ProcessEnvironment;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let service = BindSession::start(&ProcessEnvironment)?;
    // In the background: the first request is not to wait for what it may not need.
    tokio::spawn(service.prepare());
    lambda_http::run_concurrent(service).await
}
