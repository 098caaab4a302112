//! Failures: what is tried again, and what is said of them.

use agent::model::ModelError;
use serde_json::{Value, json};
use session::Message;

use crate::{
    ask,
    server::{KEY, Reply, serve},
    streams::chunk,
};

/// Asks a server that answers `replies`. Returns the text or the error, what was heard, and how many requests
/// there were.
async fn asked(replies: Vec<Reply>) -> (Result<String, ModelError>, String, usize) {
    let (base, seen) = serve(replies).await;
    let (answer, heard) = ask(&base, &[Message::user("Hello!")]).await;
    let requests = seen.lock().unwrap().len();
    (answer.map(|answer| answer.message.text()), heard, requests)
}

fn yes() -> Reply {
    let content = chunk(&json!({ "content": "Yes" }), Value::Null);
    Reply::chunks(&[content, chunk(&json!({}), json!("stop"))])
}

fn at_once(status: &str) -> Reply {
    Reply::json(status, "retry-after: 0\r\n", &json!({ "error": { "message": "wait" } }))
}

#[tokio::test]
async fn what_passes_is_tried_again_twice() {
    for passing in [at_once("429 Too Many Requests"), at_once("503 Service Unavailable")] {
        let (answer, _, requests) = asked(vec![passing.clone(), passing.clone(), yes()]).await;
        assert_eq!((answer.unwrap().as_str(), requests), ("Yes", 3));
        let (answer, _, requests) = asked(vec![passing]).await;
        assert!(matches!(answer, Err(ModelError::Busy(_))) && requests == 3, "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_for_long_is_busy_at_once() {
    let reply = Reply::json("429 Too Many Requests", "retry-after: 60\r\n", &json!({}));
    let (answer, _, requests) = asked(vec![reply]).await;
    assert!(matches!(answer, Err(ModelError::Busy(_))) && requests == 1, "{answer:?}");
}

#[tokio::test]
async fn a_stream_that_breaks_is_tried_again_only_while_nothing_was_heard() {
    let unheard = format!("data: {}\n\n", chunk(&json!({ "role": "assistant" }), Value::Null));
    let heard = format!("data: {}\n\n", chunk(&json!({ "content": "Ye" }), json!("stop")));
    for breaks in [false, true] {
        let broken = |text: &str| {
            let reply = Reply::events(text);
            if breaks { reply.broken() } else { reply }
        };
        let (answer, _, requests) = asked(vec![broken(&unheard), yes()]).await;
        assert_eq!((answer.unwrap().as_str(), requests), ("Yes", 2));
        // Without [DONE], a finish reason is not enough.
        let (answer, text, requests) = asked(vec![broken(&heard), yes()]).await;
        assert!(matches!(answer, Err(ModelError::Busy(_))), "{answer:?}");
        assert_eq!((text.as_str(), requests), ("Ye", 1));
    }
}

#[tokio::test]
async fn an_error_inside_the_stream_is_taken_by_its_kind() {
    let with = |error: Value| Reply::chunks(&[json!({ "error": error })]);
    let fatal =
        with(json!({ "message": "too many tokens", "type": "BadRequestError", "code": 400 }));
    let (answer, _, requests) = asked(vec![fatal]).await;
    assert!(matches!(answer, Err(ModelError::Rejected(_))) && requests == 1, "{answer:?}");
    let passing = with(json!({ "message": "overloaded", "type": "server_error", "code": null }));
    let (answer, _, requests) = asked(vec![passing, yes()]).await;
    assert_eq!((answer.unwrap().as_str(), requests), ("Yes", 2));
}

#[tokio::test]
async fn a_request_that_is_too_long_is_told_apart_and_not_repeated() {
    let error = json!({ "message": "This model's maximum context length is 8192 tokens.",
        "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded" });
    let error = json!({ "error": error });
    for reply in
        [Reply::json("400 Bad Request", "", &error), Reply::chunks(std::slice::from_ref(&error))]
    {
        let (answer, _, requests) = asked(vec![reply]).await;
        assert!(matches!(answer, Err(ModelError::TooLong(_))) && requests == 1, "{answer:?}");
    }
}

#[tokio::test]
async fn no_quota_is_a_refusal_that_is_not_repeated_and_tells_the_operator() {
    let error = json!({ "message": "You exceeded your current quota, please check your plan and billing details.",
        "type": "insufficient_quota", "param": null, "code": "insufficient_quota" });
    let reply =
        Reply::json("429 Too Many Requests", "retry-after: 0\r\n", &json!({ "error": error }));
    let (answer, _, requests) = asked(vec![reply]).await;
    let Err(ModelError::Refused(cause)) = answer else { unreachable!("{answer:?}") };
    assert_eq!(requests, 1);
    assert!(cause.to_string().contains("no quota left"), "{cause}");
}

#[tokio::test]
async fn a_key_that_a_server_repeats_is_in_no_error() {
    let message = format!("Invalid proxy server token passed. Received API Key = {KEY}");
    let reply = Reply::json("401 Unauthorized", "", &json!({ "error": { "message": message } }));
    let (answer, ..) = asked(vec![reply]).await;
    let Err(error @ ModelError::Refused(_)) = answer else { unreachable!("{answer:?}") };
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn the_key_does_not_follow_a_redirect() {
    let (elsewhere, seen) = serve(vec![yes()]).await;
    let location = format!("location: {elsewhere}/chat/completions\r\n");
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let (answer, ..) = asked(vec![Reply::json(status, &location, &json!({}))]).await;
        assert!(matches!(answer, Err(ModelError::Refused(_))), "{answer:?}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_page_in_place_of_a_stream_is_a_wrong_address() {
    let page = Reply::events("<html>Hello</html>").typed("text/html");
    let (answer, _, requests) = asked(vec![page]).await;
    let Err(ModelError::Refused(cause)) = answer else { unreachable!("{answer:?}") };
    assert!(cause.to_string().contains("OPENAI_BASE_URL") && requests == 1, "{cause}");
}

#[tokio::test]
async fn a_server_that_can_not_be_reached_is_busy() {
    let (answer, _) = ask("http://127.0.0.1:1/v1", &[Message::user("Hello!")]).await;
    assert!(matches!(answer, Err(ModelError::Busy(_))), "{answer:?}");
}
