//! What stands around a function on every platform: how it starts, when it prepares, how a
//! request reaches it, and what goes on when the caller hangs up.
//!
//! A function says what is its own ([`Function`]). Lambda ([`run_on_lambda`]), containers and tests
//! run it as a [`Handler`].

use std::{
    convert::Infallible,
    fmt::Debug,
    future::Future,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use aws_lc_rs::rand;
use clock::Clock;
use lambda_http::Request;
use telemetry::Metrics;
use tokio::{sync::watch, time::sleep};
use tower_service::Service;
use tracing::Instrument;

use crate::{
    consent_key::WithConsentKey,
    environment::{ConfigError, ProcessEnvironment, Reader, Source, text},
    otlp::{Flush, Otlp},
    problem::Problem,
    reply::Reply,
};

crate::variables! {
    /// What is logged.
    pub LOGS = "Logs", read by "both services":
    RUST_LOG: Or("info"), "which logs: a level, or `crate=level,…`; one that can't be read counts as `info`. A release has none below `info`, and a dependency's are never written";
    METRICS: Or("off"), "`emf`: counts and times among the logs, as CloudWatch takes them for metrics (the embedded metric format); `otlp`: the same, to the collector of traces; `off`";
    METRICS_NAMESPACE: Or("Countersign"), "the namespace of these metrics: at most 255 of `A-Za-z0-9.-_/#:`";
}

/// How much of this process is being done to its end.
static AT_WORK: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));
/// About how long a platform's first poll for requests takes.
const FIRST_POLL: Duration = Duration::from_millis(2);

/// A reply that is being made.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

/// What one function does, apart from the platform that runs it.
pub trait Function: Debug + Send + Sync + Sized + 'static {
    /// What it is called.
    const NAME: &'static str;

    /// Reads the configuration; nothing goes over the network.
    ///
    /// # Errors
    /// When variables are missing or malformed; the error names all of them.
    fn new(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError>;

    /// Makes ready what a request will use, connections too, before there is one.
    fn prepare(self: Arc<Self>) -> impl Future<Output = ()> + Send;

    /// Returns the reply to a request. Every failure is a reply, too.
    fn answer(self: Arc<Self>, request: Request) -> ReplyFuture;
}

/// A function as platforms take it; cheap to clone.
#[derive(Debug)]
pub struct Handler<F>(Arc<F>);

impl<F> Clone for Handler<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Function> Handler<F> {
    /// The handler for this process: configured by its environment, with its logs on standard output, and
    /// its traces and metrics where the environment says. The consent key is fetched if the environment says so.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when the consent key can't be fetched.
    pub async fn of_process() -> Result<(Self, Otlp), ConfigError> {
        gather_entropy();
        let mut reader = Reader::new(&ProcessEnvironment);
        let wanted = reader.or(&RUST_LOG, text);
        let wanted_metrics = reader.or(&METRICS, wanted_metrics);
        let namespace = reader.or(&METRICS_NAMESPACE, namespace);
        let is_otlp = wanted_metrics == Some(Wanted::Otlp);
        let otlp = Otlp::start(&ProcessEnvironment, F::NAME, is_otlp).await;
        let (tracer, meter) = otlp.as_ref().map_or((None, None), |it| (it.tracer(), it.meter()));
        let metrics = match (wanted_metrics, &namespace, meter) {
            (Some(Wanted::Emf), Some(namespace), _) => {
                Metrics::Emf { service: F::NAME, namespace: namespace.clone() }
            }
            (Some(Wanted::Otlp), _, Some(meter)) => Metrics::Otlp(meter),
            _ => Metrics::Off,
        };
        telemetry::init(wanted.as_deref(), metrics, tracer);
        reader.finish(wanted_metrics.zip(namespace))?;
        let handler = Self::start(&WithConsentKey::fetch(&ProcessEnvironment).await?)?;
        Ok((handler, otlp?))
    }

    /// Reads the configuration and makes the handler; nothing goes over the network.
    ///
    /// # Errors
    /// When variables are missing or malformed; the error names all of them.
    pub fn start(source: &dyn Source) -> Result<Self, ConfigError> {
        Self::start_by(source, Clock::system())
    }

