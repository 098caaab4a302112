//! What streaming costs the workload, beside the plain answer of the same turn in the same run: CPU of a
//! turn, how long a word takes through it, and memory of streams that nobody reads. The container runs as
//! a process of its own; what it calls is in this one.
//!
//! ```sh
//! cargo build --release -p invoke-container
//! SERVICES_BIN_DIR=target/release cargo bench -p tests --bench streams --profile dev
//! ```

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that prints its figures"
)]

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::{
    Router,
    body::{Body, Bytes},
    http::header,
    response::IntoResponse,
    routing::post,
    serve::ListenerExt,
};
use futures_util::{
    StreamExt,
    future::join_all,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use tests::{Setup, Workload, World};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};

const AT_ONCE: usize = 8;
const TURNS: usize = 400;
const ROUNDS: usize = 5;
const STREAMS: usize = 1_000;

/// When the model's words left it, by the order of the questions.
type Said = Arc<Mutex<Option<oneshot::Sender<Instant>>>>;

fn frame(kind: &str, body: &Value) -> Bytes {
    let header = |name: &'static str, value: &str| {
        Header::new(name, HeaderValue::String(value.to_owned().into()))
    };
    let message = Message::new(body.to_string())
        .add_header(header(":event-type", kind))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", "event"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    bytes.into()
}

fn word(text: &str) -> Bytes {
    let body = json!({ "contentBlockIndex": 0, "delta": { "text": text } });
    frame("contentBlockDelta", &body)
}

fn begin() -> Bytes {
    frame("messageStart", &json!({ "role": "assistant" }))
}

fn end() -> [Bytes; 3] {
    [
        frame("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        frame("messageStop", &json!({ "stopReason": "end_turn" })),
        frame(
            "metadata",
            &json!({
                "usage": { "inputTokens": 10, "outputTokens": 300, "totalTokens": 310 },
                "metrics": { "latencyMs": 1 }
            }),
        ),
    ]
}

/// A model without latency that does as it is told: `words N`, `one` or `endless`.
async fn model(said: Said) -> String {
    let answer = move |asked: Bytes| {
        let said = Arc::clone(&said);
        async move {
            let asked = String::from_utf8_lossy(&asked);
            let words = asked
                .split("words ")
                .nth(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            let frames: BoxStream<'static, Bytes> = match words {
                Some(words) => {
                    let words = words.parse().expect("a number");
                    let words = stream::iter((0..words).map(|_| word("word ")));
                    stream::iter([begin()]).chain(words).chain(stream::iter(end())).boxed()
                }
                None if asked.contains("one") => {
                    let one = move || {
                        let sender = said.lock().expect("a lock").take();
                        sender.map(|sender| sender.send(Instant::now()));
                        word("word")
                    };
                    let one = stream::once(async move {
                        // Not in the first packet, which has the head of the answer.
                        sleep(Duration::from_millis(20)).await;
                        one()
                    });
                    stream::iter([begin()]).chain(one).chain(stream::iter(end())).boxed()
                }
                None => stream::repeat(word(&"x".repeat(200))).boxed(),
            };
            let body = Body::from_stream(frames.map(Ok::<_, std::io::Error>));
            ([(header::CONTENT_TYPE, "application/vnd.amazon.eventstream")], body).into_response()
        }
    };
    let router = Router::new().route("/model/{model}/converse-stream", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        axum::serve(listener.tap_io(|io| _ = io.set_nodelay(true)), router).await
    });
    address
}

/// CPU time that a process has used, to a hundredth of a second (proc(5), `stat`).
fn cpu(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux");
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Memory that a process holds, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// CPU of one turn, of `TURNS` in conversations of their own.
async fn turns(workload: &Workload, kind: &str, words: usize, round: usize) -> Duration {
    let before = cpu(workload.process_id());
    let message = format!("words {words}");
    let message = message.as_str();
    let one = |line: usize| async move {
        for turn in (line..TURNS).step_by(AT_ONCE) {
            let thread = format!("{kind}-{words}-{round}-{turn}");
            if kind == "plain" {
                workload.say(&thread, message).await.expect("an answer");
            } else {
                let events = workload.run(&thread, message).await.text().await.expect("events");
                assert!(events.contains("RUN_FINISHED"), "{events}");
            }
        }
    };
    join_all((0..AT_ONCE).map(one)).await;
    let turns = u32::try_from(TURNS).expect("a number");
    (cpu(workload.process_id()) - before) / turns
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// How long a word takes from the model to a reader of events.
async fn first_word(workload: &Workload, said: &Said) -> Duration {
    let mut times = Vec::new();
    for turn in 0..200 {
        let (sender, sent) = oneshot::channel();
        *said.lock().expect("a lock") = Some(sender);
        let mut answer = workload.run(&format!("first-{turn}"), "one").await;
        let mut events = Vec::new();
        while !String::from_utf8_lossy(&events).contains("_CONTENT") {
            events.extend(answer.chunk().await.expect("a stream").expect("an event"));
        }
        times.push(Instant::now() - sent.await.expect("a time"));
        answer.bytes().await.expect("the rest");
    }
    median(times)
}

/// Memory of a stream whose reader stops after the first event, in KiB.
async fn memory(workload: &Workload) -> u64 {
    let process = workload.process_id();
    let before = resident(process);
    let opened = stream::iter(0..STREAMS).map(|number| async move {
        let mut answer = workload.run(&format!("slow-{number}"), "endless").await;
        answer.chunk().await.expect("a stream").expect("an event");
        answer
    });
    let open: Vec<_> = opened.buffer_unordered(AT_ONCE).collect().await;
    // Until the memory stands still: nothing else says that all buffers are full.
    let mut held = resident(process);
    loop {
        sleep(Duration::from_secs(2)).await;
        let now = resident(process);
        if now.abs_diff(held) < 256 {
            break;
        }
        held = now;
    }
    drop(open);
    (held - before) / u64::try_from(STREAMS).expect("a number")
}

#[tokio::main]
async fn main() {
    let said = Said::default();
    let setup = Setup::default()
        .with("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", model(Arc::clone(&said)).await)
        .with("MAX_TURNS", "2000")
        .with("MAX_TURNS_PER_USER", "2000")
        .with("MAX_REQUESTS", "2000")
        .with("TURN_SECONDS", "600");
    let world = World::with(setup).await;
    let workload = Workload::start(&Workload::variables(&world)).await;
    turns(&workload, "plain", 10, ROUNDS).await;
    for words in [10, 300] {
        let (mut plain, mut streamed) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            plain.push(turns(&workload, "plain", words, round).await);
            streamed.push(turns(&workload, "streamed", words, round).await);
        }
        let (plain, streamed) = (median(plain), median(streamed));
        let ratio = streamed.as_secs_f64() / plain.as_secs_f64();
        println!(
            "CPU of a turn of {words} deltas: plain {plain:?}, streamed {streamed:?}: {ratio:.2}"
        );
    }
    println!("a word from the model to the reader: {:?}", first_word(&workload, &said).await);
    let each = memory(&workload).await;
    println!("memory of each of {STREAMS} streams that nobody reads: {each} KiB");
}
