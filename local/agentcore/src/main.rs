//! `cargo run -p agentcore-local`: the stand-in as a program of its own.

mod options;

use std::{
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
    for workload in &options.workloads {
        core.create_workload_identity(workload, &[]);
    }
    let mut providers = Vec::new();
    for name in &options.providers {
        providers.push(core.add_built_in_provider(name).await?);
    }
    if let Some(file) = &options.setup {
        let setup = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        providers.extend(core.set_up(&setup).await?);
    }
    // Nothing depends on it that somebody reads this: the program goes on if standard output is closed.
    let _closed = writeln!(io::stdout(), "{}", greeting(&base, &core.return_page(), &providers));
    let served = axum::serve(listener, core.router().merge(core.pages())).into_future();
    tokio::select! {
        ended = served => Ok(ended?),
        stopped = tokio::signal::ctrl_c() => Ok(stopped?),
    }
}

/// What to know, and how to point an SDK here.
fn greeting(base: &Url, return_page: &Url, providers: &[Registered]) -> String {
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
    format!(
        "\n  A stand-in for Amazon Bedrock AgentCore Identity at {base}. It is not AWS.\n\n\
         \x20 Any AWS SDK finds it by these variables; the credentials are not looked at:\n\n\
         export AWS_ENDPOINT_URL_BEDROCK_AGENTCORE={base}\n\
         export AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL={base}\n\
         export BEDROCK_AGENTCORE_DP_ENDPOINT={base} BEDROCK_AGENTCORE_CP_ENDPOINT={base}\n\
         export AWS_REGION=eu-central-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any\n\n\
         \x20 Credential providers:\n{providers}\n\
         \x20 No page to come back to yet? Use {return_page}\n\
         \x20 as callback_url: it completes the session and checks nobody.\n\n\
         \x20 Everything is gone when it ends (Ctrl-C). What happens is told below.\n"
    )
}

/// One line a step, on standard error.
fn init_logs() {
    let own = Targets::new().with_target("agentcore_local", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_level(false)
        .without_time()
        .log_internal_errors(false)
        .compact();
    tracing_subscriber::registry().with(lines.with_filter(own)).init();
}
