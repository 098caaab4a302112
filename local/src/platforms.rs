//! How the two services run: as handlers here, as container binaries, or as Lambda binaries.

use std::{collections::BTreeMap, path::Path};

use bind_session::BindSession;
use clock::Clock;
use container::Handler;
use invoke::Invoke;
use lambda_local::Lambda;
use load_balancer_local::Target;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use url::Url;

use crate::{
    binaries,
    options::{Options, Platform},
    parts::Addresses,
    process::{Output, Process},
    serving::StandIns,
    start_error::StartError,
};

/// The listeners of the services.
pub(crate) struct Sockets {
    pub(crate) invoke: TcpListener,
    pub(crate) bind_session: TcpListener,
    pub(crate) lambda: TcpListener,
}

/// The targets of the load balancer.
pub(crate) struct Targets {
    pub(crate) invoke: Target,
    pub(crate) bind_session: Target,
}

/// The two running services; both stop when this is dropped.
#[derive(Debug)]
pub(crate) struct Services {
    stop: watch::Sender<bool>,
    handlers: JoinSet<()>,
    processes: Vec<(&'static str, Process)>,
    lambda: Lambda,
    lambda_api: StandIns,
}

impl Services {
    /// Without any service running yet.
    pub(crate) fn new() -> Self {
        Self {
            stop: watch::Sender::new(false),
            handlers: JoinSet::new(),
            processes: Vec::new(),
            lambda: Lambda::new(),
            lambda_api: StandIns::default(),
        }
    }

    /// Starts both with these `variables`. A container that chooses a port itself changes its address.
    pub(crate) async fn run(
        &mut self,
        options: &Options,
        sockets: Sockets,
        variables: BTreeMap<String, String>,
        addresses: &mut Addresses,
        clock: Clock,
    ) -> Result<Targets, StartError> {
        if let Some(endpoint) = &options.lambda_endpoint {
            return Ok(lambda_targets(endpoint));
        }
        match options.platform {
            Platform::InProcess => {
                let invoke = Invoke::start_by(&variables, clock.clone())?;
                let bind = BindSession::start_by(&variables, clock)?;
                self.handle(sockets.invoke, invoke);
                self.handle(sockets.bind_session, bind);
                Ok(http_targets(addresses))
            }
            Platform::Container => {
                self.run_containers(options, sockets, variables, addresses).await
            }
            Platform::Lambda => {
                self.lambda_api.serve(sockets.lambda, self.lambda.router());
                self.run_functions(options, variables, &addresses.lambda).await
            }
        }
    }

    /// Waits until a service's process has ended by itself. Returns the message about it.
    pub(crate) async fn failed(&mut self) -> String {
        let exits = self
            .processes
            .iter_mut()
            .map(|(name, process)| Box::pin(async move { (*name, status(process).await) }));
        let exits: Vec<_> = exits.collect();
        if exits.is_empty() {
            return std::future::pending().await;
        }
        let ((name, status), ..) = futures_util::future::select_all(exits).await;
        self.lambda.process_ended(name, &status);
        format!("{name} has ended: {status}")
    }

    /// Stops both once their running requests have finished.
    pub(crate) async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for (name, process) in self.processes {
            if let Err(error) = process.stop().await {
                tracing::warn!(name, %error, "could not be stopped");
            }
        }
        while self.handlers.join_next().await.is_some() {}
        self.lambda_api.shutdown().await;
    }

    fn handle(&mut self, listener: TcpListener, handler: impl Handler) {
        let mut stop = self.stop.subscribe();
        self.handlers.spawn(async move {
            let stopped = async move {
                let _sender_gone = stop.wait_for(|stop| *stop).await;
            };
            container::serve(listener, handler, container::Limits::default(), stopped).await;
        });
    }

    async fn run_containers(
        &mut self,
        options: &Options,
        sockets: Sockets,
        mut variables: BTreeMap<String, String>,
        addresses: &mut Addresses,
    ) -> Result<Targets, StartError> {
        let names = ["invoke-container", "bind-session-container"];
        let binaries = binaries::find(options.bin_dir.as_deref(), &names).await?;
        let sockets = [
            (sockets.invoke, &mut addresses.invoke),
            (sockets.bind_session, &mut addresses.bind_session),
        ];
        for (name, (listener, address)) in names.into_iter().zip(sockets) {
            // With --port 0 the container chooses a free port itself, so that no other program takes it first.
            let port = listener.local_addr().map_err(StartError::Io)?.port();
            let port = if options.port == 0 { 0 } else { port };
            drop(listener);
            variables.insert("PORT".to_owned(), port.to_string());
            let process = spawn(name, &binaries[name], &variables, options.output)?;
            let port = process.listening().await;
            let port = port.map_err(|error| StartError::Process { name, error: error.into() })?;
            let _http_takes_any_port = address.set_port(Some(port));
            self.processes.push((name, process));
        }
        Ok(http_targets(addresses))
    }

    async fn run_functions(
        &mut self,
        options: &Options,
        mut variables: BTreeMap<String, String>,
        endpoint: &Url,
    ) -> Result<Targets, StartError> {
        let names = ["invoke", "bind-session"];
        let binaries = binaries::find(options.bin_dir.as_deref(), &names).await?;
        for name in names {
            variables.extend(self.lambda.create_function(name, endpoint));
            let process = spawn(name, &binaries[name], &variables, options.output)?;
            self.processes.push((name, process));
        }
        Ok(lambda_targets(endpoint))
    }
}

fn http_targets(addresses: &Addresses) -> Targets {
    let Addresses { invoke, bind_session, .. } = addresses;
    Targets {
        invoke: Target::Http(invoke.clone()),
        bind_session: Target::Http(bind_session.clone()),
    }
}

fn lambda_targets(endpoint: &Url) -> Targets {
    let target = |function: &str| Target::Lambda {
        endpoint: endpoint.clone(),
        function: function.to_owned(),
    };
    Targets { invoke: target("invoke"), bind_session: target("bind-session") }
}

fn spawn(
    name: &'static str,
    binary: &Path,
    variables: &BTreeMap<String, String>,
    output: Output,
) -> Result<Process, StartError> {
    let process = Process::spawn(name, binary, variables, output);
    process.map_err(|error| StartError::Process { name, error: error.into() })
}

async fn status(process: &mut Process) -> String {
    process.exited().await.map_or_else(|error| error.to_string(), |status| status.to_string())
}
