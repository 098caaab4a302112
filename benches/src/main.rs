#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that can't go on has failed, and its output is a table"
)]

mod bare;
mod client;
mod memory;
mod process;
mod prompt;
mod server;
mod sessions;
mod start;
mod table;
mod tokens;
mod turns;
mod upstream;
mod workload;

use std::env;

use crate::{process::ROLE, table::Table, upstream::Upstream, workload::Program};

/// As the containers have it.
#[global_allocator]
static ALLOCATOR: container::Allocator = container::Allocator;

/// How much is done: enough for figures that hold, or just enough to see that all of it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    is_quick: bool,
}

impl Effort {
    /// `usual`, or a few when it is to be quick.
    pub(crate) fn of(self, usual: usize) -> usize {
        if self.is_quick { usual.div_ceil(100) } else { usual }
    }

    /// How often a measurement is repeated, of which the median counts.
    pub(crate) fn rounds(self) -> usize {
        if self.is_quick { 1 } else { 5 }
    }
}

#[tokio::main]
async fn main() {
    match process::variable(ROLE).as_deref() {
        Some("upstream") => upstream::run().await,
        Some("bare") => bare::run().await,
        Some("workload") => container::run::<invoke::Service>().await.expect("a workload"),
        _ => measure().await,
    }
}

/// Prints the table, whole or those parts of it that are named.
async fn measure() {
    // `cargo bench` adds `--bench`.
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    let effort = Effort { is_quick: arguments.iter().any(|it| it == "--quick") };
    let program = arguments.iter().find_map(|it| it.strip_prefix("--workload="));
    let program = Program::new(program);
    let names: Vec<&String> = arguments.iter().filter(|it| !it.starts_with("--")).collect();
    let wants = |name: &str| names.is_empty() || names.iter().any(|it| *it == name);
    let upstream = Upstream::start();
    let mut table = Table::default();
    if wants("tokens") {
        tokens::measure(&mut table, &upstream, effort).await;
    }
    if wants("turns") {
        turns::measure(&mut table, &upstream, &program, effort).await;
    }
    if wants("sessions") {
        sessions::measure(&mut table, &upstream, effort).await;
    }
    if wants("server") {
        server::measure(&mut table, &upstream, &program, effort).await;
    }
    if wants("start") {
        start::measure(&mut table, &upstream, &program, effort).await;
    }
    if wants("memory") {
        memory::measure(&mut table, &upstream, &program, effort).await;
    }
}
