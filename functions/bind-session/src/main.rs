//! The Session Binding Service as a Lambda function behind an Application Load Balancer.

use bind_session::BindSession;
use service::ProcessEnvironment;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let service = BindSession::start(&ProcessEnvironment).await?;
    lambda_http::run_concurrent(service).await
}
