//! Forged proofs of who is calling, past the load balancer and through it (M2).

use local::parts::Addresses;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{Logs, World};

use super::{
    BINDING,
    token::{Token, host},
};

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_forged_token_straight_at_the_target_gets_401_and_no_reason() {
    let world = World::in_process().await;
    let addresses = &world.running.addresses;
    let good = Token::new(addresses, "alice").signed();
    let forged = forgeries(addresses);
    for target in [&addresses.invoke, &addresses.bind_session] {
        let path = if target == &addresses.invoke { "/docs/swagger-ui.css" } else { BINDING };
        let ask = |token: Option<String>| {
            let request = Client::new().get(target.join(path).expect("an address"));
            let request = request.header("accept", "application/json");
            let request = request.header("host", host(&addresses.application));
            // Unsigned, and so worth nothing.
            let request = request.header("x-amzn-oidc-identity", "alice");
            match token {
                Some(token) => request.header("x-amzn-oidc-data", token),
                None => request,
            }
        };
        let answer = ask(Some(good.clone())).send().await.expect("an answer");
        assert_ne!(answer.status(), StatusCode::UNAUTHORIZED, "the unspoilt token is good");
        for (name, token) in &forged {
            let answer = ask(token.clone()).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
            let problem: Value = answer.json().await.expect("a problem");
            assert_eq!(problem["detail"], "Sign in first.", "{name}");
        }
        let twice = ask(Some(good.clone())).header("x-amzn-oidc-data", &good);
        let answer = twice.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "two tokens");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_an_operator_reads_what_was_expected_of_a_refused_token_and_a_caller_does_not() {
    let world = World::in_process().await;
    let addresses = &world.running.addresses;
    let issuer = addresses.identity_provider.as_str().trim_end_matches('/');
    let client = local::environment::OIDC_CLIENT_ID;
    for (member, value, reason, expected, seen) in [
        ("iss", format!("{issuer}/"), "foreign issuer", issuer, format!("{issuer}/")),
        (
            "client",
            "a\n\u{202e}b".to_owned(),
            "foreign client",
            client,
            r"a\u{a}\u{202e}b".to_owned(),
        ),
        ("client", "x".repeat(2_000), "foreign client", client, format!("{}...", "x".repeat(256))),
    ] {
        let mut token = Token::new(addresses, "alice");
        token.header[member] = json!(value);
        for target in [addresses.invoke.join("/docs"), addresses.bind_session.join(BINDING)] {
            let request = Client::new().get(target.expect("an address"));
            let request = request.header("host", host(&addresses.application));
            let request = request.header("accept", "application/json");
            let answer = request.header("x-amzn-oidc-data", token.signed()).send().await;
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
            let told = answer.text().await.expect("a problem");
            assert!(!told.contains(reason) && !told.contains(expected), "{told}");
            let refused = Logs::kept().audit(&id);
            let refused = refused.iter().find(|event| event["event"] == "sign_in_refused");
            let refused = refused.expect("an audit event");
            assert_eq!(
                (&refused["reason"], &refused["expected"]),
                (&json!(reason), &json!(expected))
            );
            assert_eq!(refused["seen"], json!(seen));
        }
    }
}

/// Tokens that nobody may be signed in by, each with what is wrong with it.
fn forgeries(addresses: &Addresses) -> Vec<(&'static str, Option<String>)> {
    let good = Token::new(addresses, "alice").signed();
    let spoil = |change: fn(&mut Token)| {
        let mut token = Token::new(addresses, "alice");
        change(&mut token);
        token.signed()
    };
    vec![
        ("no token", None),
        ("empty", Some(String::new())),
        (
            "other payload, same signature",
            Some(with_payload_of(&good, &spoil(|t| t.payload["sub"] = json!("bob")))),
        ),
        (
            "no signature",
            Some(good.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap_or_default()),
        ),
        ("alg none", Some(spoil(|t| t.header["alg"] = json!("none")))),
        (
            "foreign signer",
            Some(spoil(|t| {
                t.header["signer"] = json!(
                    "arn:aws:elasticloadbalancing:eu-central-1:999999999999:loadbalancer/app/evil/0000000000000000"
                )
            })),
        ),
        ("foreign client", Some(spoil(|t| t.header["client"] = json!("other")))),
        ("foreign issuer", Some(spoil(|t| t.header["iss"] = json!("https://evil.example")))),
        (
            "foreign issuer in the payload",
            Some(spoil(|t| t.payload["iss"] = json!("https://evil.example"))),
        ),
        ("expired header", Some(spoil(|t| t.header["exp"] = json!(1_700_000_000)))),
        ("expired payload", Some(spoil(|t| t.payload["exp"] = json!(1_700_000_000)))),
        (
            "unknown key",
            Some(spoil(|t| t.header["kid"] = json!("11111111-2222-4333-8444-555555555555"))),
        ),
        ("key id as a path", Some(spoil(|t| t.header["kid"] = json!("../../etc/passwd")))),
        ("empty sub", Some(spoil(|t| t.payload["sub"] = json!("")))),
    ]
}

fn with_payload_of(token: &str, other: &str) -> String {
    let (mine, theirs): (Vec<_>, Vec<_>) = (token.split('.').collect(), other.split('.').collect());
    [mine[0], theirs[1], mine[2]].join(".")
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_client_can_not_bring_its_own_token_through_the_load_balancer() {
    let world = World::in_process().await;
    let bob = world.browser_of("bob").await;
    let alice = Token::new(&world.running.addresses, "alice").signed();
    let page = bob.request(Method::GET, "/").header("x-amzn-oidc-data", alice).send().await;
    let text = page.expect("an answer").text().await.expect("a page");
    assert!(text.contains("Bob") && !text.contains("Alice"), "{text}");
}
