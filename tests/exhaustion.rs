//! Attacks on what a container has little of: memory, connections, and the time until it stops (M15).

use std::time::Duration;

use container::Limits;
use invoke::Invoke;
use serde_json::json;
use tests::{Fate, Gate, Machine, Setup, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use url::Url;

/// Long enough for any answer that arrives at all, also on a machine that stands still for a while.
const SOON: Duration = Duration::from_secs(60);

/// A client that sends the head of a request, and of a body of 1,000 bytes the first one.
async fn unfinished(address: &Url, request: &str, token: Option<&str>) -> TcpStream {
    let at = (address.host_str().expect("a host"), address.port().expect("a port"));
    let mut stream = TcpStream::connect(at).await.expect("a connection");
    let token = token.map(|token| format!("x-amzn-oidc-data: {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         {token}content-length: 1000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    stream
}

/// All that is answered until the connection ends.
async fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("an answer in time");
    // A client that still had to send may find the connection reset, after the answer.
    let _ended_or_reset = read;
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn ask(address: &Url, path: &str) -> reqwest::Response {
    reqwest::get(address.join(path).expect("an address")).await.expect("an answer")
}

/// Completes once a new client is answered. Each one until then is refused with a word, and neither cut off nor left
/// waiting. (`/ping` is answered to whom there is no place for, too.)
async fn finds_a_place(address: &Url) {
    let found = timeout(SOON, async {
        loop {
            let status = ask(address, "/openapi.json").await.status();
            if status == 200 {
                break;
            }
            assert_eq!(status, 503);
        }
    });
    found.await.expect("a place");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_an_unfinished_body_is_not_waited_for_before_route_method_and_token() {
    let world = World::in_process().await;
    for address in [&world.running.addresses.invoke, &world.running.addresses.bind_session] {
        let refused = answer(unfinished(address, "POST /nothing", None).await).await;
        assert!(refused.starts_with("HTTP/1.1 404 "), "{refused}");
    }
    let invoke = &world.running.addresses.invoke;
    for (request, status) in [
        ("POST /ping", "405"),
        ("DELETE /invocations", "405"),
        ("POST /invocations", "401"),
        ("DELETE /sessions/a", "401"),
    ] {
        let refused = answer(unfinished(invoke, request, None).await).await;
        assert!(refused.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {refused}");
        assert!(refused.contains("\"requestId\":"), "{request}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_unfinished_bodies_give_503_while_ping_still_answers() {
    let world = World::in_process().await;
    let limits = Limits { requests: 3, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let token = machine.token("mallory");
    let mut slow = Vec::new();
    for _ in 0..limits.requests {
        slow.push(unfinished(&machine.address, "POST /invocations", Some(&token)).await);
    }
    // A connection is accepted before its request is at work: what has to be seen is the third.
    let refused = loop {
        let refused = ask(&machine.address, "/sessions").await;
        if refused.status() != 401 {
            break refused;
        }
    };
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    let problem: serde_json::Value = refused.json().await.expect("a problem");
    assert_eq!(problem["code"], "overloaded", "{problem}");
    assert_eq!(ask(&machine.address, "/ping").await.status(), 200);
    // Once they give up, there is room again.
    drop(slow);
    timeout(SOON, async { while ask(&machine.address, "/sessions").await.status() == 503 {} })
        .await
        .expect("room");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_idle_connections_lock_no_client_out() {
    let world = World::in_process().await;
    let limits = Limits { connections: 3, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let at = (machine.address.host_str().expect("a host"), machine.address.port().expect("a port"));
    let mut silent = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(at).await.expect("a connection");
        stream.write_all(b"GET /ping HT").await.expect("half a head");
        silent.push(stream);
    }
    // Once they are not new any more; until then a further client is told to try again.
    finds_a_place(&machine.address).await;
    // The oldest was ended for it.
    let told = answer(silent.remove(0)).await;
    assert_eq!(told, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_connection_over_the_limit_gets_503_until_a_place_is_free() {
    let world = World::in_process().await;
    let limits = Limits { connections: 2, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let token = machine.token("mallory");
    let mut busy = Vec::new();
    // Until both are at work, each of which waits for its body; a third one before that takes the place
    // of one whose head has not been looked at yet.
    let told = loop {
        let mut last = unfinished(&machine.address, "POST /invocations", Some(&token)).await;
        let mut status = [0; 12];
        let read = last.read_exact(&mut status);
        if let Ok(Ok(_)) = timeout(Duration::from_secs(1), read).await {
            break String::from_utf8_lossy(&status).into_owned() + &answer(last).await;
        }
        busy.push(last);
    };
    assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("retry-after"), "{told}");
    drop(busy);
    finds_a_place(&machine.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_an_unfinished_body_does_not_keep_a_container_from_stopping() {
    let world = World::in_process().await;
    let handler = Invoke::start(&world.running.variables).expect("a handler");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let address: Url = address.parse().expect("an address");
    let limits = Limits { shutdown: Duration::from_millis(50), ..Limits::default() };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(container::serve(listener, handler, limits, async {
        let _sender_gone = stopped.await;
    }));
    let machine = Machine::start(&world, Setup::default().clock).await;
    let slow = unfinished(&address, "POST /invocations", Some(&machine.token("mallory"))).await;
    assert_eq!(ask(&address, "/ping").await.status(), 200);
    stop.send(()).expect("a server");
    timeout(SOON, serving).await.expect("an end").expect("no panic");
    assert_eq!(answer(slow).await, "", "the connection is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_stream_of_events_is_no_idle_connection_that_gives_its_place_to_others() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let limits = Limits { connections: 3, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.bedrock.rule(move |_| Fate::Waits(closed.clone()));
    let message = json!({ "id": "1", "role": "user", "content": "Hello!" });
    let body = json!({ "threadId": "t", "runId": "r", "messages": [message] });
    let client = reqwest::Client::new();
    let request = client.post(machine.address.join("/invocations").expect("an address"));
    let request = request.header("x-amzn-oidc-data", machine.token("alice")).json(&body);
    let mut answer = request.send().await.expect("an answer");
    let first = answer.chunk().await.expect("a stream").expect("an event");
    assert!(first.starts_with(b"data: "));
    gate.reached().await;
    let at = (machine.address.host_str().expect("a host"), machine.address.port().expect("a port"));
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(at).await.expect("a connection"));
    }
    finds_a_place(&machine.address).await;
    gate.open();
    let rest = answer.text().await.expect("the rest of the stream");
    assert!(rest.contains("RUN_FINISHED"), "{rest}");
}
