//! The agentic workload as a Lambda function behind an Application Load Balancer.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    edge::shell::run_on_lambda::<invoke::Service>().await
}
