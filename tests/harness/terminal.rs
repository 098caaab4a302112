//! `local` in a terminal, as a person runs it: a pseudo-terminal of the system (pty(7)) with a
//! keyboard to press and a screen to read.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use local::{binaries, options::Platform, parts::Addresses};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    sync::watch,
    task::spawn_blocking,
    time::timeout,
};

use crate::{Browser, Form};

/// What takes longer does not come any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal in which `local` runs; the program is killed with this value.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: watch::Receiver<String>,
    _data: Arc<TempDir>,
}

impl Terminal {
    /// Runs `local` on any free ports, on `platform`, with these variables and no others.
    ///
    /// # Panics
    /// When it can't be run.
    pub async fn run(platform: Platform, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let names =
            ["local", "invoke", "bind-session", "invoke-container", "bind-session-container"];
        let found = binaries::find(None, &names).await.expect("binaries");
        let data = Arc::new(tempfile::tempdir().expect("a folder"));
        let mut command = in_terminal(&found["local"]);
        command.args(["--port", "0", "--data"]).arg(data.path());
        match platform {
            Platform::InProcess => {}
            Platform::Container => _ = command.args(["--platform", "container"]),
            Platform::Lambda => _ = command.args(["--platform", "lambda"]),
        }
        if platform != Platform::InProcess {
            command.arg("--bin-dir").arg(found["local"].parent().expect("a folder"));
        }
        command.args(arguments).env_clear().envs(variables.iter().copied());

        let (keyboard, terminal) = pseudo_terminal();
        let [output, errors] = [(); 2].map(|()| terminal.try_clone().expect("a copy"));
        command.stdin(terminal).stdout(output).stderr(errors).kill_on_drop(true);
        let child = command.spawn().expect("a process");
        // It holds our end of the terminal, which would never end otherwise.
        drop(command);
        let screen = read(keyboard.try_clone().expect("a copy"));
        Self { child, keyboard, screen, _data: data }
    }

    /// Waits until the screen shows `text`; returns all that it shows.
    ///
    /// # Panics
    /// When it never does.
    pub async fn shows(&self, text: &str) -> String {
        let mut screen = self.screen.clone();
        let shown = screen.wait_for(|screen| screen.contains(text));
        let shown = timeout(PATIENCE, shown).await.map(|it| it.map(|it| it.clone()));
        match shown {
            Ok(Ok(screen)) => screen,
            _ => panic!("no “{text}” on the screen: {}", *self.screen.borrow()),
        }
    }

    /// Everything that was shown so far.
    #[must_use]
    pub fn screen(&self) -> String {
        self.screen.borrow().clone()
    }

    /// The application's address, once it is shown.
    ///
    /// # Panics
    /// When none is.
    pub async fn addresses(&self) -> Addresses {
        let screen = self.shows("Ctrl-C").await;
        let (_, rest) = screen.split_once("Open http://localhost:").expect("an address");
        let port = rest.split('/').next().and_then(|port| port.parse().ok()).expect("a port");
        Addresses::on_ports_from(port).expect("addresses")
    }

    /// A browser in which `person` is signed in.
    pub async fn browser_of(&self, person: &str) -> Browser {
        let addresses = self.addresses().await;
        let browser = Browser::new(reqwest::Client::builder(), &addresses);
        let page = browser.open(addresses.application.as_str()).await;
        let page = browser.submit(&page, Form::in_page(&page.text).with("user", person)).await;
        assert!(page.status.is_success(), "{page:?}");
        browser
    }

    /// Presses Ctrl-C, which the terminal sends to whatever runs in its foreground.
    ///
    /// # Panics
    /// When the terminal is closed.
    pub fn press_ctrl_c(&mut self) {
        self.keyboard.write_all(b"\x03").expect("an open terminal");
    }

    /// Sends a signal to `local` alone.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a process");
    }

    /// The processes that `local` has started.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn children(&self) -> Vec<Pid> {
        let own = self.pid();
        let all = std::fs::read_dir("/proc").expect("the processes").filter_map(Result::ok);
        let pids =
            all.filter_map(|it| it.file_name().to_str()?.parse().ok().and_then(Pid::from_raw));
        pids.filter(|pid| parent(*pid) == Some(own)).collect()
    }

    /// Waits until it has ended; returns how.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it goes on: {}", self.screen())).expect("a status")
    }

    fn pid(&self) -> Pid {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        id.and_then(Pid::from_raw).expect("a running process")
    }
}

/// The parent of a process that runs; a dead one that nobody has asked about is no longer running.
#[must_use]
pub fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // proc_pid_stat(5): after the name, which may hold anything, state and parent.
    let mut rest = stat.rsplit_once(") ")?.1.split(' ');
    let (state, parent) = (rest.next()?, rest.next()?);
    if state == "Z" { None } else { Pid::from_raw(parent.parse().ok()?) }
}

/// Completes when a process that runs has ended, of which its descriptor tells (`pidfd_open(2)`).
///
/// # Panics
/// When it does not end.
pub fn ending(pid: Pid) -> impl Future<Output = ()> {
    let process = pidfd_open(pid, PidfdFlags::empty()).expect("a process");
    async move {
        let patience = Timespec::try_from(PATIENCE).expect("a time");
        let wait = move || poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience));
        let ended = spawn_blocking(wait).await.expect("it waits").expect("it tells");
        assert_eq!(ended, 1, "{pid:?} goes on");
    }
}

/// `program` as the leader of a session whose terminal is its standard input.
fn in_terminal(program: &Path) -> Command {
    let mut command = Command::new("/usr/bin/setsid");
    command.arg("--ctty").arg(program);
    command
}

/// Both ends: the keyboard and screen, and what a program has.
fn pseudo_terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
    let ours = ours.expect("a pseudo-terminal");
    grantpt(&ours).expect("access to it");
    unlockpt(&ours).expect("it unlocked");
    let name = ptsname(&ours, Vec::new()).expect("its name").into_string().expect("a path");
    let theirs = OpenOptions::new().read(true).write(true).open(PathBuf::from(name));
    (File::from(ours), theirs.expect("the other end"))
}

/// What comes out of the terminal, as it comes. Its end is an error (`EIO`) on Linux.
fn read(mut terminal: File) -> watch::Receiver<String> {
    let (shown, screen) = watch::channel(String::new());
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        let mut all = Vec::new();
        while let Ok(count @ 1..) = terminal.read(&mut bytes) {
            all.extend_from_slice(&bytes[..count]);
            shown.send_replace(String::from_utf8_lossy(&all).into_owned());
        }
    });
    screen
}

/// Runs `local` with these arguments and without a terminal; returns what it prints.
///
/// # Panics
/// When it fails.
pub async fn printed(arguments: &[&str]) -> String {
    let output = output(arguments).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs `local` with these arguments and without a terminal; returns how it ends.
///
/// # Panics
/// When it can't be run.
pub async fn output(arguments: &[&str]) -> Output {
    let found = binaries::find(None, &["local"]).await.expect("a binary");
    let mut command = Command::new(&found["local"]);
    command.args(arguments).env_clear().stdin(Stdio::null());
    command.output().await.expect("a process")
}
