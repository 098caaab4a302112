//! Everything that runs, from start to stop.

use std::{collections::BTreeMap, io, net::SocketAddr, path::PathBuf};

use axum::Router;
use bind_session::BindSession;
use container::Handler;
use invoke::Invoke;
use service::ConfigError;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use url::Url;

use crate::{
    addresses::{Addresses, Listeners},
    agentcore::AgentCore,
    bedrock::{self, ModelError},
    binaries::{self, BinaryError},
    clock::Clock,
    environment::{self, functions},
    github::GitHub,
    identity_provider::IdentityProvider,
    lambda::Lambda,
    load_balancer::{self, OidcClient, Proof, Settings, Target},
    options::{ModelChoice, Oidc, Options, Platform},
    process::{Output, Process},
    public_keys, s3,
};

/// The GitHub app's client id.
const GITHUB_APP: &str = "countersign-local";
/// … and its secret.
const GITHUB_APP_SECRET: &str = "for-development-only";

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on a port that is needed.
    #[error(
        "port {port}, for {what}, is taken by another program; stop it, or choose other ports \
         with --port"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// What it is for.
        what: &'static str,
    },
    /// A port can't be listened on for another reason.
    #[error("port {port}, for {what}, can't be listened on: {error}")]
    Listen {
        /// The port.
        port: u16,
        /// What it is for.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// The data folder can't be used.
    #[error("the data folder {} can't be used: {error}; choose another with --data", folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The functions' binaries are not there and can't be built.
    #[error(transparent)]
    Binaries(#[from] BinaryError),
    /// A service's binary can't be run, or stopped before it served anything.
    #[error("{name} can't be run: {error}")]
    Process {
        /// The service.
        name: &'static str,
        /// Why not.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A handler refuses the configuration that it is given here.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// The real model can't be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Something that never fails did.
    #[error(transparent)]
    Io(io::Error),
}

/// What runs; all of it stops with this value.
#[derive(Debug)]
pub struct Running {
    /// Where everything is.
    pub addresses: Addresses,
    /// GitHub, to revoke tokens at.
    pub github: GitHub,
    /// Where people sign in.
    pub issuer: String,
    /// What both services are configured with.
    pub variables: BTreeMap<String, String>,
    /// Which of these come from the environment of whoever runs this.
    pub passed_on: BTreeMap<String, String>,
    /// Whether people sign in at the stand-in for an identity provider.
    pub has_stand_in_people: bool,
    stop: watch::Sender<bool>,
    handlers: JoinSet<()>,
    stand_ins: JoinSet<()>,
    processes: Vec<(&'static str, Process)>,
    lambda: Lambda,
}

/// Starts every stand-in, and both services behind the load balancer, as `options` say, by `clock`.
///
/// # Errors
/// See [`StartError`]; nothing is left running then.
pub async fn start(options: Options, clock: Clock) -> Result<Running, StartError> {
    let listeners = Listeners::bind(options.port).await?;
    let mut addresses = listeners.addresses()?;
    if let Some(application) = &options.stand_ins_for {
        addresses.application = application.clone();
    }
    let s3 = storage(&options)?;
    let (github, agentcore) = services(&addresses, &clock);
    let agentcore = agentcore.with_grant_lookup(options.grant_lookup);
    let (oidc, provider) = sign_in(&options.oidc, &addresses, &clock);
    let mut variables = functions(&addresses, &oidc.issuer, &oidc.client_id);
    variables.extend(options.passed_on.clone());
    variables.extend(options.model.id.iter().map(|id| ("MODEL_ID".to_owned(), id.clone())));
    variables.extend(options.variables.clone());
    let proof = Proof::of(&variables);
    let model = match options.model.choice {
        ModelChoice::Scripted => bedrock::router(),
        ModelChoice::Bedrock => bedrock::real::router(&options.model).await?,
    };
    let mut running = Running {
        addresses,
        github,
        issuer: oidc.issuer.clone(),
        variables,
        passed_on: options.passed_on.clone(),
        has_stand_in_people: options.oidc.client().is_none(),
        stop: watch::Sender::new(false),
        handlers: JoinSet::new(),
        stand_ins: JoinSet::new(),
        processes: Vec::new(),
        lambda: Lambda::new(),
    };
    running.serve(listeners.s3, s3);
    running.serve(listeners.github, running.github.router());
    running.serve(listeners.agentcore, agentcore.router());
    running.serve(listeners.identity_provider, provider.router());
    running.serve(listeners.public_keys, public_keys::router());
    running.serve(listeners.bedrock, model);

    if options.stand_ins_for.is_some() {
        return Ok(running);
    }
    let sockets = Sockets {
        invoke: listeners.invoke,
        bind: listeners.bind_session,
        lambda: listeners.lambda,
    };
    let (invoke, bind_session) = running.run_services(&options, sockets, &clock).await?;
    let application = running.addresses.application.clone();
    let settings = Settings { application, oidc, proof, invoke, bind_session, clock };
    running.serve(listeners.application, load_balancer::router(settings));
    Ok(running)
}

/// Where the services could be reached.
struct Sockets {
    invoke: TcpListener,
    bind: TcpListener,
    lambda: TcpListener,
}

fn storage(options: &Options) -> Result<Router, StartError> {
    let failed = |error| StartError::Data { folder: options.data.clone(), error };
    let folder = options.data.join("s3");
    if options.fresh && folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    let (key, secret) = (environment::ACCESS_KEY_ID, environment::SECRET_ACCESS_KEY);
    s3::router(&folder, environment::BUCKET, key, secret).map_err(failed)
}

fn services(addresses: &Addresses, clock: &Clock) -> (GitHub, AgentCore) {
    let github = GitHub::new(addresses.github.clone(), clock.clone());
    let agentcore = AgentCore::new(addresses.agentcore.clone(), clock.clone());
    let mut return_url = addresses.application.clone();
    return_url.set_path("/oauth2/session-binding");
    agentcore.create_workload_identity(environment::WORKLOAD_IDENTITY, &[return_url]);
    let callback = agentcore.create_github_provider(
        environment::GITHUB_PROVIDER,
        GITHUB_APP,
        GITHUB_APP_SECRET,
        &addresses.github,
    );
    github.register_app(GITHUB_APP, GITHUB_APP_SECRET, callback);
    (github, agentcore)
}

fn sign_in(own: &Oidc, addresses: &Addresses, clock: &Clock) -> (OidcClient, IdentityProvider) {
    let (id, secret) = (environment::OIDC_CLIENT_ID, environment::OIDC_CLIENT_SECRET);
    let redirect = load_balancer::callback(&addresses.application);
    let base = addresses.identity_provider.clone();
    let provider = IdentityProvider::new(base, id, secret, redirect, clock.clone());
    let client = own.client().unwrap_or_else(|| OidcClient {
        issuer: provider.issuer().to_owned(),
        client_id: id.to_owned(),
        client_secret: secret.to_owned(),
    });
    (client, provider)
}

impl Running {
    /// Completes when a service's process has ended by itself, with what to say about it.
    pub async fn failed(&mut self) -> String {
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

    /// Lets requests in flight finish, and stops everything.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for (name, process) in self.processes {
            if let Err(error) = process.stop().await {
                tracing::warn!(name, %error, "could not be stopped");
            }
        }
        while self.handlers.join_next().await.is_some() {}
        self.stand_ins.shutdown().await;
    }

    fn serve(&mut self, listener: TcpListener, router: Router) {
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        self.stand_ins.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a stand-in has ended");
            }
        });
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

    /// Runs both services; answers where the load balancer finds them.
    async fn run_services(
        &mut self,
        options: &Options,
        sockets: Sockets,
        clock: &Clock,
    ) -> Result<(Target, Target), StartError> {
        let variables = self.variables.clone();
        if let Some(endpoint) = &options.lambda_endpoint {
            return Ok(lambda_targets(endpoint));
        }
        match options.platform {
            Platform::InProcess => {
                let invoke = Invoke::start_by(&variables, clock.clone())?;
                let bind = BindSession::start_by(&variables, clock.clone())?;
                self.handle(sockets.invoke, invoke);
                self.handle(sockets.bind, bind);
                Ok(self.http_targets())
            }
            Platform::Container => self.run_containers(options, sockets, variables).await,
            Platform::Lambda => self.run_functions(options, sockets.lambda, variables).await,
        }
    }

    async fn run_containers(
        &mut self,
        options: &Options,
        Sockets { invoke, bind, .. }: Sockets,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Target, Target), StartError> {
        let names = ["invoke-container", "bind-session-container"];
        let binaries = binaries::find(options.bin_dir.as_deref(), &names).await?;
        for (name, listener) in names.into_iter().zip([invoke, bind]) {
            // With --port 0 the container takes a free port itself, so that nobody else can.
            let port = listener.local_addr().map_err(StartError::Io)?.port();
            let port = if options.port == 0 { 0 } else { port };
            drop(listener);
            variables.insert("PORT".to_owned(), port.to_string());
            let process = spawn(name, &binaries[name], &variables, options.output)?;
            let port = process.listening().await;
            let port = port.map_err(|error| StartError::Process { name, error: error.into() })?;
            let address = match name {
                "invoke-container" => &mut self.addresses.invoke,
                _ => &mut self.addresses.bind_session,
            };
            let _http_takes_any_port = address.set_port(Some(port));
            self.processes.push((name, process));
        }
        Ok(self.http_targets())
    }

    async fn run_functions(
        &mut self,
        options: &Options,
        listener: TcpListener,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Target, Target), StartError> {
        let names = ["invoke", "bind-session"];
        let binaries = binaries::find(options.bin_dir.as_deref(), &names).await?;
        let lambda = self.lambda.clone();
        self.serve(listener, lambda.router());
        let endpoint = self.addresses.lambda.clone();
        for name in names {
            variables.extend(lambda.create_function(name, &endpoint));
            let process = spawn(name, &binaries[name], &variables, options.output)?;
            self.processes.push((name, process));
        }
        Ok(lambda_targets(&endpoint))
    }

    fn http_targets(&self) -> (Target, Target) {
        let Addresses { invoke, bind_session, .. } = &self.addresses;
        (Target::Http(invoke.clone()), Target::Http(bind_session.clone()))
    }
}

fn lambda_targets(endpoint: &Url) -> (Target, Target) {
    let target = |function: &str| Target::Lambda {
        endpoint: endpoint.clone(),
        function: function.to_owned(),
    };
    (target("invoke"), target("bind-session"))
}

fn spawn(
    name: &'static str,
    binary: &std::path::Path,
    variables: &BTreeMap<String, String>,
    output: Output,
) -> Result<Process, StartError> {
    let process = Process::spawn(name, binary, variables, output);
    process.map_err(|error| StartError::Process { name, error: error.into() })
}

async fn status(process: &mut Process) -> String {
    process.exited().await.map_or_else(|error| error.to_string(), |status| status.to_string())
}
