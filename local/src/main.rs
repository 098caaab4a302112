//! `cargo run -p local`: all of Countersign on this machine.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use local::{
    Running,
    clock::Clock,
    options::{Options, Platform},
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    init_logs();
    let platform = match (&options.lambda_endpoint, options.platform) {
        (Some(endpoint), _) => format!("as Lambda functions served at {endpoint}"),
        (None, Platform::InProcess) => "as handlers in this process".to_owned(),
        (None, Platform::Container) => "as container binaries".to_owned(),
        (None, Platform::Lambda) => "as Lambda binaries, behind load balancer events".to_owned(),
    };
    let data = options.data.display().to_string();
    let only_stand_ins = options.stand_ins_for.is_some();
    let mut running = match local::start(options, Clock::system()).await {
        Ok(running) => running,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    if only_stand_ins {
        println!("{}", variables(&running));
    } else {
        println!("{}", greeting(&running, &platform, &data));
    }
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {
            eprintln!("Stopping …");
            running.shutdown().await;
            ExitCode::SUCCESS
        }
        why = running.failed() => {
            eprintln!("error: {why}");
            running.shutdown().await;
            ExitCode::FAILURE
        }
    }
}

fn greeting(running: &Running, platform: &str, data: &str) -> String {
    let it = &running.addresses;
    format!(
        "\n  Countersign is running. Open {application}\n\n\
         \x20 Sign in as alice or bob, ask “Which repositories do I have?”, and follow the link.\n\n\
         \x20 The two services run {platform}.\n\
         \x20 Everything around them is a stand-in, for development and tests:\n\
         \x20   load balancer         {application}\n\
         \x20   identity provider     {issuer}\n\
         \x20   AgentCore Identity    {agentcore}\n\
         \x20   GitHub                {github}\n\
         \x20   S3                    {s3}  (kept in {data})\n\
         \x20   Bedrock               {bedrock}  (a scripted model, no language model)\n\n\
         \x20 Ctrl-C stops everything.\n",
        application = it.application,
        issuer = running.issuer,
        agentcore = it.agentcore,
        github = it.github,
        s3 = it.s3,
        bedrock = it.bedrock,
    )
}

/// What the services of another load balancer need; which load balancer may sign is theirs to say.
fn variables(running: &Running) -> String {
    let needed = running.variables.iter().filter(|(name, _)| !name.starts_with("ALB_"));
    needed.map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Logs for a person, on standard error: the audit trail, and what goes wrong.
fn init_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    logs.with_ansi(std::io::stderr().is_terminal()).compact().init();
}
