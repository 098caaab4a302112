//! S3's stand-in, with every request and the bytes of every body counted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Builder, Credentials, Region},
};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const BUCKET: &str = "conversations";
pub(crate) const ACCESS_KEY: &str = "AKID";
pub(crate) const SECRET_KEY: &str = "secret";

/// What went over the wire, without heads.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) requests: usize,
    pub(crate) sent: usize,
    pub(crate) received: usize,
}

pub(crate) struct Counted {
    traffic: Arc<Mutex<Traffic>>,
    endpoint: String,
    _folder: TempDir,
}

impl Counted {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let router = s3_local::router(folder.path(), BUCKET, ACCESS_KEY, SECRET_KEY).unwrap();
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let router = router.layer(middleware::from_fn_with_state(Arc::clone(&traffic), count));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { traffic, endpoint, _folder: folder }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn config(&self) -> Builder {
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "static"))
            .region(Region::new("eu-central-1"))
            .endpoint_url(&self.endpoint)
    }

    /// What was moved since the last time.
    pub(crate) fn traffic(&self) -> Traffic {
        std::mem::take(&mut self.traffic.lock().unwrap())
    }

    /// Every object, as JSON.
    pub(crate) async fn objects(&self) -> BTreeMap<String, Value> {
        let client = Client::from_conf(self.config().build());
        let list = client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
        let mut objects = BTreeMap::new();
        for object in list.contents.unwrap_or_default() {
            let key = object.key.unwrap();
            let object = client.get_object().bucket(BUCKET).key(&key).send().await.unwrap();
            let bytes = object.body.collect().await.unwrap().into_bytes();
            objects.insert(key, serde_json::from_slice(&bytes).unwrap());
        }
        objects
    }
}

async fn count(
    State(traffic): State<Arc<Mutex<Traffic>>>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let sent = body.len();
    let answer = next.run(Request::from_parts(head, Body::from(body))).await;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    {
        let mut traffic = traffic.lock().unwrap();
        traffic.requests += 1;
        traffic.sent += sent;
        traffic.received += body.len();
    }
    Response::from_parts(head, Body::from(body))
}
