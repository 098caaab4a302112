//! The event that a Lambda function behind a load balancer gets, and its response.
//!
//! Source: Elastic Load Balancing, "Use Lambda functions as targets", "Receive events from the load
//! balancer" and "Respond to the load balancer", with multi-value headers enabled. Query values
//! arrive still percent-encoded.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const TARGET_GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/countersign-local/0000000000000000";

/// Returns the event for a request.
pub fn event(head: &Parts, body: &Bytes) -> Value {
    let text = if is_text(&head.headers) { std::str::from_utf8(body).ok() } else { None };
    let (body, is_base64) = match text {
        Some(text) => (text.to_owned(), false),
        None if body.is_empty() => (String::new(), false),
        None => (STANDARD.encode(body), true),
    };
    let query = head.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = query.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let headers = head.headers.iter().filter_map(|(name, value)| {
        let text = value.to_str().ok()?;
        Some((name.as_str(), text))
    });
    json!({
        "requestContext": { "elb": { "targetGroupArn": TARGET_GROUP } },
        "httpMethod": head.method.as_str(),
        "path": head.uri.path(),
        "multiValueQueryStringParameters": grouped(query),
        "multiValueHeaders": grouped(headers),
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// AWS encodes a body unless it is text, JSON, JavaScript or XML, and not compressed.
fn is_text(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text(header::CONTENT_TYPE);
    let is_textual = media_type.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"]
            .into_iter()
            .any(|textual| media_type.starts_with(textual));
    is_textual && text(header::CONTENT_ENCODING).is_empty()
}

fn grouped<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut groups = Map::new();
    for (name, value) in pairs {
        let group = groups.entry(name).or_insert_with(|| json!([]));
        if let Some(group) = group.as_array_mut() {
            group.push(value.into());
        }
    }
    Value::Object(groups)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionAnswer {
    status_code: u16,
    #[serde(default)]
    multi_value_headers: Map<String, Value>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response that a function returned. `None` if it is malformed.
pub fn response(payload: &[u8]) -> Option<Response> {
    let answer: FunctionAnswer = serde_json::from_slice(payload).ok()?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        Body::from(STANDARD.decode(body).ok()?)
    } else {
        Body::from(body)
    };
    let mut reply = Response::new(body);
    *reply.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    for (name, values) in &answer.multi_value_headers {
        let name: HeaderName = name.parse().ok()?;
        for value in values.as_array()? {
            reply.headers_mut().append(name.clone(), HeaderValue::from_str(value.as_str()?).ok()?);
        }
    }
    Some(reply)
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, http::Request};
    use serde_json::json;

    use super::{event, response};

    #[test]
    fn an_event_keeps_repeated_headers_and_the_encoding_of_the_query() {
        let request = Request::post("/consent?flow=a%2Bb&flow=c")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("content-type", "application/octet-stream");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let event = event(&head, &Bytes::from_static(&[0xff]));
        assert_eq!(event["multiValueQueryStringParameters"]["flow"], json!(["a%2Bb", "c"]));
        assert_eq!(event["multiValueHeaders"]["cookie"], json!(["a=1", "b=2"]));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    }

    #[test]
    fn a_malformed_answer_is_refused() {
        for payload in ["", "{}", r#"{"statusCode":7}"#, r#""hello""#] {
            assert!(response(payload.as_bytes()).is_none(), "{payload}");
        }
    }

    #[test]
    fn an_answer_may_set_several_cookies() {
        let payload = json!({ "statusCode": 200, "multiValueHeaders": { "set-cookie": ["a", "b"] }, "body": "hi" });
        let reply = response(payload.to_string().as_bytes()).unwrap();
        assert_eq!(reply.headers().get_all("set-cookie").iter().count(), 2);
    }
}
