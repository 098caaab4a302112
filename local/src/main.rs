//! `cargo run -p local`: all of Countersign on this machine.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::SystemTime,
};

use clap::Parser;
use edge::{ProcessEnvironment, Source};
use local::{
    Running, access_token,
    attacks::{self, ATTACKS},
    environment, greeting,
    inspector::Recorder,
    narration::Narration,
    options::{Command, Options, Platform},
    parts::Addresses,
    process::Output,
    proxies, signing_in,
};
use stand_in::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

#[tokio::main]
async fn main() -> ExitCode {
    let mut options = Options::parse();
    let outcome = match options.command.take() {
        Some(Command::SignIn { person }) => sign_in(&options, &person).await,
        Some(Command::Token { person }) => token(&options, &person),
        Some(Command::Attack { name: Some(name) }) => attack(&options, &name).await,
        Some(Command::Attack { name: None }) => list_attacks(),
        None => run(options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Prints the cookies of a browser in which `person` is signed in, for `curl -b`.
async fn sign_in(options: &Options, person: &str) -> Result<(), Failure> {
    let cookies = signing_in::cookies(&options.application()?, person).await?;
    writeln!(io::stdout(), "{cookies}")?;
    Ok(())
}

/// Prints an access token of `person` for agents of others.
fn token(options: &Options, person: &str) -> Result<(), Failure> {
    let addresses = Addresses::on_ports_from(options.port)?;
    writeln!(io::stdout(), "{}", access_token::of(person, &addresses, SystemTime::now()))?;
    Ok(())
}

/// Runs an attack and prints what happened; fails if it was not stopped.
async fn attack(options: &Options, name: &str) -> Result<(), Failure> {
    let outcome = attacks::run(name, &Addresses::on_ports_from(options.port)?).await?;
    writeln!(io::stdout(), "{outcome}")?;
    if outcome.stopped { Ok(()) } else { Err(format!("{name} was not stopped").into()) }
}

fn list_attacks() -> Result<(), Failure> {
    for attack in ATTACKS {
        writeln!(io::stdout(), "{:24}{} ({})", attack.name, attack.title, attack.row)?;
    }
    Ok(())
}

async fn run(mut options: Options) -> Result<(), Failure> {
    proxies::bypass_for_loopback(&ProcessEnvironment)?;
    let recorder = Recorder::default();
    options.output = init_logs(&recorder);
    options.recorder = Some(recorder);
    options.other_agents = true;
    options.passed_on = environment::passed_on(&ProcessEnvironment);
    let platform = match (&options.lambda_endpoint, options.platform) {
        (Some(endpoint), _) => format!("as Lambda functions served at {endpoint}"),
        (None, Platform::InProcess) => "as handlers in this process".to_owned(),
        (None, Platform::Container) => "as container binaries".to_owned(),
        (None, Platform::Lambda) => "as Lambda binaries, behind load balancer events".to_owned(),
    };
    let data = options.data.display().to_string();
    let only_stand_ins = options.stand_ins_for.is_some();
    let model = options.model.choice.clone();
    let opens = options.open && !only_stand_ins;
    // Before anything is started, so that nothing outlives an early signal.
    let mut stop = Stop::new()?;
    let mut running = tokio::select! {
        started = local::start(options, Clock::system()) => started?,
        () = stop.requested() => return Ok(()),
    };
    let greeting = if only_stand_ins {
        greeting::variables(&running)
    } else {
        greeting::greeting(&running, &platform, &data, &model)
    };
    // The program goes on if standard output is closed.
    let _closed = writeln!(io::stdout(), "{greeting}");
    if opens {
        open(&running);
    }
    tokio::select! {
        () = stop.requested() => {
            report("Stopping … Ctrl-C again stops at once.");
            shutdown(running, stop).await;
            Ok(())
        }
        why = running.failed() => {
            shutdown(running, stop).await;
            Err(why.into())
        }
    }
}

/// Opens the application and the inspector in the browser of the person at the terminal.
fn open(running: &Running) {
    if !io::stdout().is_terminal() {
        return report("--open does nothing here, because this is no terminal.");
    }
    let addresses = &running.addresses;
    for address in [&addresses.inspector, &addresses.application] {
        if let Err(error) = open::that_detached(address.as_str()) {
            return report(&format!(
                "No browser could be opened ({error}): open {address} yourself."
            ));
        }
    }
}

/// Stops gracefully, or at once on a second signal.
async fn shutdown(running: Running, mut stop: Stop) {
    tokio::select! {
        () = running.shutdown() => {}
        () = stop.requested() => {}
    }
}

/// The signals that stop the program: Ctrl-C, `kill`, a closed terminal.
struct Stop([Signal; 3]);

impl Stop {
    fn new() -> io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    async fn requested(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Prints a line to standard error, which may be closed.
fn report(what: &str) {
    let _closed = writeln!(io::stderr(), "{what}");
}

/// Prints a sentence for each step to standard error, or with `RUST_LOG` the log itself. Returns where
/// the output of the services' processes goes. Only a terminal gets colours, and only without `NO_COLOR`
/// (<https://no-color.org>).
fn init_logs(recorder: &Recorder) -> Output {
    let no_color = ProcessEnvironment.get("NO_COLOR").is_some();
    let colours = io::stderr().is_terminal() && !no_color;
    if ProcessEnvironment.get("RUST_LOG").is_none() {
        let steps = Narration { colours }.with_filter(LevelFilter::INFO);
        let recorder = recorder.clone().with_filter(LevelFilter::INFO);
        tracing_subscriber::registry().with(steps).with(recorder).init();
        return Output::Logged;
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let logs = logs.with_ansi(colours).log_internal_errors(false).compact().with_filter(filter);
    let recorder = recorder.clone().with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(logs).with(recorder).init();
    Output::Shown
}
