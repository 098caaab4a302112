//! The agentic workload as a container's process, and alice, who asks it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use development_key::{KEY_ID, Keyring};
use futures_util::future::join_all;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{client::Line, process::Process, upstream::Upstream};

/// What a token names, and what is trusted.
pub(crate) const LOAD_BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/benches/0123456789abcdef";
pub(crate) const ISSUER: &str = "http://127.0.0.1:9";
pub(crate) const CLIENT: &str = "benches";
/// How many turns are under way at once where processor time is measured.
pub(crate) const AT_ONCE: usize = 8;

/// What is measured: the workload in this program, or in a binary of its own.
#[derive(Debug)]
pub(crate) struct Program(Option<PathBuf>);

/// A turn of some kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) name: &'static str,
    pub(crate) message: &'static str,
    pub(crate) as_events: bool,
}

/// A workload that listens.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) process: Process,
    pub(crate) port: u16,
    token: String,
}

impl Program {
    pub(crate) fn new(binary: Option<&str>) -> Self {
        Self(binary.map(PathBuf::from))
    }

    /// Whether it is built as this program is.
    pub(crate) fn is_this(&self) -> bool {
        self.0.is_none()
    }

    /// Starts it with `upstream` for everything around it.
    pub(crate) fn start(&self, upstream: &Upstream) -> Workload {
        let variables = variables(&upstream.address());
        let binary = self.0.as_deref().map(Path::new);
        let mut process = Process::start("workload", binary, &variables);
        let port = process.told(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["message"] == "listening").then(|| line["port"].as_u64())?
        });
        Workload { process, port: u16::try_from(port).expect("a port"), token: token() }
    }
}

impl Workload {
    /// Takes `count` turns in conversations of their own. Returns how long each took, in order of time.
    pub(crate) async fn take(
        &self,
        turn: Turn,
        name: &str,
        count: usize,
        at_once: usize,
    ) -> Vec<Duration> {
        let line = |number: usize| async move {
            let mut line = Line::open(self.port).await;
            let mut times = Vec::new();
            for turn_number in (number..count).step_by(at_once) {
                let session = format!("{name}-{turn_number}");
                let began = crate::process::monotonic();
                let answer = line.say(&self.token, &session, turn.message, turn.as_events).await;
                let answer = answer.into_body().collect().await.expect("a body").to_bytes();
                times.push(crate::process::monotonic() - began);
                let is_done = if turn.as_events { "RUN_FINISHED" } else { r#""completed""# };
                let answer = String::from_utf8_lossy(&answer);
                assert!(answer.contains(is_done), "{answer}");
            }
            times
        };
        let mut times = join_all((0..at_once).map(line)).await.concat();
        times.sort();
        times
    }

    /// The processor's time that a turn takes in it.
    pub(crate) async fn cpu(&self, turn: Turn, name: &str, count: usize) -> Duration {
        let before = self.process.cpu();
        self.take(turn, name, count, AT_ONCE).await;
        (self.process.cpu() - before) / u32::try_from(count).expect("a number")
    }

    /// Asks on `line`, and does not read the answer.
    pub(crate) async fn ask(
        &self,
        line: &mut Line,
        session: &str,
        message: &str,
    ) -> http::Response<hyper::body::Incoming> {
        line.say(&self.token, session, message, true).await
    }
}

fn variables(upstream: &str) -> BTreeMap<String, String> {
    let keys = format!("{upstream}/keys");
    let own = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", upstream),
        ("GITHUB_API_URL", upstream),
        ("ALB_PUBLIC_KEYS_URL", &keys),
        ("ALB_ARN", LOAD_BALANCER),
        ("OIDC_ISSUER", ISSUER),
        ("OIDC_CLIENT_ID", CLIENT),
        ("CONSENT_KEY", "00000000000000000000000000000000"),
        ("SESSION_BINDING_URL", "http://localhost:9/oauth2/session-binding"),
        ("WORKLOAD_IDENTITY_NAME", "workload"),
        ("SESSION_BUCKET", "bucket"),
        ("MODEL_ID", "anthropic.claude-sonnet-4-6"),
        ("PORT", "0"),
        ("MAX_CONNECTIONS", "20000"),
        ("MAX_REQUESTS", "5000"),
        ("MAX_TURNS", "5000"),
        ("MAX_TURNS_PER_USER", "5000"),
        ("TURN_SECONDS", "600"),
    ];
    own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Of alice, for an hour, as a load balancer makes it.
pub(crate) fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let expires = now + 3_600;
    let header = json!({
        "typ": "JWT", "alg": "ES256", "kid": KEY_ID, "signer": LOAD_BALANCER, "iss": ISSUER,
        "client": CLIENT, "exp": expires,
    });
    let payload = json!({
        "sub": "alice", "name": "Alice Example", "email": "alice@example.com", "exp": expires,
        "iss": ISSUER,
    });
    development_key::sign(&header, &payload)
}

/// The key that its signature is checked with, as AWS publishes a load balancer's.
pub(crate) fn public_pem() -> String {
    Keyring::default().public_pem(KEY_ID).expect("the development key")
}