    /// As [`start`](Self::start), with another clock than the machine's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_by(source: &dyn Source, clock: Clock) -> Result<Self, ConfigError> {
        F::new(source, clock).map(Self::from_function)
    }

    /// The handler of a function that is made already.
    #[must_use]
    pub fn from_function(function: F) -> Self {
        Self(Arc::new(function))
    }

    /// Prepares the function in the background, because the first request must not wait for what it
    /// may not need; and after the first poll, with which it would have to share the processor.
    pub fn prepare(&self) {
        let function = Arc::clone(&self.0);
        tokio::spawn(async {
            sleep(FIRST_POLL).await;
            function.prepare().await;
        });
    }
}

impl<F: Function> Service<Request> for Handler<F> {
    type Response = Reply;
    type Error = Infallible;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Arc::clone(&self.0).answer(request)
    }
}

/// Where measurements go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Off,
    Emf,
    Otlp,
}

fn wanted_metrics(text: &str) -> Result<Wanted, &'static str> {
    match text {
        "off" => Ok(Wanted::Off),
        "emf" => Ok(Wanted::Emf),
        "otlp" => Ok(Wanted::Otlp),
        _ => Err("none of emf, otlp and off"),
    }
}

/// Amazon CloudWatch API Reference, `PutMetricData`: what a namespace can be.
fn namespace(text: &str) -> Result<String, &'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#:".contains(&byte);
    match (1..=255).contains(&text.len()) && text.bytes().all(is_allowed) {
        true => Ok(text.to_owned()),
        false => Err("1 to 255 of A-Za-z0-9.-_/#: are expected"),
    }
}

/// Has the first random number of this process made while everything else starts. AWS-LC seeds its generator
/// from the processor's jitter (NIST SP 800-90B), which takes some 20 ms, and the first user would wait for it.
fn gather_entropy() {
    thread::spawn(|| {
        // If it fails now, it fails where a number is needed, and is handled there.
        let _seeded = rand::fill(&mut [0; 1]);
    });
}

/// A Lambda function's program.
///
/// # Errors
/// When the configuration is wrong, or the Lambda runtime can't be reached.
pub async fn run_on_lambda<F: Function>() -> Result<(), lambda_http::Error> {
    let (handler, otlp) = Handler::<F>::of_process().await?;
    handler.prepare();
    if !otlp.is_on() {
        return lambda_http::run_concurrent(handler).await;
    }
    lambda_http::runtime_concurrent(handler).layer(Flush(otlp)).run_concurrent().await
}

/// Starts `work`, and does it to its end even if the caller hangs up, which drops the future that
/// answers them: what is being done for a user can't be left half-way, and the audit trail has to say
/// how it ended.
///
/// # Errors
/// The work's own, and an internal problem if it panics.
pub fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> impl Future<Output = Result<T, Problem>> + Send {
    let counted = AtWork::new();
    // Boxed, because an `async` block has room for what it takes twice: as it is given, and as it is awaited.
    let work = Box::pin(work);
    let work = tokio::spawn(
        async {
            let _counted = counted;
            work.await
        }
        .in_current_span(),
    );
    async { work.await.unwrap_or_else(|panicked| Err(Problem::internal(panicked))) }
}

/// Completes once nothing of this process is being done [to its end](to_the_end), so that it can stop.
pub async fn all_ended() {
    let mut at_work = AT_WORK.subscribe();
    // The sender is there as long as the process is.
    let _none = at_work.wait_for(|count| *count == 0).await;
}

/// Work that counts until this is dropped.
struct AtWork;

impl AtWork {
    fn new() -> Self {
        AT_WORK.send_modify(|count| *count += 1);
        Self
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, poll_fn},
        pin::pin,
        task::Poll,
    };

    use tokio::sync::oneshot;

    use super::to_the_end;
    use crate::problem::{Kind, Problem};

    #[tokio::test]
    async fn work_goes_on_when_the_caller_hangs_up() {
        let (open, opened) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        {
            let mut caller = pin!(to_the_end(async {
                opened.await.map_err(Problem::internal)?;
                done.send(()).map_err(|()| Problem::unauthorized())
            }));
            let first = poll_fn(|context| Poll::Ready(caller.as_mut().poll(context)));
            assert!(first.await.is_pending());
        }
        open.send(()).unwrap();
        is_done.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_problem_of_this_request_alone() {
        async fn mistaken() -> Result<(), Problem> {
            panic!("a mistake of ours")
        }
        let problem = to_the_end(mistaken()).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::Internal);
    }
}
