//! The command line.

mod model;
mod oidc;
mod secret;

use std::{collections::BTreeMap, path::PathBuf};

use agentcore_local::GrantLookup;
use clap::{Parser, Subcommand, ValueEnum};
use url::Url;

pub use self::{
    model::{Model, ModelChoice},
    oidc::Oidc,
    secret::Secret,
};
use crate::{
    faults::{self, Fault},
    inspector::Recorder,
    parts::{self, Addresses, DEFAULT_PORT},
    process::Output,
};

/// All of Countersign on this machine: the two services, and a stand-in for everything that they use
/// of AWS and GitHub. For development and tests; nothing here is AWS.
#[derive(Debug, Clone, Parser)]
#[command(name = "local", version, about, max_term_width = 100)]
pub struct Options {
    /// Port of the application. The stand-ins take the ports after it; 0 takes any free ones.
    #[arg(long, default_value_t = DEFAULT_PORT, value_parser = port)]
    pub port: u16,

    /// How the two services run.
    #[arg(long, value_enum, default_value_t = Platform::InProcess)]
    pub platform: Platform,

    /// Folder with the services' binaries; without it, cargo builds them.
    #[arg(long, value_name = "FOLDER")]
    pub bin_dir: Option<PathBuf>,

    /// Send the load balancer's events to functions that are served there, as `cargo lambda
    /// watch` does at http://localhost:9000.
    #[arg(long, value_name = "URL", conflicts_with_all = ["platform", "bin_dir"])]
    pub lambda_endpoint: Option<Url>,

    /// Run only the stand-ins, for an application that is served at this address by services and a
    /// load balancer of its own. Prints the variables that its services need.
    #[arg(long, value_name = "URL", conflicts_with_all = ["platform", "bin_dir", "lambda_endpoint"])]
    pub stand_ins_for: Option<Url>,

    /// Folder in which conversations are kept.
    #[arg(long, value_name = "FOLDER", default_value = ".local")]
    pub data: PathBuf,

    /// Forget the conversations of earlier runs.
    #[arg(long)]
    pub fresh: bool,

    /// Which stored grant the vault returns for a request. AWS does not document it; the services
    /// have to work with all three.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = GrantLookup::ByRequest)]
    pub grant_lookup: GrantLookup,

    /// Let the agent act as a GitHub App: people choose the repositories, tokens last 8 hours, and scopes do
    /// not count.
    #[arg(long)]
    pub github_app: bool,

    /// Leave out the calendar, which is a second provider and an MCP server.
    #[arg(long)]
    pub no_calendar: bool,

    #[arg(long = "fault", value_name = "PART=KIND", help = faults::HELP)]
    /// What goes wrong around the services.
    pub faults: Vec<Fault>,

    /// Let chance decide about faults as in the run that printed this seed.
    #[arg(long, value_name = "SEED", requires = "faults")]
    pub fault_seed: Option<u64>,

    /// Open the application and the inspector in your browser, if this is a terminal.
    #[arg(long)]
    pub open: bool,

    /// Sign people in at another provider than the stand-in.
    #[command(flatten)]
    pub oidc: Oidc,

    /// Which model answers.
    #[command(flatten)]
    pub model: Model,

    /// What to do instead of running everything.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Variables of the services that replace the default ones.
    #[arg(skip)]
    pub variables: BTreeMap<String, String>,

    /// The same, from the environment; `variables` take precedence.
    #[arg(skip)]
    pub passed_on: BTreeMap<String, String>,

    /// Where the output of the services' processes goes.
    #[arg(skip = Output::Shown)]
    pub output: Output,

    /// Whether agents of others may call, with tokens for `{application}/mcp`.
    #[arg(skip)]
    pub other_agents: bool,

    /// Records what happens, for the inspector; without it, there is none.
    #[arg(skip)]
    pub recorder: Option<Recorder>,
}

impl Options {
    /// Returns the address of the application for a browser, if its port is not 0.
    ///
    /// # Errors
    /// Never: every port is valid.
    pub fn application(&self) -> Result<Url, url::ParseError> {
        Ok(Addresses::on_ports_from(self.port)?.application)
    }
}

