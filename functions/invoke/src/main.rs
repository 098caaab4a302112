//! The agentic workload as a Lambda function behind an Application Load Balancer.

use std::time::Duration;

use invoke::Invoke;
use service::ProcessEnvironment;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let service = Invoke::start(&ProcessEnvironment)?;
    // In the background: the first request is not to wait for what it may not need. And after the
    // first poll, which takes about this long and would have to share the processor.
    let prepare = service.prepare();
    tokio::spawn(async {
        sleep(Duration::from_millis(2)).await;
        prepare.await;
    });
    lambda_http::run_concurrent(service).await
}
