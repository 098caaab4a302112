//! What the service holds between requests.

use edge::{
    Inbound,
    aws::{Aws, AwsEndpoint},
    upstream,
};
use tokio::sync::OnceCell;
use vault::SessionBinder;

/// What the handler is made of.
#[derive(Debug)]
pub struct Service {
    pub(crate) inbound: Inbound,
    pub(crate) aws: Aws,
    pub(crate) identity: AwsEndpoint,
    pub(crate) binder: OnceCell<SessionBinder>,
}

impl Service {
    /// AgentCore Identity. Its client is made at first use: a start, a health check or a refused
    /// visit needs none.
    pub(crate) async fn binder(&self) -> &SessionBinder {
        let binder = || async {
            let config = self.identity.within(&self.aws.load().await);
            let mut config = aws_sdk_bedrockagentcore::config::Builder::from(&config);
            if let Some(measuring) = upstream::interceptor() {
                config.push_interceptor(measuring);
            }
            SessionBinder::new(aws_sdk_bedrockagentcore::Client::from_conf(config.build()))
        };
        self.binder.get_or_init(binder).await
    }
}