/// A command for an instance that already runs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Sign a person in at the instance on --port, and print the cookies of their browser, for
    /// `curl -b`.
    SignIn {
        /// The person.
        #[arg(value_parser = ["alice", "bob"])]
        person: String,
    },
    /// Print an access token of a person's for agents of others at the instance on --port: it is good for an
    /// hour, at `/mcp` alone.
    Token {
        /// The person.
        #[arg(value_parser = ["alice", "bob"])]
        person: String,
    },
    /// Run a real attack at the instance on --port, and print what stops it. Fails if nothing does.
    Attack {
        /// Which; without it, they are listed.
        name: Option<String>,
    },
}

/// How the two services run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Platform {
    /// As handlers in this process.
    InProcess,
    /// As the container binaries, behind HTTP.
    Container,
    /// As the Lambda binaries, driven through the Lambda Runtime API by load balancer events.
    Lambda,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: DEFAULT_PORT,
            platform: Platform::InProcess,
            bin_dir: None,
            lambda_endpoint: None,
            stand_ins_for: None,
            data: PathBuf::from(".local"),
            fresh: false,
            oidc: Oidc::default(),
            model: Model::default(),
            command: None,
            variables: BTreeMap::new(),
            passed_on: BTreeMap::new(),
            grant_lookup: GrantLookup::ByRequest,
            github_app: false,
            no_calendar: false,
            faults: Vec::new(),
            fault_seed: None,
            other_agents: false,
            output: Output::Logged,
            recorder: None,
            open: false,
        }
    }
}

/// Parses the application's port, which leaves room for the stand-ins' ports.
fn port(text: &str) -> Result<u16, String> {
    let port: u16 = text.parse().map_err(|_| "a port is a number up to 65535".to_owned())?;
    let last = parts::last_port();
    let rule = format!("0, or a port from 1 to {last}: the stand-ins take the ports after it");
    if port <= last { Ok(port) } else { Err(rule) }
}

#[cfg(test)]
mod tests {
    use agentcore_local::GrantLookup;
    use clap::{CommandFactory, Parser};

    use super::{Command, Options, Platform};

    pub(super) fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("local").chain(line.split_whitespace()))
    }

    #[test]
    fn the_command_line_is_well_formed_and_needs_nothing() {
        Options::command().debug_assert();
        let options = parse("").unwrap();
        assert_eq!((options.port, options.platform), (8080, Platform::InProcess));
        assert!(options.oidc.client().is_none());
    }

    #[test]
    fn each_grant_lookup_can_be_chosen() {
        assert_eq!(parse("").unwrap().grant_lookup, GrantLookup::ByRequest);
        let options = parse("--grant-lookup by-provider").unwrap();
        assert_eq!(options.grant_lookup, GrantLookup::ByProvider);
        assert!(parse("--grant-lookup by-luck").is_err());
    }

    #[test]
    fn faults_can_be_given_again_and_again_and_a_mistake_is_named() {
        let options = parse("--fault github=latency:200ms --fault s3=slow-down:20% --fault-seed 7");
        let options = options.unwrap();
        assert_eq!((options.faults.len(), options.fault_seed), (2, Some(7)));
        let error = parse("--fault gitlab=reset").unwrap_err().to_string();
        assert!(error.contains("the part is one of agentcore, bedrock"), "{error}");
        assert!(parse("--fault-seed 7").is_err());
    }

    #[test]
    fn sign_in_takes_alice_or_bob_and_nobody_else() {
        let command = parse("--port 9000 sign-in bob").unwrap().command;
        assert!(matches!(command, Some(Command::SignIn { person }) if person == "bob"));
        assert!(parse("sign-in mallory").is_err());
    }

    #[test]
    fn an_attack_can_be_named() {
        let name = |line| match parse(line).unwrap().command {
            Some(Command::Attack { name }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name("attack"), None);
        assert_eq!(name("--port 9000 attack replay").as_deref(), Some("replay"));
    }

    #[test]
    fn a_port_leaves_room_for_the_stand_ins() {
        assert!(parse("--port 0").is_ok());
        assert!(parse("--port 65535").is_err());
        assert!(parse("--port http").is_err());
    }
}
