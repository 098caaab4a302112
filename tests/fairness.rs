//! One user, or one client, who has a container do much, and another who must not notice (M15).

use std::time::Duration;

use container::Limits;
use futures_util::future::{join_all, select_all};
use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tests::{Fate, Gate, Logs, Machine, Setup, Workload, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::Url;

/// Long enough for any answer that arrives at all, also on a machine that stands still for a while.
const SOON: Duration = Duration::from_secs(60);
/// How many turns one user has at work.
const MANY: usize = 50;

async fn connect(address: &Url) -> TcpStream {
    let at = (address.host_str().expect("a host"), address.port().expect("a port"));
    TcpStream::connect(at).await.expect("a connection")
}

async fn ask(machine: &Machine, person: &str, session: &str, message: &str) -> (StatusCode, Value) {
    let body = json!({ "sessionId": session, "message": message });
    let request = Client::new().post(machine.address.join("/invocations").expect("an address"));
    let request = request.header("x-amzn-oidc-data", machine.token(person)).json(&body);
    let answer = timeout(SOON, request.send()).await.expect("an answer in time");
    let answer = answer.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_fifty_turns_at_work_of_one_user_leave_another_user_everything_that_a_turn_needs() {
    let setup = Setup::default().with("MAX_TURNS_PER_USER", MANY.to_string());
    let (world, proxies) = World::proxied(setup).await;
    let clock = Setup::default().clock;
    let machine = Machine::with_limits(&world, clock, Limits::default()).await;
    let gate = Gate::closed();
    let closed = gate.clone();
    proxies.bedrock.rule(move |seen| match seen.body.contains("Hello of mallory!") {
        true => Fate::Waits(closed.clone()),
        false => Fate::Arrives,
    });
    let sessions: Vec<String> = (0..MANY).map(|number| format!("m{number}")).collect();
    let theirs = join_all(
        sessions.iter().map(|session| ask(&machine, "mallory", session, "Hello of mallory!")),
    );
    let others = async {
        for _ in 0..MANY {
            gate.reached().await;
        }
        // Each has got as far as the model, and stays there. What alice asks for takes the model, the vault, her
        // saved conversation, and one turn after another.
        for message in ["Hello!", "Which repositories do I have, private ones too?"] {
            let (status, answer) = ask(&machine, "alice", "a", message).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
        let health = reqwest::get(machine.address.join("/ping").expect("an address")).await;
        let health: Value = health.expect("an answer").json().await.expect("JSON");
        assert_eq!(health["status"], "HealthyBusy");
        gate.open();
    };
    let (theirs, ()) = tokio::join!(theirs, others);
    assert!(theirs.iter().all(|(status, _)| *status == StatusCode::OK));
}

/// A client that sends the head of a turn's request, and the first byte of its body.
async fn begun(machine: &Machine, person: &str, body: &str) -> TcpStream {
    let mut stream = connect(&machine.address).await;
    let head = format!(
        "POST /invocations HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\nx-amzn-oidc-data: {}\r\ncontent-length: {}\r\n\r\n{}",
        machine.token(person),
        body.len(),
        &body[..1]
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    stream
}

async fn all_of(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("an answer in time");
    // A client that still had to send may find the connection reset, after the answer.
    let _ended_or_reset = read;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_slow_bodies_of_one_user_take_no_place_from_another_and_arrive_byte_by_byte() {
    let world = World::in_process().await;
    let limits = Limits { requests: 17, ..Limits::default() };
    let machine = Machine::with_limits(&world, Setup::default().clock, limits).await;
    let body = json!({ "sessionId": "slow", "message": "Hello!" }).to_string();
    let mut slow = Vec::new();
    for _ in 0..limits.requests {
        slow.push(begun(&machine, "mallory", &body).await);
    }
    // Four for each of the four turns that a user may have wait for their bodies; the one above is refused.
    let answers = slow.iter_mut().map(|one| {
        Box::pin(async {
            let mut status = [0; 12];
            one.read_exact(&mut status).await.expect("an answer");
            String::from_utf8_lossy(&status).into_owned()
        })
    });
    let (status, refused, _) = timeout(SOON, select_all(answers)).await.expect("an answer");
    let refused = all_of(slow.remove(refused)).await;
    assert!(status == "HTTP/1.1 429" && refused.contains("too_many_turns"), "{status}{refused}");
    let (status, answer) = ask(&machine, "alice", "a", "Hello!").await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");

    let mut slowest = slow.remove(0);
    for byte in body.as_bytes()[1..].chunks(1) {
        slowest.write_all(byte).await.expect("a byte");
        slowest.flush().await.expect("a byte");
        tokio::task::yield_now().await;
    }
    let answer = all_of(slowest).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("completed"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_without_an_open_file_left_idle_connections_make_room_and_the_container_rests() {
    const FILES: u64 = 100;
    let world = World::in_process().await;
    let workload = Workload::start(&Workload::variables(&world)).await;
    // Its clients are there, and the connections that it keeps.
    workload.say("files", "Hello!").await.expect("an answer");
    let process = i32::try_from(workload.process_id()).expect("a process id");
    let few = Rlimit { current: Some(FILES), maximum: Some(FILES) };
    prlimit(Pid::from_raw(process), Resource::Nofile, few).expect("a limit");
    let begun = std::time::Instant::now();
    let mut idle = Vec::new();
    for _ in 0..2 * FILES {
        idle.push(connect(&workload.address()).await);
    }
    let answer = timeout(SOON, reqwest::get(workload.address().join("/ping").expect("an address")));
    assert_eq!(answer.await.expect("in time").expect("an answer").status(), StatusCode::OK);
    let answer = timeout(SOON, workload.say("files", "Hello again!")).await.expect("in time");
    assert_eq!(answer.expect("an answer")["status"], "completed");
    let told = "every open file is in use";
    let lines = Logs::kept().lines().into_iter().filter(|line| line.contains(told)).count();
    // It tries again ten times in a second.
    let tries = begun.elapsed().as_millis() / 100 + 1;
    assert!((1..=tries).contains(&(lines as u128)), "{lines} lines, {tries} tries");
}
