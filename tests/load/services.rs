//! The two container binaries: started, killed, and started again at the same port.

use std::{collections::BTreeMap, path::PathBuf, process::ExitStatus, sync::Arc, time::Duration};

use local::{
    binaries,
    process::{Output, Process},
};
use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{sleep, timeout},
};
use url::Url;

use crate::counts::{Counts, Never};

/// How long to wait before the port is tried again.
const PAUSE: Duration = Duration::from_millis(50);
const START: Duration = Duration::from_secs(30);
/// How long one may take to end that was asked to: longer than it lets its requests go on.
const STOP: Duration = Duration::from_secs(45);

/// The names of both.
const NAMES: [&str; 2] = ["invoke-container", "bind-session-container"];

/// Which of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Invoke = 0,
    BindSession = 1,
}

/// Both services; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Services(Arc<[Service; 2]>);

#[derive(Debug)]
struct Service {
    name: &'static str,
    binary: PathBuf,
    port: u16,
    variables: BTreeMap<String, String>,
    process: Mutex<Option<Process>>,
    stopping: Mutex<JoinSet<std::io::Result<ExitStatus>>>,
}

impl Services {
    pub(crate) async fn start(variables: BTreeMap<String, String>) -> Self {
        let folder = std::env::var_os("SERVICES_BIN_DIR").map(PathBuf::from);
        let binaries = binaries::find(folder.as_deref(), &NAMES).await.expect("the binaries");
        let mut started = Vec::new();
        for name in NAMES {
            let mut variables = variables.clone();
            variables.insert("PORT".to_owned(), "0".to_owned());
            let binary = binaries[name].clone();
            let process = Process::spawn(name, &binary, &variables, Output::Logged);
            let process = process.expect("a process");
            let port = process.listening().await.expect("a port");
            variables.insert("PORT".to_owned(), port.to_string());
            let (process, stopping) = (Mutex::new(Some(process)), Mutex::default());
            started.push(Service { name, binary, port, variables, process, stopping });
        }
        let both: [Service; 2] = started.try_into().expect("two services");
        Self(Arc::new(both))
    }

    pub(crate) fn address(&self, which: Which) -> Url {
        let port = self.0[which as usize].port;
        Url::parse(&format!("http://127.0.0.1:{port}")).expect("an address")
    }

    /// Ends it in the middle of its work (SIGKILL), and starts it again.
    pub(crate) async fn kill(&self, which: Which) {
        let service = &self.0[which as usize];
        drop(service.process.lock().await.take());
        service.start_again().await;
    }

    /// Asks it to stop (SIGTERM), and starts another while it finishes its requests.
    pub(crate) async fn restart(&self, which: Which) {
        let service = &self.0[which as usize];
        if let Some(process) = service.process.lock().await.take() {
            service.stopping.lock().await.spawn(process.stop_within(STOP));
        }
        service.start_again().await;
    }

    /// Stops both. Each that was asked to has to have ended by itself.
    pub(crate) async fn stop(&self, counts: &Counts) {
        for service in self.0.iter() {
            if let Some(process) = service.process.lock().await.take() {
                service.stopping.lock().await.spawn(process.stop_within(STOP));
            }
            while let Some(ended) = service.stopping.lock().await.join_next().await {
                let status = ended.expect("no panic").expect("a status");
                counts.one(format!("{} ended: {status}", service.name));
                judge(service.name, status, counts);
            }
        }
    }
}

/// One that was asked to end has to do so by itself, and well: it was killed if it took too long.
fn judge(name: &str, status: ExitStatus, counts: &Counts) {
    if !status.success() {
        counts.never(Never::BadExit, format!("{name}: {status}"));
    }
}

impl Service {
    /// At the same port, which the one before may still hold for a moment.
    async fn start_again(&self) {
        let started = timeout(START, async {
            loop {
                let process =
                    Process::spawn(self.name, &self.binary, &self.variables, Output::Logged);
                let process = process.expect("a process");
                if process.listening().await.is_ok() {
                    break process;
                }
                sleep(PAUSE).await;
            }
        });
        *self.process.lock().await = Some(started.await.expect("a port in time"));
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, time::Duration};

    use local::process::{Output, Process};

    use super::judge;
    use crate::counts::{Counts, Never};

    /// What is found of a program that is asked to end and gets a moment for that.
    async fn ends(script: &str) -> Vec<Never> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let none = BTreeMap::new();
        let process = Process::spawn("program", &program, &none, Output::Logged).unwrap();
        process.listening().await.unwrap();
        let status = process.stop_within(Duration::from_millis(500)).await.unwrap();
        let counts = Counts::default();
        judge("program", status, &counts);
        counts.found()
    }

    #[tokio::test]
    async fn a_service_that_has_to_be_killed_or_fails_has_ended_badly() {
        let listens = r#"echo '{"message":"listening","port":1}'; while :; do :; done"#;
        assert_eq!(ends(&format!("trap '' TERM; {listens}")).await, [Never::BadExit]);
        assert_eq!(ends(&format!("trap 'exit 3' TERM; {listens}")).await, [Never::BadExit]);
        assert_eq!(ends(listens).await, [Never::BadExit]);
        assert_eq!(ends(&format!("trap 'exit 0' TERM; {listens}")).await, []);
    }
}
