//! What a test expects of an answer of `POST /invocations`.

use reqwest::StatusCode;
use serde_json::Value;

/// The body of an answer with status 200.
///
/// # Panics
/// When it has another status.
pub async fn ok(answer: impl Future<Output = (StatusCode, Value)>) -> Value {
    let (status, answer) = answer.await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// The turn is completed, and the user reads these words.
///
/// # Panics
/// When it is not so.
#[track_caller]
pub fn assert_says(answer: &Value, words: &str) {
    assert_eq!(answer["status"], "completed", "{answer}");
    assert!(answer["message"].as_str().is_some_and(|it| it.contains(words)), "{answer}");
}
