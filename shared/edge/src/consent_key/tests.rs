use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};

use super::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-a1b2c3";

fn source(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let common = [
        ("CONSENT_KEY_SECRET", ARN),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let all = common.iter().chain(more);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Replies to one request with each of `answers` (status and body), and to no further one. Returns
/// where it is, and what was asked.
async fn secrets_manager(answers: &[(&str, &str)]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let answers: Vec<_> = answers.iter().map(|(status, body)| answer(status, body)).collect();
    tokio::spawn(async move {
        let (mut answers, mut open) = (answers.into_iter(), Vec::new());
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            while !request.ends_with('}') {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).await.unwrap();
                assert!(read > 0, "the request broke off: {request}");
                request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            }
            seen.lock().unwrap().push(request);
            if let Some(answer) = answers.next() {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            open.push(stream);
        }
    });
    (address, asked)
}

fn answer(status: &str, body: &str) -> String {
    let head = "content-type: application/x-amz-json-1.1\r\nconnection: close";
    format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn value_of(key: &str) -> String {
    json!({ "ARN": ARN, "Name": "key", "SecretString": key }).to_string()
}

#[tokio::test]
async fn the_secrets_value_is_the_consent_key_and_is_in_no_debug_output() {
    let (address, asked) = secrets_manager(&[("200 OK", &value_of(KEY))]).await;
    let source = source(&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &address)]);
    let fetched = WithConsentKey::fetch(&source).await.unwrap();
    assert_eq!(fetched.get("CONSENT_KEY").as_deref(), Some(KEY));
    assert_eq!(fetched.get("AWS_REGION").as_deref(), Some("eu-central-1"));
    assert!(!format!("{fetched:?}").contains(KEY));
    let asked = asked.lock().unwrap().remove(0);
    let lower = asked.to_ascii_lowercase();
    assert!(lower.contains("x-amz-target: secretsmanager.getsecretvalue\r\n"), "{asked}");
    assert!(asked.contains("AWS4-HMAC-SHA256 Credential=key/"), "{asked}");
    assert!(asked.contains("/eu-central-1/secretsmanager/aws4_request"), "{asked}");
    assert!(asked.ends_with(&json!({ "SecretId": ARN }).to_string()), "{asked}");
}

#[tokio::test]
async fn without_a_secret_nothing_is_asked_and_the_key_is_the_sources_own() {
    let plain = BTreeMap::from([("CONSENT_KEY".to_owned(), KEY.to_owned())]);
    let fetched = WithConsentKey::fetch(&plain).await.unwrap();
    assert_eq!(fetched.get("CONSENT_KEY").as_deref(), Some(KEY));
    let nothing = BTreeMap::new();
    assert_eq!(WithConsentKey::fetch(&nothing).await.unwrap().get("CONSENT_KEY"), None);
}

#[tokio::test]
async fn two_keys_or_no_arn_of_a_secret_are_mistakes_that_name_the_variable() {
    for (name, value, expected) in [
        ("CONSENT_KEY", KEY, "CONSENT_KEY is set, too"),
        ("CONSENT_KEY_SECRET", KEY, "not the ARN"),
        ("CONSENT_KEY_SECRET", "arn:aws:s3:::bucket", "not the ARN"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://elsewhere.example", "not an https URL"),
    ] {
        let source = source(&[(name, value)]);
        let said = WithConsentKey::fetch(&source).await.unwrap_err().to_string();
        assert!(said.contains(expected) && !said.contains(KEY), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_cause_and_is_not_repeated() {
    let refusal = json!({
        "__type": "AccessDeniedException",
        "Message": "not authorized to perform: secretsmanager:GetSecretValue",
    });
    let (address, asked) = secrets_manager(&[("400 Bad Request", &refusal.to_string())]).await;
    let source = source(&[("AWS_ENDPOINT_URL", &address)]);
    let said = WithConsentKey::fetch(&source).await.unwrap_err().to_string();
    assert!(said.contains("CONSENT_KEY_SECRET: the secret can't be read"), "{said}");
    assert!(said.contains("AccessDeniedException not authorized"), "{said}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_passing_failure_is_repeated_once() {
    let answers = [("503 Service Unavailable", "{}"), ("200 OK", &*value_of(KEY))];
    let (address, asked) = secrets_manager(&answers).await;
    let source = source(&[("AWS_ENDPOINT_URL", &address)]);
    let fetched = WithConsentKey::fetch(&source).await.unwrap();
    assert_eq!(fetched.get("CONSENT_KEY").as_deref(), Some(KEY));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_stops_the_start_in_time() {
    let (address, asked) = secrets_manager(&[]).await;
    let source = source(&[("AWS_ENDPOINT_URL", &address)]);
    let started = Instant::now();
    let said = WithConsentKey::fetch(&source).await.unwrap_err().to_string();
    assert!(said.contains("did not answer within 3 seconds"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(asked.lock().unwrap().len(), ATTEMPTS);
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_holds_no_text_is_no_key() {
    let long = value_of(&"k".repeat(MAX_BYTES));
    let binary = json!({ "ARN": ARN, "SecretBinary": "AAAA" }).to_string();
    for (body, expected) in [(&long, "length limit exceeded"), (&binary, "not a text")] {
        let (address, _) = secrets_manager(&[("200 OK", body), ("200 OK", body)]).await;
        let source = source(&[("AWS_ENDPOINT_URL", &address)]);
        let said = WithConsentKey::fetch(&source).await.unwrap_err().to_string();
        assert!(said.contains(expected) && said.len() < 400, "{said}");
    }
}
