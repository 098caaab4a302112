//! Starts and stops everything.

use std::collections::BTreeMap;

use agentcore_local::AgentCore;
use axum::Router;
use calendar_local::Calendar;
use development_key::Keyring;
use github_local::GitHub;
use load_balancer_local::{OidcClient, Proof, Settings, public_keys};
use openid_local::IdentityProvider;
use stand_in::Clock;
use tokio::net::TcpListener;

use crate::{
    access_token,
    environment::{self, functions},
    faults::{Faults, FaultyPart, faulty},
    inspector::{self, Place, Recorder},
    options::{ModelChoice, Oidc, Options},
    parts::{Addresses, Listeners},
    platforms::{Services, Sockets, Targets},
    serving::StandIns,
    start_error::StartError,
};

/// The client id of the app at GitHub, and what a GitHub App is called in its address.
pub const GITHUB_APP: &str = "countersign-local";
/// … and its secret.
const GITHUB_APP_SECRET: &str = "for-development-only";
/// The client id of the app at the calendar.
const CALENDAR_APP: &str = "countersign-local";
/// … and its secret.
const CALENDAR_APP_SECRET: &str = "for-development-only";

/// Everything that runs; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// The address of each part.
    pub addresses: Addresses,
    /// The stand-in for AgentCore Identity, so that a test can add credential providers.
    pub agentcore: AgentCore,
    /// The stand-in for GitHub, so that a test can revoke tokens.
    pub github: GitHub,
    /// The calendar, unless it is left out.
    pub calendar: Option<Calendar>,
    /// The issuer at which people sign in.
    pub issuer: String,
    /// The variables of both services.
    pub variables: BTreeMap<String, String>,
    /// Those of them that come from the environment of the person who runs this.
    pub passed_on: BTreeMap<String, String>,
    /// Whether people sign in at the stand-in for an identity provider.
    pub has_stand_in_people: bool,
    /// What goes wrong around the services; it can be changed while they run.
    pub faults: Faults,
    /// What the stand-ins sign with.
    pub keys: Keys,
    services: Services,
    stand_ins: StandIns,
}

/// The keys of the stand-ins that sign.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// The load balancer's, of which it publishes the public halves.
    pub load_balancer: Keyring,
    /// Those of the OpenID provider.
    pub issuer: Keyring,
}

/// Starts every stand-in, and both services behind the load balancer.
///
/// # Errors
/// See [`StartError`]. Nothing is left running.
pub async fn start(options: Options, clock: Clock) -> Result<Running, StartError> {
    let listeners = Listeners::bind(options.port).await?;
    let mut addresses = listeners.addresses()?;
    if let Some(application) = &options.stand_ins_for {
        addresses.application = application.clone();
    }
    let s3 = storage(&options)?;
    let (github, agentcore) = services(&addresses, &clock, options.github_app);
    let calendar = (!options.no_calendar).then(|| calendar(&addresses, &agentcore, &clock));
    let agentcore = agentcore.with_grant_lookup(options.grant_lookup);
    let keys = Keys::default();
    let (oidc, provider) = sign_in(&options.oidc, &addresses, &clock, &keys);
    let variables = variables(&options, &addresses, &oidc);
    let model = model(&options).await?;
    let mut running = Running {
        addresses,
        agentcore,
        github,
        calendar,
        issuer: oidc.issuer.clone(),
        variables,
        passed_on: options.passed_on.clone(),
        has_stand_in_people: options.oidc.client().is_none(),
        faults: Faults::new(options.faults.clone(), options.fault_seed),
        keys,
        services: Services::new(),
        stand_ins: StandIns::default(),
    };
    let at = StandInListeners {
        s3: listeners.s3,
        github: listeners.github,
        agentcore: listeners.agentcore,
        calendar: listeners.calendar,
        identity_provider: listeners.identity_provider,
        public_keys: listeners.public_keys,
        bedrock: listeners.bedrock,
    };
    running.serve_stand_ins(at, (s3, provider.router(), model), options.recorder.as_ref());

    if options.stand_ins_for.is_some() {
        return Ok(running);
    }
    let sockets = Sockets {
        invoke: listeners.invoke,
        bind_session: listeners.bind_session,
        lambda: listeners.lambda,
    };
    let targets = running.run_services(&options, sockets, &clock).await?;
    let settings = Settings {
        application: running.addresses.application.clone(),
        oidc,
        proof: Proof::from_variables(&running.variables),
        invoke: targets.invoke,
        bind_session: targets.bind_session,
        clock,
        keys: running.keys.load_balancer.clone(),
    };
    let at = (listeners.application, listeners.inspector);
    running.serve_application(at, settings, options.recorder);
    Ok(running)
}

