//! A child process that runs a function or a container.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

/// How long a process may take to finish what it is at.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Where the lines go that a process prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// They go to our standard error, each with the process's name in front.
    Shown,
    /// They go to our log, as events of the target `process`.
    Logged,
}

/// A running process; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    port: watch::Receiver<Option<u16>>,
}

/// The process has ended, or closed its output, before it said where it listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it ended before it listened")]
pub struct NeverListened;

impl Process {
    /// Runs `binary` with exactly the variables of `environment`: nothing of ours gets in, above
    /// all no credential of a real account, and no home directory where some may lie.
    ///
    /// # Errors
    /// When the binary can't be run.
    pub fn spawn(
        name: &str,
        binary: &Path,
        environment: &BTreeMap<String, String>,
        output: Output,
    ) -> io::Result<Self> {
        let mut command = command(binary);
        command.env_clear().envs(environment).kill_on_drop(true);
        // Ctrl-C in a terminal goes to its whole group of processes. This one is stopped by us,
        // in its turn.
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (listening, port) = watch::channel(None);
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(forward(name.to_owned(), stdout, output, Some(listening)));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(forward(name.to_owned(), stderr, output, None));
        }
        Ok(Self { child, port })
    }

    /// The port that a container listens on, once it says so in its log.
    ///
    /// # Errors
    /// When it ends before.
    pub async fn listening(&self) -> Result<u16, NeverListened> {
        let mut port = self.port.clone();
        let port = port.wait_for(Option::is_some).await.map_err(|_| NeverListened)?;
        port.ok_or(NeverListened)
    }

    /// Waits until it has ended; returns how.
    ///
    /// # Errors
    /// When the system can't tell.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks it to stop, waits up to 5 seconds until it has, then kills it.
    ///
    /// # Errors
    /// When it could be neither asked nor killed.
    pub async fn stop(mut self) -> io::Result<ExitStatus> {
        if let Some(pid) = self.pid() {
            kill_process(pid, Signal::TERM)?;
        }
        if let Ok(exited) = tokio::time::timeout(STOP_TIME, self.child.wait()).await {
            return exited;
        }
        self.child.kill().await?;
        self.child.wait().await
    }

    /// Its id; `None` once it has been waited for.
    fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
    }
}

/// `binary`, which on Linux is killed by the system if we end without having stopped it, as when
/// we are killed ourselves (prctl(2), `PR_SET_PDEATHSIG`). Only a program in between can ask for
/// that without unsafe code; util-linux has one on every Debian.
fn command(binary: &Path) -> Command {
    let keeper = Path::new("/usr/bin/setpriv");
    if !cfg!(target_os = "linux") || !keeper.is_file() {
        return Command::new(binary);
    }
    let mut command = Command::new(keeper);
    command.args(["--pdeathsig", "KILL", "--"]).arg(binary);
    command
}

/// Passes the lines on until there are no more.
async fn forward(
    name: String,
    lines: impl AsyncRead + Unpin,
    output: Output,
    listening: Option<watch::Sender<Option<u16>>>,
) {
    let mut lines = BufReader::new(lines).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        if let (Some(listening), Some(port)) = (&listening, port(&line)) {
            listening.send_replace(Some(port));
        }
        let line = String::from_utf8_lossy(&line);
        match output {
            Output::Shown => eprintln!("{name} | {line}"),
            Output::Logged => tracing::info!(target: "process", "{name} | {line}"),
        }
    }
}

/// The port in the line of log with which a container says that it listens.
fn port(line: &[u8]) -> Option<u16> {
    #[derive(Deserialize)]
    struct Line {
        message: String,
        port: u16,
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    (line.message == "listening").then_some(line.port)
}
