//! A child process that runs a function or a container.

use std::{
    collections::BTreeMap,
    io::{self, Write},
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

/// How long a process may take to finish its requests.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Where the output of a process goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// To standard error, each line with the process's name in front.
    Shown,
    /// To the log, as events of the target `process`.
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
    /// Runs `binary` with exactly the variables of `environment`. It gets nothing of our own environment:
    /// no credentials of a real account, and no home directory that may contain some.
    ///
    /// # Errors
    /// When the binary can't be run.
    pub fn spawn(
        name: &str,
        binary: &Path,
        environment: &BTreeMap<String, String>,
        output: Output,
    ) -> io::Result<Self> {
        let mut command = command(binary, std::process::id());
        command.env_clear().envs(environment).kill_on_drop(true);
        // Ctrl-C in a terminal goes to the whole process group. This process is stopped by `stop`.
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

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Returns the port that a container listens on, once it has logged it.
    ///
    /// # Errors
    /// When the process ends before.
    pub async fn listening(&self) -> Result<u16, NeverListened> {
        let mut port = self.port.clone();
        let port = port.wait_for(Option::is_some).await.map_err(|_| NeverListened)?;
        port.ok_or(NeverListened)
    }

    /// Waits until it has ended. Returns its exit status.
    ///
    /// # Errors
    /// When the system can't report it.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks it to stop, waits up to 5 seconds until it has, then kills it.
    ///
    /// # Errors
    /// When it could be neither asked nor killed.
    pub async fn stop(self) -> io::Result<ExitStatus> {
        self.stop_within(STOP_TIME).await
    }

    /// Asks it to stop, waits that long until it has, then kills it, which its status says.
    ///
    /// # Errors
    /// When it could be neither asked nor killed.
    pub async fn stop_within(mut self, time: Duration) -> io::Result<ExitStatus> {
        if let Some(pid) = self.pid() {
            kill_process(pid, Signal::TERM)?;
        }
        if let Ok(exited) = tokio::time::timeout(time, self.child.wait()).await {
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

/// Returns the command for `binary` as a child of the process `parent`. On Linux, the system kills it when its parent
/// ends without having stopped it (prctl(2), `PR_SET_PDEATHSIG`). Without unsafe code only a program in between can
/// ask for that; every Debian has `setpriv` of util-linux. A parent that has ended before is not told of, so it is looked
/// for once the system has been asked: a function without it would poll a Runtime API that is gone without end.
fn command(binary: &Path, parent: u32) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !cfg!(target_os = "linux") || !setpriv.is_file() {
        return Command::new(binary);
    }
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "KILL", "--", "/bin/sh", "-c"]);
    command.args([r#"[ "$PPID" = "$1" ] && exec "$2""#, "sh", &parent.to_string()]).arg(binary);
    command
}

/// Forwards each line until the output is closed.
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
            // The program goes on if standard error is closed.
            Output::Shown => drop(writeln!(io::stderr(), "{name} | {line}")),
            Output::Logged => tracing::info!(target: "process", "{name} | {line}"),
        }
    }
}

/// Returns the port, if this is the log line with which a container says that it listens.
fn port(line: &[u8]) -> Option<u16> {
    #[derive(Deserialize)]
    struct Line {
        message: String,
        port: u16,
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    (line.message == "listening").then_some(line.port)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{path::Path, process};

    use super::command;

    #[tokio::test]
    async fn what_has_lost_its_parent_before_it_could_be_told_does_not_start() {
        let started = |parent| command(Path::new("/bin/true"), parent).status();
        assert!(started(process::id()).await.unwrap().success());
        assert!(!started(1).await.unwrap().success());
    }
}
