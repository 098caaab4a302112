//! Attacks by pages of other sites, whose browsers send the user's cookies along (M9).

use local::options::Platform;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tests::World;

const SESSION: &str = "attacked";
/// What a form can send, or a `fetch` that asks nobody first (Fetch, "CORS-safelisted").
const FORMS: [&str; 3] =
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];
const JSON: &str = "application/json";

/// The body of each type that gets the furthest: JSON is in it.
fn body(media_type: &str) -> String {
    let json = json!({ "sessionId": SESSION, "message": "Do what mallory wants" }).to_string();
    match media_type {
        "text/plain" => json.replacen('}', ",\"x\":\"=\"}", 1),
        "application/x-www-form-urlencoded" => format!("{json}="),
        _ => json,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_state_changing_requests_from_another_site_are_refused() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let body = json!({ "sessionId": SESSION, "message": "hello" });
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = alice.request(Method::POST, "/invocations").header(name, value).json(&body);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.headers().get("access-control-allow-origin").is_none());
    }
}

async fn no_form_or_fetch_of_another_site_is_taken(platform: Platform) {
    let world = World::on(platform).await;
    let alice = world.browser_of("alice").await;
    alice.say("hers", "Hello").await;
    let saved = world.everything_saved().await;
    let evil = "https://evil.example";
    for (headers, expected) in [
        (&[("sec-fetch-site", "cross-site")][..], Some("cross_site")),
        (&[("sec-fetch-site", "same-site")], Some("cross_site")),
        (&[("sec-fetch-site", "cross-site"), ("origin", "null")], Some("cross_site")),
        // A browser that tells nothing of the fetch but its origin, if it has one.
        (&[("origin", "null")], Some("cross_site")),
        (&[("origin", evil)], Some("cross_site")),
        // One that does not even tell that, or an own page: a form is still no JSON.
        (&[], None),
        (&[("sec-fetch-site", "same-origin")], None),
    ] {
        let types = FORMS.into_iter().chain(expected.map(|_| JSON));
        for media_type in types {
            let mut request = alice.request(Method::POST, "/invocations");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.header(header::CONTENT_TYPE, media_type).body(body(media_type));
            let answer = request.send().await.expect("an answer");
            let refusal = match expected {
                Some(_) => StatusCode::FORBIDDEN,
                None => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            };
            assert_eq!(answer.status(), refusal, "{headers:?} {media_type}");
            let permission = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert!(permission.is_none(), "{headers:?}");
            let problem: Value = answer.json().await.expect("a problem");
            if let Some(code) = expected {
                assert_eq!(problem["code"], code, "{headers:?} {media_type}");
            }
        }
    }
    // A `fetch` that would send JSON asks first, and is told nothing that lets it.
    let ask = alice.request(Method::OPTIONS, "/invocations").header("origin", evil);
    let ask = ask.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let answer = ask.header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type").send().await;
    let answer = answer.expect("an answer");
    assert!(!answer.status().is_success(), "{}", answer.status());
    assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    assert_eq!(world.everything_saved().await, saved, "something was said for her");
    world.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_cross_site_form_or_fetch_that_posts_an_invocation_is_refused_and_nothing_is_saved() {
    no_form_or_fetch_of_another_site_is_taken(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_cross_site_form_or_fetch_is_refused_by_the_lambda_binaries_too() {
    no_form_or_fetch_of_another_site_is_taken(Platform::Lambda).await;
}
