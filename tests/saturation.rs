//! A container with all that it can take on: who looks whether it is well is answered, and nobody takes from
//! others what is theirs (M15).

use std::time::Duration;

use container::Limits;
use futures_util::future::join_all;
use reqwest::{Client, RequestBuilder, StatusCode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tests::{Fate, Gate, Machine, Proxies, Setup, Workload, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::Url;

/// Long enough for any answer that arrives at all, also on a machine that stands still for a while.
const SOON: Duration = Duration::from_secs(60);
const IDLE: usize = 9_000;

async fn connect(address: &Url) -> TcpStream {
    let at = (address.host_str().expect("a host"), address.port().expect("a port"));
    TcpStream::connect(at).await.expect("a connection")
}

fn turn(machine: &Machine, client: &Client, person: &str, session: &str) -> RequestBuilder {
    let body = json!({ "sessionId": session, "message": format!("Hello of {person}!") });
    let request = client.post(machine.address.join("/invocations").expect("an address"));
    request.header("x-amzn-oidc-data", machine.token(person)).json(&body)
}

async fn health(address: &Url) -> Value {
    let answer = reqwest::get(address.join("/ping").expect("an address")).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("JSON")
}

/// A machine with `limits`, where the model leaves what these people say without an answer.
async fn machine(limits: Limits, waiting: &'static str) -> (World, Proxies, Machine, Gate) {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.bedrock.rule(move |seen| match seen.body.contains(waiting) {
        true => Fate::Waits(closed.clone()),
        false => Fate::Arrives,
    });
    (world, proxies, machine, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_ping_says_healthy_busy_while_every_connection_and_every_request_is_taken() {
    let limits = Limits { connections: 2, requests: 2, ..Limits::default() };
    let (_world, _proxies, machine, gate) = machine(limits, "Hello of alice!").await;
    assert_eq!(health(&machine.address).await["status"], "Healthy");
    let client = Client::new();
    let turns = ["a", "b"].map(|session| {
        let turn = turn(&machine, &client, "alice", session).send();
        tokio::spawn(async { turn.await.expect("an answer").status() })
    });
    gate.reached().await;
    gate.reached().await;
    for _ in 0..50 {
        assert_eq!(health(&machine.address).await["status"], "HealthyBusy");
    }
    // Anything else is refused in the same words as ever.
    let refused = reqwest::get(machine.address.join("/openapi.json").expect("an address")).await;
    let refused = refused.expect("an answer");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = refused.json().await.expect("a problem");
    assert_eq!((&problem["code"], problem["requestId"].is_string()), (&json!("overloaded"), true));
    gate.open();
    for status in join_all(turns).await {
        assert_eq!(status.expect("no panic"), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_clients_that_are_silent_do_not_take_the_place_of_a_ping() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let (_world, _proxies, machine, gate) = machine(limits, "Hello of alice!").await;
    let client = Client::new();
    let turn = turn(&machine, &client, "alice", "a").send();
    let turn = tokio::spawn(async { turn.await.expect("an answer").status() });
    gate.reached().await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(connect(&machine.address).await);
    }
    // As soon as they are not new any more, which a client that is sent away finds out by asking again.
    let ping = machine.address.join("/ping").expect("an address");
    let found = timeout(SOON, async {
        while !reqwest::get(ping.clone()).await.is_ok_and(|it| it.status() == 200) {}
    });
    found.await.expect("an answer");
    gate.open();
    assert_eq!(turn.await.expect("no panic"), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_fifty_turns_of_one_user_leave_another_user_their_turn() {
    let limits = Limits::default();
    let (_world, _proxies, machine, gate) = machine(limits, "Hello of mallory!").await;
    let client = Client::new();
    let many = (0..50).map(|number| {
        let turn = turn(&machine, &client, "mallory", &format!("m{number}")).send();
        tokio::spawn(async { turn.await.expect("an answer").status() })
    });
    let many: Vec<_> = many.collect();
    for _ in 0..4 {
        gate.reached().await;
    }
    let answer = turn(&machine, &client, "alice", "a").send();
    let answer = timeout(SOON, answer).await.expect("an answer in time").expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    gate.open();
    let statuses: Vec<_> =
        join_all(many).await.into_iter().map(|it| it.expect("no panic")).collect();
    let times = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    let (done, refused) = (times(StatusCode::OK), times(StatusCode::TOO_MANY_REQUESTS));
    assert!(done >= 4 && done + refused == 50, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_clients_that_read_nothing_hold_no_more_than_their_own_places() {
    let world = World::in_process().await;
    let limits = Limits { requests: 4, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let address = &machine.address;
    let mut deaf = Vec::new();
    for _ in 0..3 {
        let mut client = connect(address).await;
        // More answers than sockets hold, none of which is read.
        let requests = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
        client.write_all(requests.as_bytes()).await.expect("requests");
        deaf.push(client);
    }
    for _ in 0..20 {
        let answer = reqwest::get(address.join("/openapi.json").expect("an address")).await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
    }
    assert_eq!(health(address).await["status"], "Healthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_connection_whose_client_says_no_more_gives_its_place_back() {
    let world = World::in_process().await;
    let limits = Limits { connections: 2, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let mut half_closed = Vec::new();
    for begun in ["", "GET /ping HT"] {
        let mut client = connect(&machine.address).await;
        client.write_all(begun.as_bytes()).await.expect("a beginning");
        client.shutdown().await.expect("a half-closed connection");
        half_closed.push(client);
    }
    for mut client in half_closed {
        let mut told = Vec::new();
        let read = timeout(SOON, client.read_to_end(&mut told)).await.expect("an end");
        let _ended_or_reset = read;
    }
    let answer = reqwest::get(machine.address.join("/openapi.json").expect("an address")).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_nine_thousand_idle_connections_are_kept_or_make_room_and_cost_nobody_a_turn() {
    let most = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: most.maximum, ..most }).expect("open files");
    let world = World::in_process().await;
    for (limit, are_kept) in [("12000", true), ("3000", false)] {
        let mut variables = Workload::variables(&world);
        variables.insert("MAX_CONNECTIONS".to_owned(), limit.to_owned());
        let workload = Workload::start(&variables).await;
        let before = resident(workload.process_id());
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            idle.push(connect(&workload.address()).await);
        }
        let answer = workload.say("idle", "Hello!").await.expect("an answer");
        assert_eq!(answer["status"], "completed", "{answer}");
        let kilobytes = resident(workload.process_id()).saturating_sub(before);
        println!("{limit}: {IDLE} connections, {kilobytes} kB more");
        let mut byte = [0; 1];
        let first = timeout(Duration::from_millis(200), idle[0].read(&mut byte)).await;
        assert_eq!(first.is_err(), are_kept, "{limit}: {first:?}");
    }
}

/// The resident memory of a process, in kB (proc(5), `VmRSS`).
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
