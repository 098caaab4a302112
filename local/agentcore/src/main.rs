//! `cargo run -p agentcore-local`: the stand-in as a program.

mod options;

use std::{
    env,
    io::{self, IsTerminal, Write},
    net::Ipv4Addr,
    process::ExitCode,
};

use agentcore_local::{AgentCore, Registered};
use clap::Parser;
use stand_in::Clock;
use tokio::net::TcpListener;
use tracing_subscriber::{
    Layer, filter::LevelFilter, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt,
};
use url::Url;

use self::options::Options;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Failure> {
    init_logs();
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(|error| {
            format!(
                "port {} can't be listened on: {error}; choose another with --port",
                options.port
            )
        })?;
    let base = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    let core = AgentCore::new(base.clone(), Clock::system());
    let settings = options.settings(core.return_page());
    let core = core.with_grant_lookup(options.grant_lookup).with_settings(settings);
    let providers = set_up(&core, &options).await?;
    // The program goes on if standard output is closed.
    let _closed = writeln!(io::stdout(), "{}", greeting(&core, &base, &providers));
    let served = axum::serve(listener, core.router().merge(core.pages())).into_future();
    tokio::select! {
        ended = served => Ok(ended?),
        stopped = tokio::signal::ctrl_c() => Ok(stopped?),
    }
}

/// Creates what the options name; an error names the option.
async fn set_up(core: &AgentCore, options: &Options) -> Result<Vec<Registered>, Failure> {
    for name in &options.workloads {
        core.add_workload_identity(name).map_err(|error| format!("--workload {name}: {error}"))?;
    }
    let mut providers = Vec::new();
    for name in &options.providers {
        let provider = core.add_built_in_provider(name).await;
        providers.push(provider.map_err(|error| format!("--provider {name}: {error}"))?);
    }
    if let Some(file) = &options.setup {
        let wrong = |error: Failure| format!("--setup {}: {error}", file.display());
        let setup = std::fs::read(file).map_err(|error| wrong(error.into()))?;
        providers.extend(core.set_up(&setup).await.map_err(|error| wrong(error.into()))?);
    }
    Ok(providers)
}

/// What the program prints at the start.
fn greeting(core: &AgentCore, base: &Url, providers: &[Registered]) -> String {
    let base = base.as_str().trim_end_matches('/');
    let providers: String = providers
        .iter()
        .map(|it| {
            format!(
                "    {}\n      sends people to       {}\n      callback to register  {}\n",
                it.name, it.authorization_endpoint, it.callback
            )
        })
        .collect();
    let (exports, return_page) = (core.exports(), core.return_page());
    format!(
        "\n  A stand-in for Amazon Bedrock AgentCore Identity at {base}. It is not AWS.\n\n\
         \x20 Any AWS SDK finds it by these variables; the credentials are not looked at:\n\n\
         {exports}\n\
         \x20 Credential providers:\n{providers}\n\
         \x20 No page to come back to yet? Use {return_page}\n\
         \x20 as callback_url: it completes the session and checks nobody.\n\n\
         \x20 Everything is gone when it ends (Ctrl-C). What happens is told below.\n"
    )
}

/// One line a step, on standard error; in colours if that is a terminal and `NO_COLOR`
/// (<https://no-color.org>) is not set.
fn init_logs() {
    let no_color = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let own = Targets::new().with_target("agentcore_local", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && !no_color)
        .with_target(false)
        .with_level(false)
        .without_time()
        .log_internal_errors(false)
        .compact();
    tracing_subscriber::registry().with(lines.with_filter(own)).init();
}
