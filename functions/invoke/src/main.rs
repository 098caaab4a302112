//! The agentic workload as a Lambda function behind an Application Load Balancer.

use invoke::Invoke;
use service::ProcessEnvironment;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let service = Invoke::start(&ProcessEnvironment)?;
    // In the background: the first request is not to wait for what it may not need.
    tokio::spawn(service.prepare());
    lambda_http::run_concurrent(service).await
}
