#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod audit;

pub use audit::Audit;

use tracing_subscriber::EnvFilter;

/// Sends this process's logs to standard output as JSON lines, as `RUST_LOG` filters them
/// (default `info`). A second call does nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter);
    let _already_set = logs.with_current_span(true).with_span_list(false).try_init();
}
