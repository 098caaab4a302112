//! The workload as a process of its own, to kill or to configure, asked without a load balancer.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use local::{
    binaries, environment, events,
    process::{Output, Process},
};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use url::Url;

use crate::world::World;

/// The container of the workload; it is killed when this is dropped (SIGKILL).
#[derive(Debug)]
pub struct Workload {
    process: Process,
    origin: String,
    client: Client,
    token: String,
}

impl Workload {
    /// The variables of a workload in `world`.
    #[must_use]
    pub fn variables(world: &World) -> BTreeMap<String, String> {
        let (issuer, client) = (events::ISSUER, environment::OIDC_CLIENT_ID);
        let mut variables = environment::functions(&world.running.addresses, issuer, client);
        variables.extend(world.variables.clone());
        variables.insert("PORT".to_owned(), "0".to_owned());
        variables
    }

    /// A workload with `variables`: the binary in `SERVICES_BIN_DIR`, if that is set.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(variables: &BTreeMap<String, String>) -> Self {
        let name = "invoke-container";
        let folder = std::env::var_os("SERVICES_BIN_DIR").map(PathBuf::from);
        let binary =
            binaries::find(folder.as_deref(), &[name]).await.expect("a binary").remove(name);
        let binary = binary.expect("a binary");
        let process = Process::spawn(name, &binary, variables, Output::Logged);
        let process = process.expect("a process");
        let port = process.listening().await.expect("a port");
        let origin = format!("http://127.0.0.1:{port}");
        Self { process, origin, client: Client::new(), token: token() }
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it does not run any more.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id().expect("a running process")
    }

    /// Asks it to stop, and waits until it has. Returns whether it ended well, and by itself.
    ///
    /// # Panics
    /// When it can't be asked.
    pub async fn stops(self) -> bool {
        const LONGEST: Duration = Duration::from_secs(60);
        self.process.stop_within(LONGEST).await.expect("an end").success()
    }

    /// Where it listens.
    ///
    /// # Panics
    /// Never: it is an address.
    #[must_use]
    pub fn address(&self) -> Url {
        self.origin.parse().expect("an address")
    }

    /// The answer to a run of AG-UI in which alice says `message` in the conversation `thread`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn run(&self, thread: &str, message: &str) -> Response {
        let message = json!({ "id": "1", "role": "user", "content": message });
        let body = json!({ "threadId": thread, "runId": "1", "messages": [message] });
        let request = self.client.post(format!("{}/invocations", self.origin)).json(&body);
        let answer = self.sign(request).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
        answer
    }

    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("x-amzn-oidc-data", &self.token)
    }

    /// What alice is answered in the conversation `session`; `None` if the process died first.
    ///
    /// # Panics
    /// When the turn fails.
    pub async fn say(&self, session: &str, message: &str) -> Option<Value> {
        let body = json!({ "sessionId": session, "message": message });
        let request = self.client.post(format!("{}/invocations", self.origin)).json(&body);
        let answer = self.sign(request).send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        assert!(status.is_success(), "{status}: {text}");
        Some(serde_json::from_str(&text).expect("JSON"))
    }

    /// The conversation `session` of alice, if there is one.
    ///
    /// # Panics
    /// When it can't be read.
    pub async fn shown(&self, session: &str) -> Option<Value> {
        let path = format!("{}/sessions/{session}", self.origin);
        let answer = self.sign(self.client.get(path)).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success() || status == 404, "{session}: {status}: {text}");
        status.is_success().then(|| serde_json::from_str(&text).expect("JSON"))
    }

    /// What alice said in the conversation `session`, each with its answer right after it.
    ///
    /// # Panics
    /// When it can't be read, or is torn.
    pub async fn said(&self, session: &str) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        let mut before = String::new();
        loop {
            let path = format!("{}/sessions/{session}{before}", self.origin);
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
