//! Each fault, as a client meets it.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::http::HeaderMap;
use local::{Running, environment, faults::Fault, options::Options};
use reqwest::{Client, StatusCode};
use stand_in::Clock;
use tempfile::TempDir;
use url::Url;

/// Stand-ins with faults.
struct World {
    running: Running,
    client: Client,
    _data: TempDir,
}

impl World {
    async fn new(faults: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options {
            port: 0,
            stand_ins_for: Some("http://localhost:1".parse().unwrap()),
            data: data.path().to_owned(),
            faults: parsed(faults),
            fault_seed: Some(1),
            ..Options::default()
        };
        let running = local::start(options, Clock::system()).await.unwrap();
        Self { running, client: Client::builder().no_proxy().build().unwrap(), _data: data }
    }

    /// A client that tries once.
    fn s3(&self) -> aws_sdk_s3::Client {
        let (id, secret) = (environment::ACCESS_KEY_ID, environment::SECRET_ACCESS_KEY);
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(id, secret, None, None, "test"))
            .region(Region::new("eu-central-1"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(self.running.addresses.s3.as_str())
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    async fn get(&self, base: &Url, path: &str) -> (StatusCode, HeaderMap, String) {
        let answer = self.client.get(base.join(path).unwrap()).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.text().await.unwrap())
    }
}

fn parsed(faults: &[&str]) -> Vec<Fault> {
    faults.iter().map(|it| it.parse().unwrap()).collect()
}

const ALL: [&str; 6] = ["s3", "github", "agentcore", "bedrock", "calendar", "issuer"];

fn everywhere(kind: &str) -> Vec<Fault> {
    ALL.iter().map(|part| format!("{part}={kind}").parse().unwrap()).collect()
}

#[tokio::test]
async fn too_many_requests_are_told_in_the_words_of_each_part() {
    let world = World::new(&[]).await;
    world.running.faults.set(everywhere("slow-down"));
    let addresses = &world.running.addresses;

    let (status, _, body) = world.get(&addresses.s3, "countersign-local/a").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("<Code>SlowDown</Code>"), "{body}");
    let (status, headers, body) = world.get(&addresses.github, "user").await;
    assert_eq!(
        (status, &headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"1".parse().unwrap())
    );
    assert!(body.contains("secondary rate limit"), "{body}");
    for base in [&addresses.bedrock, &addresses.agentcore] {
        let (status, headers, _) = world.get(base, "any").await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(headers["x-amzn-errortype"], "ThrottlingException");
    }
    let (status, headers, _) = world.get(&addresses.identity_provider, "jwks").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_failure_of_the_part_is_told_in_its_words() {
    let world = World::new(&["s3=error", "github=error", "bedrock=error"]).await;
    let addresses = &world.running.addresses;
    let (status, _, body) = world.get(&addresses.s3, "countersign-local/a").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("<Code>InternalError</Code>"), "{body}");
    assert_eq!(world.get(&addresses.github, "user").await.0, StatusCode::BAD_GATEWAY);
    let (_, headers, _) = world.get(&addresses.bedrock, "any").await;
    assert_eq!(headers["x-amzn-errortype"], "InternalServerException");
}

#[tokio::test]
async fn a_connection_that_is_reset_gives_no_answer_and_one_that_is_cut_a_part_of_it() {
    let world = World::new(&["issuer=reset"]).await;
    let jwks = world.running.addresses.identity_provider.join("jwks").unwrap();
    let error = world.client.get(jwks.clone()).send().await.unwrap_err();
    assert!(error.is_request(), "{error:?}");

    world.running.faults.set(parsed(&["issuer=cut"]));
    let begun = world.client.get(jwks.clone()).send().await.unwrap();
    assert_eq!(begun.status(), StatusCode::OK);
    assert!(begun.text().await.is_err(), "the whole of it arrived");

    world.running.faults.set(Vec::new());
    let whole = world.client.get(jwks).send().await.unwrap();
    assert!(whole.text().await.unwrap().ends_with('}'));
    assert_eq!(world.running.faults.met(), 2);
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_has_arrived_and_one_that_is_reset_has_not() {
    let world = World::new(&[]).await;
    let s3 = world.s3();
    for (fault, key, arrives) in [("s3=lost", "lost", true), ("s3=reset", "reset", false)] {
        world.running.faults.set(parsed(&[fault]));
        let put = s3.put_object().bucket(environment::BUCKET).key(key);
        assert!(put.send().await.is_err(), "{fault}");
        world.running.faults.set(Vec::new());
        let get = s3.get_object().bucket(environment::BUCKET).key(key).send().await;
        assert_eq!(get.is_ok(), arrives, "{fault}");
    }
}

#[tokio::test]
async fn garbage_is_no_json_and_a_trickle_arrives_in_many_pieces() {
    let world = World::new(&["issuer=garbage"]).await;
    let discovery = ".well-known/openid-configuration";
    let address = world.running.addresses.identity_provider.join(discovery).unwrap();
    let answer = world.client.get(address.clone()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.json::<serde_json::Value>().await.is_err());

    world.running.faults.set(parsed(&["issuer=trickle:1ms"]));
    let mut answer = world.client.get(address).send().await.unwrap();
    let (mut pieces, mut bytes) = (0, Vec::new());
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces += 1;
        bytes.extend_from_slice(&piece);
    }
    assert!(pieces > 3, "{pieces} pieces");
    serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
}

#[tokio::test]
async fn only_operations_that_take_a_workload_token_find_it_expired() {
    let world = World::new(&["agentcore=expired"]).await;
    let agentcore = &world.running.addresses.agentcore;
    let ask = async |path: &str| {
        let request = world.client.post(agentcore.join(path).unwrap()).body("{}");
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(ask("identities/oauth2/token").await.contains("invalid or expired"));
    assert!(!ask("identities/GetWorkloadAccessToken").await.contains("invalid or expired"));
}

#[tokio::test]
async fn a_page_that_a_person_opens_is_left_alone() {
    let world = World::new(&["github=reset"]).await;
    let page = world.client.get(world.running.addresses.github.clone());
    let page = page.header("sec-fetch-mode", "navigate").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_key_that_is_replaced_leaves_the_old_one_published() {
    let world = World::new(&["issuer=rotation:1s"]).await;
    let addresses = &world.running.addresses;
    let keys = &world.running.keys;
    let old = keys.load_balancer.id();
    let new = keys.load_balancer.rotate().unwrap();
    assert_ne!(old, new);
    for kid in [&old, &new] {
        let (status, _, pem) = world.get(&addresses.public_keys, kid).await;
        assert_eq!(status, StatusCode::OK);
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{pem}");
    }
    let published = async || {
        let (_, _, body) = world.get(&addresses.identity_provider, "jwks").await;
        let set: serde_json::Value = serde_json::from_str(&body).unwrap();
        set["keys"].as_array().unwrap().len()
    };
    while published().await < 2 {}
}

#[tokio::test]
async fn an_answer_is_as_late_as_it_was_told_to_be() {
    let world = World::new(&["issuer=latency:200ms", "issuer=latency:100ms"]).await;
    let begun = std::time::Instant::now();
    world.get(&world.running.addresses.identity_provider, "jwks").await;
    assert!(begun.elapsed().as_millis() >= 300, "{:?}", begun.elapsed());
}
