//! Many users at once at the container binaries, with everything around them as stand-ins: first undisturbed,
//! then with faults in every upstream, keys that are replaced, and kills and restarts of both services.
//!
//! `cargo run -p tests --bin load` prints what was counted, and fails if anything is there that must never
//! be: another user's data, a lost turn, an action done twice, a consent that is shown as bound and is not,
//! a conversation that is stuck, a panic, a secret in a log.
//!
//! It is a program of its own and no test, because it takes minutes, takes arguments, and tells how far it is.
#![expect(clippy::expect_used, reason = "a run that can't go on has failed")]

mod afterwards;
mod answer;
mod consent;
mod counts;
mod disturbance;
#[cfg(test)]
mod lies;
mod person;
mod services;
mod site;
mod story;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use futures_util::future::join_all;
use local::{environment, options::Options};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stand_in::Clock;
use tests::Logs;
use tokio::{net::TcpListener, time::timeout};

use self::{
    afterwards::look_afterwards,
    counts::Counts,
    person::Person,
    services::{Services, Which},
    site::{Places, Site},
};

/// How many users are few, whose turns need not wait for one another.
const FEW: u16 = 100;
/// How long a turn may take. What a killed service has claimed is held until its turn can't be at work any more, ten
/// seconds after that, and so long a user waits.
const TURN_SECONDS: &str = "20";
/// So few turns at once, with few and with many users, that each is done in time with two cores that others use, too,
/// and everything compiled without optimizations. Who is above that is told to come again.
const MAX_TURNS: [&str; 2] = ["16", "32"];

/// How the run is done.
#[derive(Debug, Clone, Parser)]
#[command(name = "load", about)]
struct Arguments {
    /// How many users.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    users: u16,

    /// How long one of the two parts may take, in seconds.
    #[arg(long, default_value_t = 1_800)]
    seconds: u64,

    /// Which parts.
    #[arg(long, value_enum, default_value_t = Parts::Both)]
    parts: Parts,

    /// Users bring tokens of the issuer in place of the load balancer's.
    #[arg(long)]
    bearer: bool,

    /// Write what all have logged to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,

    /// Let chance decide as in the run that printed this seed.
    #[arg(long)]
    seed: Option<u64>,
}

/// The parts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Parts {
    /// The first and then the second.
    Both,
    /// Undisturbed.
    Calm,
    /// With faults, kills and restarts.
    Disturbed,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    raise_limit();
    let mut is_good = true;
    if arguments.parts != Parts::Disturbed {
        is_good &= run(&arguments, false).await;
    }
    if arguments.parts != Parts::Calm {
        is_good &= run(&arguments, true).await;
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One part, in a world of its own. Returns whether everything that must be zero is.
async fn run(arguments: &Arguments, is_disturbed: bool) -> bool {
    let data = tempfile::tempdir().expect("a folder");
    // Nothing listens there: users reach the containers directly, with what the load balancer would send.
    let reserved = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = reserved.local_addr().expect("an address").port();
    let options = Options {
        port: 0,
        stand_ins_for: Some(format!("http://localhost:{port}").parse().expect("an address")),
        data: data.path().to_owned(),
        no_calendar: true,
        fault_seed: arguments.seed,
        ..Options::default()
    };
    let logs = Logs::kept();
    let already = logs.lines().len();
    let running = local::start(options, Clock::system()).await.expect("stand-ins");
    let mut variables =
        environment::functions(&running.addresses, &running.issuer, environment::OIDC_CLIENT_ID);
    let turns = MAX_TURNS[usize::from(arguments.users > FEW)];
    variables.insert("TURN_SECONDS".to_owned(), TURN_SECONDS.to_owned());
    variables.insert("MAX_TURNS".to_owned(), turns.to_owned());
    if arguments.bearer {
        variables.insert("INBOUND_AUTH".to_owned(), "bearer".to_owned());
    }
    let services = Services::start(variables).await;
    let counts = Arc::new(Counts::default());
    let places = Places {
        application: running.addresses.application.clone(),
        invoke: services.address(Which::Invoke),
        bind_session: services.address(Which::BindSession),
    };
    let keys = (running.issuer.clone(), running.keys.clone());
    let site = Arc::new(Site::new(places, keys, Arc::clone(&counts), arguments.bearer));
    let title = if is_disturbed { "faults, kills and restarts" } else { "undisturbed" };
    println!("{} users, {title}; seed {}", arguments.users, running.faults.seed());

    let disturbance =
        is_disturbed.then(|| disturbance::begin(&running, &services, arguments.users, &counts));
    let progress = counts.show_progress(arguments.users.into());
    let people = (0..arguments.users).map(|number| Person::new(number.into(), Arc::clone(&site)));
    let work = people.map(|person| tokio::spawn(story::live(person)));
    let time = Duration::from_secs(arguments.seconds);
    let work: Vec<_> = work.map(|it| async { timeout(time, it).await.ok()?.ok() }).collect();
    let people: Vec<Option<Person>> = join_all(work).await;
    progress.abort();
    if let Some(disturbance) = disturbance {
        disturbance.end(&running).await;
    }
    counts.met(running.faults.met());
    let titles = |place: &str| running.github.issue_titles(place);
    look_afterwards(people, &counts, titles, data.path()).await;
    services.stop(&counts).await;
    let consent_key = &running.variables["CONSENT_KEY"];
    let lines = logs.lines().split_off(already);
    counts.look_at_logs(&lines, consent_key);
    if let Some(file) = &arguments.log {
        std::fs::write(file, lines.join("\n")).expect("a file");
    }
    running.shutdown().await;
    counts.print();
    counts.are_good()
}

/// Every user has connections on both sides of this process.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    setrlimit(Resource::Nofile, raised).expect("open files");
}
