//! Requests for the page after consent that nobody made as a visit: refused, without a trace, and
//! nothing is used up by them.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{BINDING, ready::Ready};

#[tokio::test(flavor = "multi_thread")]
async fn m9_head_post_prefetching_and_prerendering_never_bind() {
    let ready = Ready::new().await;
    let path = format!("{BINDING}?{}", ready.back.query().expect("a query"));
    for method in [Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
        let request = ready.alice.request(method.clone(), &path);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers()["allow"], "GET", "{method}");
        assert!(!answer.headers().contains_key("set-cookie"), "{method}");
        let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
        assert!(ready.logs.audit(&id).is_empty(), "{method} is no visit");
    }
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "iframe"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let request = ready.alice.request(method.clone(), &path).header(name, value);
            let answer = request.send().await.expect("an answer");
            let is_head = method == Method::HEAD;
            let refusal =
                if is_head { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status(), refusal, "{method} {name}: {value}");
            for header in ["location", "set-cookie"] {
                assert!(!answer.headers().contains_key(header), "{header}: {name}: {value}");
            }
            let id = answer.headers()["x-request-id"].to_str().expect("an id").to_owned();
            assert!(ready.logs.audit(&id).is_empty(), "{name}: {value} is no visit");
            let text = answer.text().await.expect("a body");
            assert_eq!(text.is_empty(), is_head, "{text}");
            if !is_head {
                let problem: Value = serde_json::from_str(&text).expect("JSON");
                assert_eq!(problem["code"], "not_a_visit", "{name}: {value}");
            }
        }
    }
    ready.assert_nothing_bound().await;
    ready.ends(&ready.alice, &ready.back, "connected", StatusCode::OK).await;
}
