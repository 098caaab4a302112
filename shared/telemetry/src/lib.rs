#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod audit;
pub mod metrics;
pub mod traces;

pub use audit::Audit;

use std::io;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, Targets, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

use self::{
    metrics::{emf::Emf, otlp::Otlp},
    traces::Tracer,
};

/// Where measurements go.
#[derive(Debug, Clone)]
pub enum Metrics {
    /// Nowhere.
    Off,
    /// Among the logs, in CloudWatch's embedded metric format.
    Emf {
        /// Which service measures.
        service: &'static str,
        /// The namespace of its metrics.
        namespace: String,
    },
    /// To a collector, by what this provides.
    Otlp(SdkMeterProvider),
}

/// Whose `debug` and `trace` lines may be written.
const OWN: [&str; 14] = [
    "agent",
    "audit",
    "bind_session",
    "container",
    "edge",
    "identity",
    "invoke",
    "models_bedrock",
    "models_openai",
    "session",
    "telemetry",
    "tools_github",
    "tools_mcp",
    "vault",
];

/// Sends this process's logs to standard output as JSON lines, filtered by `wanted`: a level, or
/// `target=level,…` (`info` if there is none, or it can't be read), and its `metrics`. A second call does
/// nothing.
///
/// `wanted` can't make a dependency write lines below `info`: at `trace` the Lambda
/// runtime writes whole requests with their cookies, and the AWS SDK writes AgentCore Identity's
/// answers.
/// A release is built without any line below `info`, which makes it smaller, too.
///
/// With a `tracer`, spans go to it; see [`traces`].
pub fn init(wanted: Option<&str>, metrics: Metrics, tracer: Option<Tracer>) {
    let wanted = wanted.and_then(|wanted| wanted.parse().ok());
    let wanted = wanted.unwrap_or_else(|| Targets::new().with_default(Level::INFO));
    let _already_set = subscriber(wanted, metrics, tracer, io::stdout).try_init();
}

fn subscriber<W>(
    wanted: Targets,
    metrics: Metrics,
    tracer: Option<Tracer>,
    writer: W,
) -> impl Subscriber
where
    W: for<'a> MakeWriter<'a> + Clone + Send + Sync + 'static,
{
    let (emf, otlp) = match metrics {
        Metrics::Off => (None, None),
        Metrics::Emf { service, namespace } => {
            (Some(Emf::new(service, namespace, writer.clone())), None)
        }
        Metrics::Otlp(provider) => (None, Some(Otlp::new(&provider))),
    };
    // Filtered also if it is not there: a layer without a filter would switch on every line of every crate.
    let only = |is_on| filter_fn(move |it: &Metadata<'_>| is_on && it.target() == metrics::TARGET);
    let (of_emf, of_otlp) = (only(emf.is_some()), only(otlp.is_some()));
    let lines = fmt::layer().json().flatten_event(true).with_writer(writer);
    let lines = lines.with_current_span(true).with_span_list(false);
    registry()
        .with(traces::layer(tracer))
        .with(emf.with_filter(of_emf))
        .with(otlp.with_filter(of_otlp))
        .with(lines.with_filter(wanted.and(filter_fn(is_log))))
}

/// Whether a line belongs to the log: it holds no secret, and is no measurement.
fn is_log(line: &Metadata<'_>) -> bool {
    let target = line.target();
    let from = target.split_once("::").map_or(target, |(first, _)| first);
    // An MCP client writes what servers say, and the ids of its sessions. A trace's spans are no lines.
    from != "rmcp"
        && from != traces::TARGET
        && from != metrics::TARGET
        && (*line.level() <= Level::INFO || OWN.contains(&from))
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex, PoisonError},
    };

    use tracing::{Level, Subscriber, event, subscriber};

    /// Does `work` with `subscriber`, and no other test at the same time: what is wanted of a place in the code is
    /// kept for all subscribers of a process, and may be wrong for a moment if one of them begins or ends.
    pub(crate) fn with_default(
        subscriber: impl Subscriber + Send + Sync + 'static,
        work: impl FnOnce(),
    ) {
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        subscriber::with_default(subscriber, work);
    }

    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_rust_log_setting_lets_dependencies_log_wire_data() {
        for setting in ["trace", "lambda_runtime=trace,aws_smithy_runtime::client=trace,edge=debug"]
        {
            let lines = Lines::default();
            let writer = lines.clone();
            let logs =
                super::subscriber(setting.parse().unwrap(), super::Metrics::Off, None, move || {
                    writer.clone()
                });
            with_default(logs, || {
                event!(target: "lambda_runtime::layers", Level::TRACE, "secret");
                event!(target: "aws_smithy_runtime::client", Level::DEBUG, "secret");
                event!(target: "edges_of_another", Level::DEBUG, "secret");
                event!(target: "rmcp::service", Level::ERROR, "secret");
                event!(target: "lambda_runtime", Level::ERROR, "plain");
                event!(target: "edge::request", Level::DEBUG, "own");
            });
            let text = lines.text();
            assert!(!text.contains("secret"), "{setting}: {text}");
            assert!(text.contains("plain") && text.contains("own"), "{setting}: {text}");
        }
    }
}
