//! The bare SDK calls of a turn: what anybody's workload has to spend who makes them with the same SDKs. They
//! are made as the SDKs' documentation shows it, eight at once, in a process of their own.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::operation::converse_stream::builders::ConverseStreamInputBuilder;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::BodyExt;
use octocrab::Octocrab;
use serde_json::Value;

use crate::{
    process::{self, Process, own_cpu},
    prompt,
    upstream::Upstream,
    workload::AT_ONCE,
};

const UPSTREAM: &str = "BENCHES_UPSTREAM";
const REQUESTS: &str = "BENCHES_REQUESTS";
const COUNT: &str = "BENCHES_COUNT";
const NAME: &str = "BENCHES_NAME";
const BUCKET: &str = "bucket";

/// The processor's time that the `requests` of a turn take, which `name` is a name for.
pub(crate) fn bare(upstream: &Upstream, name: &str, requests: &str, count: usize) -> Duration {
    let variables = [
        (UPSTREAM, upstream.address()),
        (REQUESTS, requests.to_owned()),
        (COUNT, count.to_string()),
        (NAME, name.to_owned()),
    ];
    let variables: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut process = Process::start("bare", None, &variables);
    process.told(|line| line.trim().parse().map(Duration::from_nanos).ok())
}

/// The settings of the SDKs' own defaults, but for where everything is.
pub(crate) async fn config(upstream: &str) -> SdkConfig {
    let credentials = Credentials::new("key", "secret", None, None, "benches");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(credentials)
        .endpoint_url(upstream)
        .load()
        .await
}

/// A request, ready to be made again and again.
enum Call {
    Get,
    GetRecord,
    Put(String),
    Converse(Box<ConverseStreamInputBuilder>),
    WorkloadToken,
    ResourceToken(Value),
    GitHub(String),
}

struct Clients {
    s3: aws_sdk_s3::Client,
    model: aws_sdk_bedrockruntime::Client,
    identity: aws_sdk_bedrockagentcore::Client,
    github: Octocrab,
}

/// The process: makes the calls, and says how long the processor was at work for one turn.
pub(crate) async fn run() {
    let variable = |name: &str| process::variable(name).expect("a variable");
    let upstream = variable(UPSTREAM);
    let shared = config(&upstream).await;
    let clients = Clients {
        s3: aws_sdk_s3::Client::new(&shared),
        model: aws_sdk_bedrockruntime::Client::new(&shared),
        identity: aws_sdk_bedrockagentcore::Client::new(&shared),
        github: Octocrab::builder().base_uri(upstream).expect("a URL").build().expect("octocrab"),
    };
    let requests: Vec<(String, String)> =
        serde_json::from_str(&variable(REQUESTS)).expect("requests");
    let calls: Vec<Call> = requests.iter().map(|(kind, body)| call(kind, body)).collect();
    let count: usize = variable(COUNT).parse().expect("a number");
    let next = AtomicUsize::new(0);
    let (clients, calls, next, name) = (&clients, &calls, &next, &variable(NAME));
    let turns = |count: usize| async move {
        let line = |_| async move {
            for _ in 0..count.div_ceil(AT_ONCE) {
                let key = format!("bare/{name}/{}", next.fetch_add(1, Ordering::Relaxed));
                for call in calls {
                    clients.make(call, &key).await;
                }
            }
        };
        join_all((0..AT_ONCE).map(line)).await;
    };
    turns(count / 2).await;
    let before = own_cpu();
    turns(count).await;
    let made = count.div_ceil(AT_ONCE) * AT_ONCE;
    let each = (own_cpu() - before) / u32::try_from(made).expect("a number");
    println!("{}", each.as_nanos());
}

fn call(kind: &str, body: &str) -> Call {
    match kind {
        "get" => Call::Get,
        "get record" => Call::GetRecord,
        "put" => Call::Put(body.to_owned()),
        "converse" => Call::Converse(Box::new(prompt::read(body))),
        "workload token" => Call::WorkloadToken,
        "resource token" => Call::ResourceToken(serde_json::from_str(body).expect("JSON")),
        _ => Call::GitHub(body.to_owned()),
    }
}

impl Clients {
    async fn make(&self, call: &Call, key: &str) {
        match call {
            Call::Get => self.get(key).await,
            Call::GetRecord => self.get("alice/.connections/github.json").await,
            Call::Put(body) => {
                let put = self.s3.put_object().bucket(BUCKET).key(key).if_none_match("*");
                let body = ByteStream::from(body.clone().into_bytes());
                put.content_type("application/json").body(body).send().await.expect("a PUT");
            }
            Call::Converse(input) => {
                let input = (**input).clone().send_with(&self.model);
                let mut stream = input.await.expect("a stream").stream;
                while stream.recv().await.expect("an event").is_some() {}
            }
            Call::WorkloadToken => {
                let call = self.identity.get_workload_access_token_for_user_id();
                let call = call.workload_name("workload").user_id("alice");
                call.send().await.expect("a token");
            }
            Call::ResourceToken(asked) => self.resource_token(asked).await,
            Call::GitHub(route) => {
                let token = "gho_0123456789abcdefghijklmnopqrstuvwxyz".to_owned();
                let github = self.github.user_access_token(token).expect("a client");
                let answer = github._get(route.as_str()).await.expect("an answer");
                answer.into_body().collect().await.expect("a body");
            }
        }
    }

    async fn get(&self, key: &str) {
        // Of a new conversation there is none yet.
        if let Ok(object) = self.s3.get_object().bucket(BUCKET).key(key).send().await {
            object.body.collect().await.expect("a body");
        }
    }

    async fn resource_token(&self, asked: &Value) {
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let scopes = asked["scopes"].as_array().into_iter().flatten();
        let scopes = scopes.filter_map(|it| it.as_str().map(str::to_owned)).collect();
        let call = self
            .identity
            .get_resource_oauth2_token()
            .workload_identity_token(text("workloadIdentityToken"))
            .resource_credential_provider_name(text("resourceCredentialProviderName"))
            .set_scopes(Some(scopes))
            .oauth2_flow(aws_sdk_bedrockagentcore::types::Oauth2FlowType::UserFederation)
            .resource_oauth2_return_url(text("resourceOauth2ReturnUrl"))
            .custom_state(text("customState"));
        call.send().await.expect("a token");
    }
}

/// An object of `bytes` bytes that is read and written again and again.
pub(crate) struct Bare<'a> {
    client: &'a aws_sdk_s3::Client,
    key: String,
    body: Bytes,
}

impl<'a> Bare<'a> {
    pub(crate) async fn new(client: &'a aws_sdk_s3::Client, bytes: usize) -> Self {
        let it = Self { client, key: format!("bytes/{bytes}"), body: vec![b'x'; bytes].into() };
        it.put().await;
        it
    }

    async fn put(&self) {
        let put = self.client.put_object().bucket(BUCKET).key(&self.key);
        let put = put.content_type("application/json").body(ByteStream::from(self.body.clone()));
        put.send().await.expect("a PUT");
    }

    /// The processor's time of a GET and a PUT in this process.
    pub(crate) async fn get_and_put(&self, count: u32) -> Duration {
        let before = own_cpu();
        for _ in 0..count {
            let get = self.client.get_object().bucket(BUCKET).key(&self.key);
            get.send().await.expect("an object").body.collect().await.expect("a body");
            self.put().await;
        }
        (own_cpu() - before) / count
    }
}
