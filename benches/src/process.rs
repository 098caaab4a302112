//! Processes of their own for what is measured and for what stands beside it, so that the processor's time
//! of one is not that of the other.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// What this program is as a process of its own.
pub(crate) const ROLE: &str = "BENCHES_ROLE";

/// What this process was given by the one that started it.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var_os(name)?.into_string().ok()
}

/// A process; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// This program in another role, or `binary`.
    pub(crate) fn start(
        role: &str,
        binary: Option<&Path>,
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let own = env::current_exe().expect("this program");
        let mut child = Command::new(binary.unwrap_or(&own))
            .env_clear()
            .envs(variables)
            .env(ROLE, role)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let output = child.stdout.take().map(BufReader::new);
        Self { child, output }
    }

    /// The first line of its output of which `read` makes something. What it prints afterwards is read and
    /// dropped.
    pub(crate) fn told<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> T {
        let mut output = self.output.take().expect("an output");
        loop {
            let mut line = String::new();
            let length = output.read_line(&mut line).expect("a line");
            assert!(length > 0, "a process has ended early");
            if let Some(told) = read(&line) {
                thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
                return told;
            }
        }
    }

    /// The processor's time that its threads have used (Linux, Documentation/scheduler/sched-stats.rst).
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("Linux");
        let of_task = |task: std::io::Result<fs::DirEntry>| {
            let stat = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            stat.split_whitespace().next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.filter_map(of_task).sum())
    }

    /// The memory that it holds, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The processor's time that this process has used.
pub(crate) fn own_cpu() -> Duration {
    clock(ClockId::ProcessCPUTime)
}

/// A time that is the same in all processes of this machine.
pub(crate) fn monotonic() -> Duration {
    clock(ClockId::Monotonic)
}

fn clock(id: ClockId) -> Duration {
    let time = clock_gettime(id);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
