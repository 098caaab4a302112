//! The stand-in for AWS Lambda, with a real function: the Lambda binary of the agentic workload.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use lambda_local::Lambda;
use local::{
    binaries,
    process::{Output, Process},
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::processes::invoke_settings;

const FUNCTION: &str = "invoke";

struct World {
    lambda: Lambda,
    base: Url,
    client: Client,
    /// The variables that Lambda sets for the function's process.
    variables: BTreeMap<String, String>,
}

impl World {
    async fn new() -> Self {
        Self::with(Lambda::new()).await
    }

    async fn with(lambda: Lambda) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let variables = lambda.create_function(FUNCTION, &base);
        let router = lambda.router();
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { lambda, base, client: Client::new(), variables }
    }

    fn invocation(&self, function: &str, payload: impl Into<reqwest::Body>) -> RequestBuilder {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        self.client.post(self.base.join(&path).unwrap()).body(payload)
    }

    async fn invoke(&self, payload: &Value) -> Response {
        self.invocation(FUNCTION, payload.to_string()).send().await.unwrap()
    }

    /// Starts an invocation without waiting for it.
    fn begin(&self, payload: &Value) -> tokio::task::JoinHandle<Response> {
        let invocation = self.invocation(FUNCTION, payload.to_string());
        tokio::spawn(async { invocation.send().await.unwrap() })
    }

    fn runtime(&self, path: &str) -> Url {
        self.base.join(&format!("/{FUNCTION}/2018-06-01/runtime{path}")).unwrap()
    }

    /// Polls as a worker. Returns the invocation's id and payload.
    async fn next(&self) -> (String, String) {
        let url = self.runtime("/invocation/next");
        let invocation = self.client.get(url).send().await.unwrap();
        assert!(invocation.headers().contains_key("lambda-runtime-deadline-ms"));
        assert!(invocation.headers().contains_key("lambda-runtime-invoked-function-arn"));
        let trace = invocation.headers()["lambda-runtime-trace-id"].to_str().unwrap();
        assert!(trace.starts_with("Root=1-"), "{trace}");
        let id = invocation.headers()["lambda-runtime-aws-request-id"].to_str().unwrap();
        (id.to_owned(), invocation.text().await.unwrap())
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> StatusCode {
        self.client.post(self.runtime(path)).body(body).send().await.unwrap().status()
    }

    async fn start(&self) -> Process {
        let binaries = binaries::find(None, &[FUNCTION]).await.unwrap();
        let mut environment = invoke_settings();
        environment.extend(self.variables.clone());
        Process::spawn(FUNCTION, &binaries[FUNCTION], &environment, Output::Logged).unwrap()
    }
}

/// The event of a `GET /ping` with multi-value headers.
fn ping() -> Value {
    json!({
        "requestContext": { "elb": {
            "targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/a/0123456789abcdef",
        } },
        "httpMethod": "GET",
        "path": "/ping",
        "multiValueQueryStringParameters": {},
        "multiValueHeaders": { "host": ["localhost"], "accept": ["application/json", "*/*"] },
        "body": "",
        "isBase64Encoded": false,
    })
}

async fn assert_healthy(answer: Response) {
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!answer.headers().contains_key("x-amz-function-error"));
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert!(answer["multiValueHeaders"].is_object(), "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["status"], "Healthy");
}

async fn assert_failed(answer: Response, error_type: &str, words: &str) {
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-amz-function-error"], "Unhandled");
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["errorType"], error_type, "{error}");
    assert!(error["errorMessage"].as_str().unwrap().contains(words), "{error}");
}

async fn assert_refused(answer: Response, status: StatusCode, error: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["x-amzn-errortype"], error);
}

#[tokio::test]
async fn the_real_function_answers_one_invocation_and_ten_at_once() {
    let world = World::new().await;
    let function = world.start().await;
    assert_healthy(world.invoke(&ping()).await).await;
    for answer in join_all((0..10).map(|_| world.begin(&ping()))).await {
        assert_healthy(answer.unwrap()).await;
    }
    function.stop().await.unwrap();
}

#[tokio::test]
async fn as_many_invocations_run_at_once_as_there_are_workers_and_the_rest_waits() {
    let world = World::new().await;
    let callers =
        ["1", "2", "3"].map(|payload| world.begin(&json!(payload.parse::<u8>().unwrap())));
    let ((first, one), (second, two)) = tokio::join!(world.next(), world.next());
    assert_ne!(one, two, "two workers have two invocations, none of them answered");
    world.post(&format!("/invocation/{second}/response"), two).await;
    let (third, three) = world.next().await;
    world.post(&format!("/invocation/{third}/response"), three).await;
    world.post(&format!("/invocation/{first}/response"), one).await;
    for (caller, payload) in callers.into_iter().zip(["1", "2", "3"]) {
        assert_eq!(caller.await.unwrap().text().await.unwrap(), payload);
    }
}

