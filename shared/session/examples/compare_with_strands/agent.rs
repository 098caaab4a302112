//! The Strands agent, as a process of its own.

use std::{process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::counted::{ACCESS_KEY, BUCKET, Counted, SECRET_KEY};

pub(crate) struct Agent {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Agent {
    /// Of alice, in the session `session`.
    pub(crate) fn start(python: &str, s3: &Counted, session: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/compare_with_strands/agent.py");
        let mut process = Command::new(python)
            .args([script, s3.endpoint(), BUCKET, "alice", session])
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", "eu-central-1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a Python that can be run");
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { _process: process, input, output: BufReader::new(output).lines() }
    }

    /// Runs one turn. Returns how long it took to load; `None` if the process died.
    pub(crate) async fn say(&mut self, message: &str) -> Option<Duration> {
        self.input.write_all(format!("{message}\n").as_bytes()).await.ok()?;
        let line = self.output.next_line().await.ok()??;
        let times: Value = serde_json::from_str(&line).expect("a line of JSON");
        times["load"].as_f64().map(Duration::from_secs_f64)
    }
}
