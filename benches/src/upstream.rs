//! Everything that the workload calls, without latency and without a disk, in one process behind one address.
//! It remembers what it was asked, so that the bare calls can be the same.

mod model;
mod objects;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::objects::Objects;
use crate::{client::Line, process::Process, workload::public_pem};

type Reply = Response<BoxBody<Bytes, Infallible>>;

/// How many requests are remembered.
const REMEMBERED: usize = 32;
const REPOSITORIES: usize = 30;

/// The process with the stand-ins.
#[derive(Debug)]
pub(crate) struct Upstream {
    _process: Process,
    port: u16,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let mut process = Process::start("upstream", None, &BTreeMap::new());
        let port = process.told(|line| line.trim().parse().ok());
        Self { _process: process, port }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn told(&self, what: &str) -> String {
        let answer = Line::open(self.port).await.get(&format!("/bench/{what}")).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Forgets what it was asked.
    pub(crate) async fn forget(&self) {
        self.told("forget").await;
    }

    /// What it was asked since, as JSON.
    pub(crate) async fn requests(&self) -> String {
        self.told("requests").await
    }

    /// How many bytes the object had that was written last.
    pub(crate) async fn last_put(&self) -> usize {
        self.told("last-put").await.parse().expect("a number")
    }

    /// Whether objects stay as they are, although every write succeeds.
    pub(crate) async fn freeze(&self, is_frozen: bool) {
        self.told(if is_frozen { "freeze" } else { "thaw" }).await;
    }
}

/// What was asked: a name for the kind of request, and the body that matters.
type Asked = Vec<(&'static str, String)>;

#[derive(Debug, Default)]
struct World {
    objects: Mutex<Objects>,
    asked: Mutex<Asked>,
    repositories: Bytes,
}

/// The process: says its port, and serves until it is killed.
pub(crate) async fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let world = Arc::new(World { repositories: repositories(), ..World::default() });
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let world = Arc::clone(&world);
        let service = service_fn(move |request| {
            let world = Arc::clone(&world);
            async move { Ok::<_, Infallible>(world.answer(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl World {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let path = parts.uri.path();
        match path.split('/').nth(1).unwrap_or_default() {
            "model" => {
                let asked = String::from_utf8_lossy(&body);
                self.remember("converse", &asked);
                model::answer(&asked)
            }
            "identities" if path.ends_with("/token") => {
                self.remember("resource token", &String::from_utf8_lossy(&body));
                json(json!({ "accessToken": "gho_0123456789abcdefghijklmnopqrstuvwxyz" }))
            }
            "identities" => {
                self.remember("workload token", "");
                json(json!({ "workloadAccessToken": "workload-token" }))
            }
            "keys" => whole(public_pem()),
            "user" => {
                self.remember("github", parts.uri.path_and_query().map_or("", |it| it.as_str()));
                let answer = Response::builder()
                    .header("content-type", "application/json; charset=utf-8")
                    .header("x-oauth-scopes", "read:user")
                    .header("x-github-request-id", "0000:000000:0000000:0000000:00000000")
                    .body(Full::new(self.repositories.clone()).boxed());
                answer.expect("an answer")
            }
            "bench" => whole(self.tell(path.trim_start_matches("/bench/"))),
            _ => {
                let mut objects = locked(&self.objects);
                if parts.method == Method::PUT {
                    self.remember("put", &String::from_utf8_lossy(&body));
                    return objects.put(path, &parts.headers, body);
                }
                let is_record = path.contains(".connections");
                self.remember(if is_record { "get record" } else { "get" }, "");
                objects.get(path)
            }
        }
    }

    fn remember(&self, kind: &'static str, body: &str) {
        let mut asked = locked(&self.asked);
        if asked.len() < REMEMBERED {
            asked.push((kind, body.to_owned()));
        }
    }

    fn tell(&self, what: &str) -> String {
        match what {
            "forget" => locked(&self.asked).clear(),
            "requests" => return json!(*locked(&self.asked)).to_string(),
            "last-put" => return locked(&self.objects).last_put.to_string(),
            "freeze" => locked(&self.objects).is_frozen = true,
            _ => locked(&self.objects).is_frozen = false,
        }
        String::new()
    }
}

fn locked<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whole(body: impl Into<Bytes>) -> Reply {
    Response::new(Full::new(body.into()).boxed())
}

fn json(body: Value) -> Reply {
    let answer = Response::builder().header("content-type", "application/json");
    answer.body(Full::new(body.to_string().into()).boxed()).expect("an answer")
}

/// A page of repositories, with as many members each as there are in GitHub's.
fn repositories() -> Bytes {
    let repository = |number: usize| {
        let name = format!("repository-{number}");
        let url = format!("https://github.com/alice/{name}");
        let mut members: HashMap<String, Value> = (0..60)
            .map(|member| (format!("{member}_url"), format!("{url}/member{{/{member}}}").into()))
            .collect();
        members.extend([
            ("full_name".to_owned(), format!("alice/{name}").into()),
            ("name".to_owned(), name.into()),
            ("private".to_owned(), false.into()),
            ("description".to_owned(), "What it is, in some words.".into()),
            ("language".to_owned(), "Rust".into()),
            ("html_url".to_owned(), url.into()),
            ("updated_at".to_owned(), "2026-11-01T12:00:00Z".into()),
        ]);
        members
    };
    let repositories: Vec<_> = (0..REPOSITORIES).map(repository).collect();
    serde_json::to_vec(&repositories).expect("JSON").into()
}
