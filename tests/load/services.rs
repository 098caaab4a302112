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

use crate::counts::{Counts, Never};

/// How long to wait before the port is tried again.
const PAUSE: Duration = Duration::from_millis(50);
const START: Duration = Duration::from_secs(30);

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

    pub(crate) fn port(&self, which: Which) -> u16 {
        self.0[which as usize].port
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
            service.stopping.lock().await.spawn(process.stop());
        }
        service.start_again().await;
    }

    /// Stops both. Each that was asked to has to have ended by itself.
    pub(crate) async fn stop(&self, counts: &Counts) {
        for service in self.0.iter() {
            if let Some(process) = service.process.lock().await.take() {
                service.stopping.lock().await.spawn(process.stop());
            }
            while let Some(ended) = service.stopping.lock().await.join_next().await {
                let status = ended.expect("no panic").expect("a status");
                counts.one(format!("{} ended: {status}", service.name));
                if status.code().is_some_and(|code| code != 0) {
                    counts.never(Never::BadExit, format!("{}: {status}", service.name));
                }
            }
        }
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
