#![doc = include_str!("../README.md")]

mod function;
mod invoke_api;
mod runtime_api;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::Router;
use bytes::Bytes;
use serde_json::json;
use url::Url;

use self::function::Function;
use stand_in::{ACCOUNT, REGION};

/// How many invocations a function's process handles at once.
const MAX_CONCURRENCY: &str = "16";
/// How long a load balancer waits by default; Lambda's own default is 3 s, its maximum 15 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The stand-in for AWS Lambda; cheap to clone.
#[derive(Clone)]
pub struct Lambda {
    functions: Arc<Mutex<BTreeMap<String, Arc<Function>>>>,
    timeout: Duration,
}

impl Lambda {
    /// A stand-in without functions; an invocation may take 60 seconds.
    #[must_use]
    pub fn new() -> Self {
        Self { functions: Arc::default(), timeout: DEFAULT_TIMEOUT }
    }

    /// The same stand-in (and the same functions) with another timeout.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Creates a function. Returns the variables that Lambda would set for its process.
    /// `base` is where [`router`](Self::router) listens.
    pub fn create_function(&self, name: &str, base: &Url) -> BTreeMap<String, String> {
        self.functions().insert(name.to_owned(), Arc::default());
        let runtime_api = format!("{}/{name}", base.as_str().trim_end_matches('/'));
        let variables = [
            // On AWS it has neither scheme nor path; with a path, it needs the scheme to be a URI.
            ("AWS_LAMBDA_RUNTIME_API", runtime_api.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", MAX_CONCURRENCY),
        ];
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Records that a function's process has ended. Its invocations that run or wait end in an error,
    /// and so do new ones until another process polls.
    pub fn process_ended(&self, name: &str, status: &str) {
        if let Some(function) = self.function(name) {
            let message = format!("Runtime exited with error: {status}");
            function.end(error("Runtime.ExitError", &message));
        }
    }

    /// The Runtime API of every function at `/{function}/2018-06-01/…`, and the Invoke API.
    pub fn router(&self) -> Router {
        runtime_api::router(self).merge(invoke_api::router(self))
    }

    fn function(&self, name: &str) -> Option<Arc<Function>> {
        self.functions().get(name).map(Arc::clone)
    }

    fn functions(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Function>>> {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Lambda {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.functions().keys().cloned().collect();
        f.debug_struct("Lambda").field("functions", &names).finish_non_exhaustive()
    }
}

fn arn(function: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
}

/// An error as the payload of a function, and as a response of the Runtime API.
fn error(error_type: &str, message: &str) -> Bytes {
    json!({ "errorType": error_type, "errorMessage": message }).to_string().into()
}
