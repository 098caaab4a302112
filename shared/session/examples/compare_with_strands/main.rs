//! What a turn costs in S3: these sessions, and those of the Python package `strands-agents`.
//!
//! Both talk to the same stand-in for S3 in one run, which counts requests and bytes:
//!
//! ```sh
//! python3 -m venv .venv && .venv/bin/pip install strands-agents
//! cargo run -p session --example compare_with_strands -- .venv/bin/python
//! ```
//!
//! With a file as a second argument, a short Strands session with everything in it that matters
//! for moving in is written there, as the tests read it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "it is run by hand")]

mod agent;
mod counted;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use identity::UserId;
use session::{Block, Message, Role, SessionId, Sessions};

use crate::{
    agent::Agent,
    counted::{BUCKET, Counted, Traffic},
};

const LENGTHS: [usize; 4] = [1, 10, 50, 200];

/// What one turn cost.
struct Cost {
    traffic: Traffic,
    load: Duration,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let python = arguments.next().expect("the Python that has strands-agents, as first argument");
    if let Some(file) = arguments.next() {
        return record(&python, &file).await;
    }
    let s3 = Counted::start().await;
    let strands = strands(&s3, &python).await;
    let ours = ours(&s3).await;
    println!("| turn | | requests | bytes sent | bytes received | time to load |");
    println!("|---|---|---|---|---|---|");
    for (at, length) in LENGTHS.into_iter().enumerate() {
        for (name, costs) in [("strands-agents", &strands), ("countersign", &ours)] {
            let Cost { traffic, load } = &costs[at];
            let Traffic { requests, sent, received } = traffic;
            let load = load.as_secs_f64() * 1_000.0;
            println!("| {length} | {name} | {requests} | {sent} | {received} | {load:.1} ms |");
        }
    }
    let imported = sessions(&s3).importing_strands(true);
    let loaded = imported.load(&user(), &session("strands")).await.expect("a conversation");
    let messages = loaded.conversation.messages.len();
    assert_eq!(messages, 2 * LENGTHS[3], "the Strands session did not move in whole");
    println!("\nThe Strands session moves in with all of its {messages} messages.");
}

/// What the user says in the turn `number`.
fn question(number: usize) -> String {
    format!("This is question {number}, about as long as the questions that people type in a chat.")
}

async fn strands(s3: &Counted, python: &str) -> Vec<Cost> {
    let mut agent = Agent::start(python, s3, "strands");
    let mut costs = Vec::new();
    for number in 1..=LENGTHS[3] {
        s3.traffic();
        let load = agent.say(&question(number)).await.expect("a turn");
        if LENGTHS.contains(&number) {
            costs.push(Cost { traffic: s3.traffic(), load });
        }
    }
    costs
}

async fn ours(s3: &Counted) -> Vec<Cost> {
    let sessions = sessions(s3);
    let mut costs = Vec::new();
    for number in 1..=LENGTHS[3] {
        s3.traffic();
        let started = Instant::now();
        let mut loaded = sessions.load(&user(), &session("ours")).await.expect("a conversation");
        let load = started.elapsed();
        let question = question(number);
        let answer = vec![Block::Text(format!("You said: {question}"))];
        let answer = Message { role: Role::Assistant, content: answer, id: None };
        let turn = vec![Message::user(question), answer];
        sessions.commit(&mut loaded, &turn, None).await.expect("a saved turn");
        if LENGTHS.contains(&number) {
            costs.push(Cost { traffic: s3.traffic(), load });
        }
    }
    costs
}

/// Writes the objects of a short Strands session to `file`.
async fn record(python: &str, file: &str) {
    let s3 = Counted::start().await;
    let mut agent = Agent::start(python, &s3, "moving");
    for message in ["hello", "look up garden", "show a picture", "something to redact"] {
        agent.say(message).await.expect("a turn");
    }
    assert!(agent.say("look up death").await.is_none(), "the process survived");
    let objects: BTreeMap<String, serde_json::Value> = s3.objects().await;
    let text = serde_json::to_string_pretty(&objects).unwrap();
    std::fs::write(file, text + "\n").expect("a file that can be written");
}

fn sessions(s3: &Counted) -> Sessions {
    Sessions::new(s3.config(), BUCKET.to_owned())
}

fn user() -> UserId {
    UserId::parse("alice").unwrap()
}

fn session(id: &str) -> SessionId {
    SessionId::parse(id).unwrap()
}
