//! What a turn costs in a conversation of 1, 50, 500 and 5,000 turns: `cargo bench -p session`.
//!
//! CPU and allocations are those of the thread that opens and saves the conversation; S3's stand-in, which
//! is a map of objects here, runs in another one. What is held is counted between reading and saving: while
//! the model thinks.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails has no figures")]

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri},
};
use identity::UserId;
use serde_json::{Value, json};
use session::{ContextTokens, Message, SessionId, Sessions};
use tokio::runtime::{Builder as Runtimes, Runtime};

const LENGTHS: [usize; 4] = [1, 50, 500, 5_000];
/// Enough for every length and kind, so that no turn is removed.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How often a turn is measured; also how often it is done before.
const TIMES: usize = 20;

/// The objects, and the requests to them.
#[derive(Default)]
struct Objects {
    by_path: BTreeMap<String, (u64, Bytes)>,
    versions: u64,
    requests: usize,
    bytes: usize,
}

type Shared = Arc<Mutex<Objects>>;

async fn answer(
    State(objects): State<Shared>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    let (mut objects, path) = (objects.lock().unwrap(), uri.path().to_owned());
    objects.requests += 1;
    let answer = |status, version: u64, body| {
        let tag = format!("\"{version}\"").parse().unwrap();
        (status, HeaderMap::from_iter([(HeaderName::from_static("etag"), tag)]), body)
    };
    if method == Method::PUT {
        objects.versions += 1;
        let version = objects.versions;
        objects.bytes += body.len();
        objects.by_path.insert(path, (version, body));
        return answer(StatusCode::OK, version, Bytes::new());
    }
    match objects.by_path.get(&path).cloned() {
        Some((version, body)) => {
            objects.bytes += body.len();
            answer(StatusCode::OK, version, body)
        }
        None => {
            let missing = Bytes::from_static(b"<Error><Code>NoSuchKey</Code></Error>");
            answer(StatusCode::NOT_FOUND, 0, missing)
        }
    }
}

fn serve(objects: Shared) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let router = Router::new().fallback(answer).with_state(objects);
    let router = router.layer(axum::extract::DefaultBodyLimit::disable());
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    endpoint
}

fn runtime() -> Runtime {
    Runtimes::new_current_thread().enable_all().build().unwrap()
}

fn config(endpoint: &str) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "static"))
        .region(Region::new("eu-central-1"))
        .force_path_style(true)
        .endpoint_url(endpoint)
}

/// The messages of a turn: 0.3 KiB in words, 2.2 KiB with two calls of tools.
fn turn(number: usize, with_tools: bool) -> Vec<Message> {
    let asked = format!("What is new in the repository since I asked for the {number}th time?");
    let answered = format!(
        "There are {number} new issues; the newest is about watering. {}",
        "It says that the seedlings need more. ".repeat(2)
    );
    let mut turn = vec![json!({ "role": "user", "content": [{ "text": asked }] })];
    if with_tools {
        let ids = [format!("tooluse_{number}_a"), format!("tooluse_{number}_b")];
        let call = |id: &String| {
            json!({ "toolUse": { "toolUseId": id, "name": "github_list_issues",
            "input": { "owner": "octo-alice", "repo": "garden", "state": "open" } } })
        };
        let issues: Vec<Value> = (0..5)
            .map(|issue| {
                json!({ "number": issue, "title": "Water the garden",
            "url": format!("https://github.example/octo-alice/garden/issues/{issue}"),
            "labels": ["outside", "daily"], "comments": 3 })
            })
            .collect();
        let result = |id: &String| {
            json!({ "toolResult": { "toolUseId": id, "status": "success",
            "content": [{ "json": { "issues": issues } }] } })
        };
        turn.push(json!({ "role": "assistant", "content": ids.each_ref().map(call) }));
        turn.push(json!({ "role": "user", "content": ids.each_ref().map(result) }));
    }
    turn.push(json!({ "role": "assistant", "content": [{ "text": answered }] }));
    serde_json::from_value(Value::Array(turn)).unwrap()
}

/// The CPU time of this thread, in microseconds.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1_000.0
}

fn main() {
    let objects = Shared::default();
    let endpoint = serve(Arc::clone(&objects));
    println!(
        "context | kind | turns | CPU µs | allocated KiB | held KiB | peak KiB | requests | KiB on the wire"
    );
    for context in ["100000", "10000"] {
        for (kind, with_tools) in [("plain", false), ("tools", true)] {
            for length in LENGTHS {
                measure(&objects, &endpoint, context, (kind, with_tools), length);
            }
        }
    }
}

fn measure(
    objects: &Shared,
    endpoint: &str,
    context: &str,
    (kind, with_tools): (&str, bool),
    length: usize,
) {
    let runtime = runtime();
    let sessions = Sessions::new(config(endpoint), "b".to_owned()).keeping(MOST_BYTES);
    let tokens: ContextTokens = context.parse().unwrap();
    let (user, id) = (
        UserId::parse("alice").unwrap(),
        SessionId::parse(format!("{context}-{kind}-{length}")).unwrap(),
    );
    let before: Vec<Message> =
        (0..length - 1).flat_map(|number| turn(number, with_tools)).collect();
    let saved = json!({ "schema": 1, "title": "What is new", "messages": before, "writes": [] });
    if length > 1 {
        let path = format!("/b/alice/{id}.json");
        let mut objects = objects.lock().unwrap();
        objects.by_path.insert(path, (0, Bytes::from(saved.to_string())));
    }
    drop((before, saved));
    let mut number = length;
    let mut next = || {
        number += 1;
        runtime.block_on(async {
            let mut loaded = sessions.open(&user, &id, tokens).await.unwrap();
            sessions.commit(&mut loaded, &turn(number, with_tools), None).await.unwrap();
        });
    };
    let repeats = if length == 1 { 1 } else { TIMES };
    (0..repeats).for_each(|_| next());
    {
        let mut objects = objects.lock().unwrap();
        (objects.requests, objects.bytes) = (0, 0);
    }
    let began = cpu();
    let allocated = allocation_counter::measure(|| (0..repeats).for_each(|_| next()));
    let took = (cpu() - began) / repeats as f64;
    let (requests, bytes) = {
        let objects = objects.lock().unwrap();
        (objects.requests as f64 / repeats as f64, objects.bytes / repeats)
    };
    let held = allocation_counter::measure(|| {
        let loaded = runtime.block_on(sessions.open(&user, &id, tokens)).unwrap();
        std::mem::forget(loaded);
    });
    println!(
        "{context} | {kind} | {length} | {took:.0} | {} | {} | {} | {requests} | {}",
        allocated.bytes_total / repeats as u64 / 1024,
        held.bytes_current / 1024,
        allocated.bytes_max / 1024,
        bytes / 1024,
    );
}