/// Where the stand-ins listen that can have faults.
struct StandInListeners {
    s3: TcpListener,
    github: TcpListener,
    agentcore: TcpListener,
    calendar: TcpListener,
    identity_provider: TcpListener,
    public_keys: TcpListener,
    bedrock: TcpListener,
}

impl Running {
    /// Serves everything around the services, with its faults, and recorded where it is for the inspector.
    fn serve_stand_ins(
        &mut self,
        at: StandInListeners,
        (s3, provider, model): (Router, Router, Router),
        recorder: Option<&Recorder>,
    ) {
        let faults = self.faults.clone();
        let served = |router, part, place| {
            inspector::recorded(faulty(router, part, &faults), place, recorder)
        };
        let github = served(self.github.router(), FaultyPart::GitHub, Place::Github);
        let agentcore = served(self.agentcore.router(), FaultyPart::AgentCore, Place::Agentcore);
        let provider = served(provider, FaultyPart::Issuer, Place::IdentityProvider);
        let public_keys = public_keys::router(self.keys.load_balancer.clone());
        let stand_ins = &mut self.stand_ins;
        stand_ins.serve(at.s3, served(s3, FaultyPart::S3, Place::S3));
        stand_ins.serve(at.github, github);
        stand_ins.serve(at.agentcore, agentcore);
        if let Some(calendar) = &self.calendar {
            let router = served(calendar.router(), FaultyPart::Calendar, Place::Calendar);
            stand_ins.serve(at.calendar, router);
        }
        stand_ins.serve(at.identity_provider, provider);
        stand_ins.serve(at.public_keys, faulty(public_keys, FaultyPart::LoadBalancer, &faults));
        stand_ins.serve(at.bedrock, served(model, FaultyPart::Bedrock, Place::Bedrock));
        self.rotate_keys();
    }

    /// Replaces the keys that are to be replaced from time to time.
    fn rotate_keys(&mut self) {
        let both = [
            (FaultyPart::LoadBalancer, self.keys.load_balancer.clone()),
            (FaultyPart::Issuer, self.keys.issuer.clone()),
        ];
        for (part, keys) in both {
            if let Some(time) = self.faults.rotation(part) {
                self.stand_ins.rotate(keys, time);
            }
        }
    }

    /// Serves what a browser opens: the application behind its load balancer, and the inspector.
    fn serve_application(
        &mut self,
        (application, inspector): (TcpListener, TcpListener),
        settings: Settings,
        recorder: Option<Recorder>,
    ) {
        let load_balancer = load_balancer_local::router(settings);
        let load_balancer =
            inspector::recorded(load_balancer, Place::LoadBalancer, recorder.as_ref());
        self.stand_ins.serve(application, load_balancer);
        if let Some(recorder) = recorder {
            let page = inspector::router(recorder, self.addresses.clone());
            self.stand_ins.serve(inspector, page);
        }
    }
}

/// The variables of both services.
fn variables(
    options: &Options,
    addresses: &Addresses,
    oidc: &OidcClient,
) -> BTreeMap<String, String> {
    let mut variables = functions(addresses, &oidc.issuer, &oidc.client_id);
    if options.github_app {
        variables.insert("GITHUB_APP".to_owned(), GITHUB_APP.to_owned());
    }
    if options.other_agents {
        let audience = access_token::audience(&addresses.application);
        variables.insert("MCP_AUDIENCE".to_owned(), audience);
    }
    if !options.no_calendar {
        variables.extend(environment::calendar(&addresses.calendar));
    }
    variables.extend(options.passed_on.clone());
    variables.extend(environment::model(&options.model));
    variables.extend(options.variables.clone());
    variables
}