#[tokio::test]
async fn an_unknown_function_is_not_found() {
    let world = World::new().await;
    let answer = world.invocation("other", ping().to_string()).send().await.unwrap();
    assert_refused(answer, StatusCode::NOT_FOUND, "ResourceNotFoundException").await;
}

#[tokio::test]
async fn a_payload_that_is_no_json_or_larger_than_lambda_takes_is_refused() {
    let world = World::new().await;
    for payload in [&b"{"[..], b"\"\x95\""] {
        let answer = world.invocation(FUNCTION, payload).send().await.unwrap();
        assert_refused(answer, StatusCode::BAD_REQUEST, "InvalidRequestContentException").await;
    }

    let large = json!("a".repeat(6_291_455));
    let answer = world.invoke(&large).await;
    assert_refused(answer, StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException").await;
}

#[tokio::test]
async fn an_answer_larger_than_lambda_takes_is_an_error_of_the_function() {
    let world = World::new().await;
    let caller = world.begin(&json!(null));
    let (id, _) = world.next().await;
    let answer = "a".repeat(6_291_557);
    let status = world.post(&format!("/invocation/{id}/response"), answer).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_failed(caller.await.unwrap(), "Function.ResponseSizeTooLarge", "6291557 bytes").await;
}

#[tokio::test]
async fn an_error_that_the_function_reports_reaches_the_caller() {
    let world = World::new().await;
    let caller = world.begin(&json!(null));
    let (id, _) = world.next().await;
    let error = json!({ "errorType": "Own", "errorMessage": "its own words" }).to_string();
    let status = world.post(&format!("/invocation/{id}/error"), error).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_failed(caller.await.unwrap(), "Own", "its own words").await;
}

#[tokio::test]
async fn an_invocation_without_an_answer_in_time_times_out_and_a_late_answer_is_refused() {
    let world = World::with(Lambda::new().with_timeout(Duration::from_millis(100))).await;
    let caller = world.begin(&json!(null));
    let (id, _) = world.next().await;
    assert_failed(caller.await.unwrap(), "Sandbox.Timedout", "Task timed out after 0.10").await;
    let status = world.post(&format!("/invocation/{id}/response"), "1").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_invocation_that_finds_no_worker_in_time_is_throttled() {
    let world = World::with(Lambda::new().with_timeout(Duration::from_millis(100))).await;
    let answer = world.invoke(&json!(null)).await;
    assert_refused(answer, StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException").await;
}

#[tokio::test]
async fn a_caller_that_hangs_up_blocks_no_other_invocation() {
    let world = World::new().await;
    let gone = world.begin(&json!("gone while it runs"));
    let (first, _) = world.next().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let status = world.post(&format!("/invocation/{first}/response"), "1").await;
    assert_eq!(status, StatusCode::ACCEPTED);

    let caller = world.begin(&json!("here"));
    let (second, payload) = world.next().await;
    assert_eq!(payload, r#""here""#);
    world.post(&format!("/invocation/{second}/response"), "2").await;
    assert_eq!(caller.await.unwrap().text().await.unwrap(), "2");
}

#[tokio::test]
async fn invocations_of_a_function_whose_process_died_end_and_a_new_process_takes_the_next() {
    let world = World::new().await;
    let caller = world.begin(&json!(null));
    let _its_process_now_dies = world.next().await;
    world.lambda.process_ended(FUNCTION, "signal: 9 (SIGKILL)");
    assert_failed(caller.await.unwrap(), "Runtime.ExitError", "signal: 9 (SIGKILL)").await;
    assert_failed(world.invoke(&json!(null)).await, "Runtime.ExitError", "SIGKILL").await;

    let function = world.start().await;
    let mut answer = world.invoke(&ping()).await;
    while answer.headers().contains_key("x-amz-function-error") {
        // It has not polled yet.
        answer = world.invoke(&ping()).await;
    }
    assert_healthy(answer).await;
    function.stop().await.unwrap();
}

#[tokio::test]
async fn a_function_that_can_not_start_says_why_and_its_invocations_end() {
    // Built first: a build can take longer than an invocation may wait.
    let binaries = binaries::find(None, &[FUNCTION]).await.unwrap();
    let world = World::new().await;
    let waiting = world.begin(&ping());
    let process = Process::spawn(FUNCTION, &binaries[FUNCTION], &world.variables, Output::Logged);
    let status = process.unwrap().exited().await.unwrap();
    assert!(!status.success());
    world.lambda.process_ended(FUNCTION, &status.to_string());
    assert_failed(waiting.await.unwrap(), "Runtime.ExitError", "exit status: 1").await;
}
