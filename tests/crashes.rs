//! A process that dies at any moment leaves every conversation readable (M12).
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::{collections::BTreeMap, time::Instant};

use local::{
    binaries, environment, events,
    process::{Output, Process},
};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tests::World;

const DEATHS: usize = 200;
/// How long a process lives at most, so that a death hits any part of a turn.
const LONGEST_LIFE_IN_TURNS: usize = 4;
const SESSION: &str = "crashes";

/// The workload in a process of its own, for as long as it lives.
struct Workload {
    process: Process,
    origin: String,
    client: Client,
    token: String,
}

impl Workload {
    async fn start(variables: &BTreeMap<String, String>) -> Self {
        let name = "invoke-container";
        let binary = binaries::find(None, &[name]).await.expect("a binary").remove(name);
        let binary = binary.expect("a binary");
        let process = Process::spawn(name, &binary, variables, Output::Logged);
        let process = process.expect("a process");
        let port = process.listening().await.expect("a port");
        let origin = format!("http://127.0.0.1:{port}");
        Self { process, origin, client: Client::new(), token: token() }
    }

    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("x-amzn-oidc-data", &self.token)
    }

    /// Whether the answer came.
    async fn say(&self, message: &str) -> bool {
        let body = json!({ "sessionId": SESSION, "message": message });
        let request = self.client.post(format!("{}/invocations", self.origin)).json(&body);
        let answer = self.sign(request).send().await;
        let Ok(answer) = answer else { return false };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return false };
        assert!(status.is_success(), "{status}: {text}");
        true
    }

    /// What the user said in the conversation, each with its answer right after it.
    async fn said(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        let mut before = String::new();
        loop {
            let path = format!("{}/sessions/{SESSION}{before}", self.origin);
            let answer = self.sign(self.client.get(path)).send().await.expect("an answer");
            if answer.status() == 404 {
                return said;
            }
            let page: Value = answer.json().await.expect("the conversation");
            let messages = page["messages"].as_array().expect("messages");
            let roles: Vec<_> = messages.iter().filter_map(|it| it["role"].as_str()).collect();
            assert_eq!(roles, ["user", "assistant"].repeat(messages.len() / 2));
            let texts = messages.iter().step_by(2).filter_map(|it| it["text"].as_str());
            said.splice(0..0, texts.map(str::to_owned));
            let Some(earlier) = page["earlier"].as_u64() else { return said };
            before = format!("?before={earlier}");
        }
    }
}

/// Of alice, signed by the development key.
fn token() -> String {
    let events = events::all();
    let hello = events.iter().find(|event| event.file == "invoke-hello.json").expect("an event");
    hello.json["multiValueHeaders"]["x-amzn-oidc-data"][0].as_str().expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_two_hundred_deaths_lose_no_turn_that_was_answered_and_tear_none() {
    let world = World::in_process().await;
    let addresses = &world.running.addresses;
    let mut variables =
        environment::functions(addresses, events::ISSUER, environment::OIDC_CLIENT_ID);
    variables.insert("PORT".to_owned(), "0".to_owned());
    let mut random = fastrand::Rng::new();
    println!("seed {}", random.get_seed());

    let workload = Workload::start(&variables).await;
    let started = Instant::now();
    let mut said = (0..LONGEST_LIFE_IN_TURNS).map(|n| format!("message 0.{n}"));
    // What the user said and was answered, and what he said when the process died.
    let (mut answered, mut cut_off): (Vec<String>, Vec<String>) =
        (said.clone().collect(), Vec::new());
    while let Some(message) = said.next() {
        assert!(workload.say(&message).await);
    }
    let longest_life = started.elapsed();
    drop(workload);

    let mut number = 0;
    for _ in 0..DEATHS {
        let workload = Workload::start(&variables).await;
        let life = longest_life.mul_f64(random.f64());
        let turns = async {
            loop {
                number += 1;
                let message = format!("message {number}");
                cut_off.push(message.clone());
                if workload.say(&message).await {
                    answered.extend(cut_off.pop());
                }
            }
        };
        // Dropping the process kills it (SIGKILL).
        let _died = tokio::time::timeout(life, turns).await;
        drop(workload.process);
    }
    let said = Workload::start(&variables).await.said().await;
    let kept: Vec<_> = said.iter().filter(|message| answered.contains(message)).cloned().collect();
    assert_eq!(kept, answered, "every turn that was answered is there, once and in its place");
    let others = said.iter().filter(|message| !answered.contains(message));
    assert!(others.clone().all(|message| cut_off.contains(message)));
    println!(
        "{} answered, {} of {} cut off are there",
        answered.len(),
        others.count(),
        cut_off.len()
    );
    assert!(!answered.is_empty() && cut_off.len() <= DEATHS);
}
