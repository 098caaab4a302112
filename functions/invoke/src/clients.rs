//! The clients for what AWS does, and for the model. They are made at first use: a start, a health check
//! or a refused request needs none of them.

use std::sync::Arc;

use agent::context::Context;
use agent::model::Model;
use aws_config::SdkConfig;
use edge::{connection::Preconnect, upstream};
use models_bedrock::Bedrock;
use models_openai::OpenAi;
use session::Sessions;
use vault::TokenVault;

use crate::settings::{ModelProvider, Settings};

/// What a turn calls.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) sessions: Sessions,
    pub(crate) vault: TokenVault,
    pub(crate) model: AnyModel,
    /// How much of a conversation it takes.
    pub(crate) context: Context,
    identity: aws_sdk_bedrockagentcore::Client,
}

/// The model that is configured, or one in its place.
#[derive(Debug)]
pub(crate) enum AnyModel {
    Bedrock(Bedrock),
    OpenAi(Box<OpenAi>),
    Custom(Arc<dyn Model>),
}

impl AnyModel {
    fn new(provider: &ModelProvider, shared: &SdkConfig) -> Self {
        match provider {
            ModelProvider::Bedrock(endpoint, id, guardrail) => {
                if !id.uses_tools() {
                    let model = id.as_str();
                    tracing::warn!(
                        model,
                        "the model can't use tools while it streams: it gets none"
                    );
                }
                let config = endpoint.within(shared);
                let mut config = aws_sdk_bedrockruntime::config::Builder::from(&config);
                if let Some(measuring) = upstream::interceptor() {
                    config.push_interceptor(measuring);
                }
                let model = Bedrock::new(config, id.clone());
                Self::Bedrock(model.guarded_by(guardrail.clone()))
            }
            ModelProvider::OpenAi(endpoint, id) => {
                Self::OpenAi(Box::new(OpenAi::new(endpoint.clone(), id.clone())))
            }
        }
    }

    /// The model, to be asked.
    pub(crate) fn get(&self) -> &dyn Model {
        match self {
            Self::Bedrock(model) => model,
            Self::OpenAi(model) => model.as_ref(),
            Self::Custom(model) => model.as_ref(),
        }
    }

    async fn connect(&self, id: &str) {
        match self {
            Self::Bedrock(model) => {
                let converse = model.client().converse_stream().model_id(id);
                let _refused = converse.customize().interceptor(Preconnect).send().await;
            }
            Self::OpenAi(model) => model.connect().await,
            Self::Custom(_) => {}
        }
    }
}

impl Clients {
    /// With `model` in place of the one that is configured. Nothing goes over the network before the
    /// first call.
    pub(crate) async fn new(settings: &Settings, model: Option<Arc<dyn Model>>) -> Self {
        let conversations = &settings.conversations;
        let shared = settings.aws.load().await;
        let s3 = conversations.s3.within(&shared);
        let over_tls = s3.endpoint_url().is_none_or(|url| url.starts_with("https://"));
        let mut s3 = aws_sdk_s3::config::Builder::from(&s3);
        let identity = settings.identity.within(&shared);
        let mut identity = aws_sdk_bedrockagentcore::config::Builder::from(&identity);
        if let Some(measuring) = upstream::interceptor() {
            s3.push_interceptor(measuring.clone());
            identity.push_interceptor(measuring);
        }
        let sessions = Sessions::new(s3, conversations.bucket.clone()).over_tls(over_tls);
        let identity = aws_sdk_bedrockagentcore::Client::from_conf(identity.build());
        let return_url = settings.inbound.site.session_binding_url().clone();
        Self {
            sessions: sessions
                .keeping(conversations.most_bytes)
                .importing_strands(conversations.imports_strands),
            vault: TokenVault::new(identity.clone(), settings.inbound.workload.clone(), return_url),
            context: Context::new(settings.model.context),
            model: model
                .map_or_else(|| AnyModel::new(&settings.model.provider, &shared), AnyModel::Custom),
            identity,
        }
    }

    /// Opens the connections that any turn will use, all at once. One that can't be opened is left
    /// to the turn, which says so.
    pub(crate) async fn open_connections(&self, settings: &Settings) {
        let s3 = self.sessions.client().head_bucket().bucket(&settings.conversations.bucket);
        let workload = settings.inbound.workload.to_string();
        let identity = self.identity.get_workload_access_token().workload_name(workload);
        let _refused = tokio::join!(
            s3.customize().interceptor(Preconnect).send(),
            identity.customize().interceptor(Preconnect).send(),
            self.model.connect(settings.model.provider.model()),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::Clients;
    use crate::settings::tests::read;

    /// What arrived: the number of the connection, and the request's head.
    type Arrived = Arc<Mutex<Vec<(usize, String)>>>;

    /// Refuses every request, and keeps the connection.
    async fn endpoint() -> (String, Arrived) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let arrived = Arrived::default();
        let seen = Arc::clone(&arrived);
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut head = String::new();
                    while stream.read_line(&mut head).await.is_ok_and(|read| read > 0) {
                        if head.ends_with("\r\n\r\n") {
                            seen.lock().unwrap().push((connection, std::mem::take(&mut head)));
                            let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
                            stream.write_all(refusal).await.unwrap();
                        }
                    }
                });
            }
        });
        (address, arrived)
    }

    #[tokio::test]
    async fn preconnect_requests_open_connections_and_a_turn_uses_them() {
        let (address, arrived) = endpoint().await;
        let more = [
            ("AWS_ENDPOINT_URL", address.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let settings = read(&more).unwrap();
        let clients = Clients::new(&settings, None).await;
        clients.open_connections(&settings).await;
        let opened = std::mem::take(&mut *arrived.lock().unwrap());
        assert_eq!(opened.len(), 3, "{opened:?}");
        for (_, head) in &opened {
            assert!(head.starts_with("HEAD "), "{head}");
            assert!(!head.to_ascii_lowercase().contains("authorization"), "{head}");
        }

        let _refused =
            clients.sessions.client().get_object().bucket("bucket").key("key").send().await;
        let turn = arrived.lock().unwrap().remove(0);
        assert!(turn.1.starts_with("GET ") && turn.1.contains("AWS4-HMAC-SHA256"), "{turn:?}");
        assert!(opened.iter().any(|(connection, _)| *connection == turn.0), "a new connection");
    }

    #[tokio::test]
    async fn preconnect_requests_bring_no_key_to_another_model() {
        let (address, arrived) = endpoint().await;
        let base = format!("{address}/v1");
        let more = [
            ("AWS_ENDPOINT_URL", address.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("MODEL_PROVIDER", "openai"),
            ("OPENAI_BASE_URL", base.as_str()),
            ("OPENAI_API_KEY", "sk-secret"),
        ];
        let settings = read(&more).unwrap();
        Clients::new(&settings, None).await.open_connections(&settings).await;
        let opened = arrived.lock().unwrap();
        assert_eq!(opened.len(), 3, "{opened:?}");
        let is_models =
            |(_, head): &&(usize, String)| head.starts_with("HEAD /v1/chat/completions ");
        assert_eq!(opened.iter().filter(is_models).count(), 1, "{opened:?}");
        assert!(opened.iter().all(|(_, head)| !head.contains("sk-secret")), "{opened:?}");
    }
}