fn storage(options: &Options) -> Result<Router, StartError> {
    let failed = |error| StartError::Data { folder: options.data.clone(), error };
    let folder = options.data.join("s3");
    if options.fresh && folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    let (key, secret) = (environment::ACCESS_KEY_ID, environment::SECRET_ACCESS_KEY);
    s3_local::router(&folder, environment::BUCKET, key, secret).map_err(failed)
}

fn services(addresses: &Addresses, clock: &Clock, is_github_app: bool) -> (GitHub, AgentCore) {
    let github = GitHub::new(addresses.github.clone(), clock.clone());
    let agentcore = AgentCore::new(addresses.agentcore.clone(), clock.clone());
    let mut return_url = addresses.application.clone();
    return_url.set_path(environment::BINDING);
    agentcore.create_workload_identity(environment::WORKLOAD_IDENTITY, &[return_url]);
    let callback = agentcore.create_github_provider(
        environment::GITHUB_PROVIDER,
        GITHUB_APP,
        GITHUB_APP_SECRET,
        &addresses.github,
    );
    if is_github_app {
        github.register_github_app(GITHUB_APP, GITHUB_APP_SECRET, callback);
    } else {
        github.register_app(GITHUB_APP, GITHUB_APP_SECRET, callback);
    }
    (github, agentcore)
}

fn calendar(addresses: &Addresses, agentcore: &AgentCore, clock: &Clock) -> Calendar {
    let calendar = Calendar::new(addresses.calendar.clone(), clock.clone());
    let callback = agentcore.create_custom_provider(
        environment::CALENDAR_PROVIDER,
        CALENDAR_APP,
        CALENDAR_APP_SECRET,
        &addresses.calendar,
    );
    calendar.register_app(CALENDAR_APP, CALENDAR_APP_SECRET, callback);
    calendar
}

fn sign_in(
    own: &Oidc,
    addresses: &Addresses,
    clock: &Clock,
    keys: &Keys,
) -> (OidcClient, IdentityProvider) {
    let (id, secret) = (environment::OIDC_CLIENT_ID, environment::OIDC_CLIENT_SECRET);
    let redirect = load_balancer_local::callback(&addresses.application);
    let base = addresses.identity_provider.clone();
    let provider =
        IdentityProvider::new(base, id, secret, redirect, clock.clone(), keys.issuer.clone());
    let client = own.client().unwrap_or_else(|| OidcClient {
        issuer: provider.issuer().to_owned(),
        client_id: id.to_owned(),
        client_secret: secret.to_owned(),
    });
    (client, provider)
}

async fn model(options: &Options) -> Result<Router, StartError> {
    let model = &options.model;
    match &model.choice {
        ModelChoice::OpenAi(_) if model.id.is_none() => Err(StartError::ModelId),
        ModelChoice::Scripted | ModelChoice::OpenAi(_) => Ok(bedrock_local::router()),
        ModelChoice::Bedrock => {
            let (profile, endpoint) = (model.aws_profile.as_deref(), model.endpoint.as_ref());
            Ok(bedrock_local::real::router(profile, endpoint).await?)
        }
    }
}

impl Running {
    /// Waits until a service's process has ended by itself. Returns the message about it.
    pub async fn failed(&mut self) -> String {
        self.services.failed().await
    }

    /// Stops everything once running requests have finished.
    pub async fn shutdown(self) {
        self.services.shutdown().await;
        self.stand_ins.shutdown().await;
    }

    async fn run_services(
        &mut self,
        options: &Options,
        sockets: Sockets,
        clock: &Clock,
    ) -> Result<Targets, StartError> {
        let (clock, variables, addresses) =
            (clock.clone(), self.variables.clone(), &mut self.addresses);
        self.services.run(options, sockets, variables, addresses, clock).await
    }
}
