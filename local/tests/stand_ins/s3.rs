//! The stand-in for S3, used by the official SDK.

use std::path::Path;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::put_object::{PutObjectError, builders::PutObjectFluentBuilder},
    primitives::ByteStream,
};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::net::TcpListener;

const BUCKET: &str = "conversations";

struct World {
    client: Client,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { client: serve(folder.path(), "secret").await, folder }
    }

    fn put(&self, key: &str, body: &str) -> PutObjectFluentBuilder {
        let body = ByteStream::from(body.as_bytes().to_vec());
        self.client.put_object().bucket(BUCKET).key(key).body(body)
    }

    async fn text(&self, key: &str) -> String {
        let object = self.client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        let body = object.body.collect().await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let list = self.client.list_objects_v2().bucket(BUCKET).prefix(prefix);
        let listed = list.send().await.unwrap();
        listed.contents().iter().map(|it| it.key().unwrap().to_owned()).collect()
    }

    async fn delete(&self, key: &str) {
        self.client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
}

/// A stand-in over `folder`, and a client with `secret`.
async fn serve(folder: &Path, secret: &str) -> Client {
    let router = s3_local::router(folder, BUCKET, "AKID", "secret").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("AKID", secret, None, None, "test"))
        .region(Region::new("eu-central-1"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

async fn refused(put: PutObjectFluentBuilder) -> (u16, String) {
    let error: SdkError<PutObjectError> = put.send().await.err().unwrap();
    let status = error.raw_response().unwrap().status().as_u16();
    (status, error.code().unwrap().to_owned())
}

fn wins(results: Vec<Result<String, u16>>) -> Vec<String> {
    assert!(results.iter().all(|result| *result != Err(500)), "{results:?}");
    results.into_iter().filter_map(Result::ok).collect()
}

async fn race(put: PutObjectFluentBuilder) -> Result<String, u16> {
    let result = put.send().await;
    let tag = result.map_err(|error| error.raw_response().unwrap().status().as_u16())?;
    Ok(tag.e_tag().unwrap().to_owned())
}

#[tokio::test]
async fn an_object_is_written_read_described_and_deleted() {
    let world = World::new().await;
    let put = world.put("alice/s.json", "{}").content_type("application/json");
    let saved = put.send().await.unwrap();
    // The MD5 of the bytes, in quotes, as S3 makes it.
    assert_eq!(saved.e_tag(), Some("\"99914b932bd37a50b983c5e7c90ae93b\""));

    let get = world.client.get_object().bucket(BUCKET).key("alice/s.json");
    let got = get.send().await.unwrap();
    assert_eq!((got.e_tag(), got.content_length()), (saved.e_tag(), Some(2)));
    let head = world.client.head_object().bucket(BUCKET).key("alice/s.json");
    let head = head.send().await.unwrap();
    assert_eq!((head.e_tag(), head.content_length()), (saved.e_tag(), Some(2)));
    assert_eq!(head.content_type(), Some("application/json"));
    assert_eq!(head.last_modified(), got.last_modified());

    world.delete("alice/s.json").await;
    world.delete("alice/s.json").await;
    let gone = world.client.get_object().bucket(BUCKET).key("alice/s.json").send().await;
    assert!(gone.err().unwrap().into_service_error().is_no_such_key());
    let gone = world.client.head_object().bucket(BUCKET).key("alice/s.json").send().await;
    assert!(gone.err().unwrap().into_service_error().is_not_found());
}

#[tokio::test]
async fn a_part_of_an_object_is_what_was_asked_for() {
    let world = World::new().await;
    race(world.put("a", "0123456789")).await.unwrap();
    let part = |range: &str| world.client.get_object().bucket(BUCKET).key("a").range(range).send();
    for (range, expected, said) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=0-511", "0123456789", "bytes 0-9/10"),
        ("bytes=8-", "89", "bytes 8-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
    ] {
        let object = part(range).await.unwrap();
        assert_eq!(object.content_range(), Some(said));
        assert_eq!(object.body.collect().await.unwrap().to_vec(), expected.as_bytes(), "{range}");
    }
    let error = part("bytes=10-").await.err().unwrap();
    assert_eq!(error.code(), Some("InvalidRange"));
}

#[tokio::test]
async fn one_of_many_concurrent_creations_of_a_key_succeeds() {
    let world = World::new().await;
    for round in 0..10 {
        let key = format!("race-{round}");
        let all = (0..30).map(|n| race(world.put(&key, &n.to_string()).if_none_match("*")));
        assert_eq!(wins(join_all(all).await).len(), 1);
    }
}

#[tokio::test]
async fn one_of_many_concurrent_replacements_of_a_version_succeeds() {
    let world = World::new().await;
    let mut version = race(world.put("key", "start")).await.unwrap();
    for round in 0..10 {
        let put = |n| world.put("key", &format!("{round} {n}")).if_match(&version);
        let mut winners = wins(join_all((0..30).map(|n| race(put(n)))).await);
        assert_eq!(winners.len(), 1);
        version = winners.remove(0);
    }
}

#[tokio::test]
async fn a_read_during_writes_has_the_version_of_its_bytes() {
    let world = World::new().await;
    let body = |n: usize| n.to_string().repeat(20_000);
    let mut written = Vec::new();
    for n in 0..10 {
        written.push((race(world.put("key", &body(n))).await.unwrap(), body(n)));
    }
    let write = async {
        for n in (0..10).cycle().take(100) {
            race(world.put("key", &body(n))).await.unwrap();
        }
    };
    let read = async {
        for _ in 0..100 {
            let got = world.client.get_object().bucket(BUCKET).key("key").send().await.unwrap();
            let version = got.e_tag().unwrap().to_owned();
            let text = got.body.collect().await.unwrap().to_vec();
            let text = String::from_utf8(text).unwrap();
            assert!(written.contains(&(version, text)));
        }
    };
    tokio::join!(write, read);
}

#[tokio::test]
async fn failed_conditions_return_the_errors_of_s3() {
    let world = World::new().await;
    let missing = refused(world.put("key", "1").if_match("\"0\"")).await;
    assert_eq!(missing, (404, "NoSuchKey".into()));
    world.put("key", "1").send().await.unwrap();
    let lost = (412, "PreconditionFailed".into());
    assert_eq!(refused(world.put("key", "2").if_match("\"0\"")).await, lost);
    assert_eq!(refused(world.put("key", "2").if_none_match("*")).await, lost);
    assert_eq!(world.text("key").await, "1");
}

#[tokio::test]
async fn keys_that_differ_in_case_or_are_long_or_look_like_paths_are_separate_objects() {
    let world = World::new().await;
    let long = "k".repeat(1_024);
    let almost = format!("{}j", "k".repeat(1_023));
    let keys = [
        "a",
        "A",
        "a/b",
        "A/b",
        "a%2Fb",
        "a b",
        "a+b",
        "..",
        "../a",
        "a/../b",
        ".",
        "a/",
        "a//b",
        "😀",
        "ä",
        "%",
        "~",
        "a\"<&>",
        ".unfinished-x",
        "con",
        &long,
        &almost,
    ];
    for key in keys {
        world.put(key, key).if_none_match("*").send().await.unwrap();
    }
    for key in keys {
        assert_eq!(world.text(key).await, key);
    }
    let mut sorted = keys.map(str::to_owned);
    sorted.sort();
    assert_eq!(world.keys("").await, sorted);
    let outside = std::fs::read_dir(world.folder.path()).unwrap().count();
    assert_eq!(outside, 1, "nothing but the bucket's folder");
    for key in keys {
        world.delete(key).await;
        assert!(!world.keys("").await.iter().any(|left| left == key), "{key}");
    }
}

#[tokio::test]
async fn a_list_has_pages_prefixes_and_groups() {
    let world = World::new().await;
    for n in 0..25 {
        world.put(&format!("alice/{n:02}.json"), "{}").send().await.unwrap();
    }
    for key in ["alice2/x", "bob/y", "bob/deep/z", "top"] {
        world.put(key, "four").send().await.unwrap();
    }
    let list = || world.client.list_objects_v2().bucket(BUCKET);

    let pages = list().prefix("alice/").max_keys(10).into_paginator().send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.contents().len()).collect::<Vec<_>>(), [10, 10, 5]);
    let all: Vec<_> = pages.iter().flat_map(|page| page.contents()).collect();
    let expected: Vec<_> = (0..25).map(|n| format!("alice/{n:02}.json")).collect();
    assert_eq!(all.iter().map(|it| it.key().unwrap()).collect::<Vec<_>>(), expected);

    let groups = list().delimiter("/").max_keys(2).into_paginator().send();
    let groups: Vec<_> = groups.collect::<Result<_, _>>().await.unwrap();
    let prefixes = groups.iter().flat_map(|page| page.common_prefixes());
    let prefixes: Vec<_> = prefixes.map(|it| it.prefix().unwrap()).collect();
    assert_eq!(prefixes, ["alice/", "alice2/", "bob/"]);
    let objects: Vec<_> = groups.iter().flat_map(|page| page.contents()).collect();
    assert_eq!((objects.len(), objects[0].key(), objects[0].size()), (1, Some("top"), Some(4)));
    assert!(objects[0].last_modified().is_some());

    let below = list().prefix("bob/").delimiter("/").send().await.unwrap();
    assert_eq!(below.common_prefixes()[0].prefix(), Some("bob/deep/"));
    assert_eq!(below.contents()[0].key(), Some("bob/y"));
    let after = list().start_after("bob/deep/z").send().await.unwrap();
    assert_eq!(after.contents().len(), 2);
    assert_eq!(world.keys("nobody/").await, Vec::<String>::new());
}

#[tokio::test]
async fn objects_and_their_versions_outlive_the_process() {
    let mut world = World::new().await;
    let version = race(world.put("Alice/ü.json", "first")).await.unwrap();
    let bucket = world.folder.path().join(BUCKET);
    std::fs::write(bucket.join(".unfinished-by-a-kill"), "half").unwrap();
    std::fs::write(bucket.join(".DS_Store"), "not ours").unwrap();

    world.client = serve(world.folder.path(), "secret").await;
    assert_eq!(world.text("Alice/ü.json").await, "first");
    assert_eq!(world.keys("").await, ["Alice/ü.json"]);
    assert!(!bucket.join(".unfinished-by-a-kill").exists());
    world.put("Alice/ü.json", "second").if_match(version).send().await.unwrap();
    assert_eq!(world.text("Alice/ü.json").await, "second");
}

#[tokio::test]
async fn another_key_pair_or_bucket_is_refused() {
    let world = World::new().await;
    let stranger = serve(world.folder.path(), "guess").await;
    let error = stranger.list_objects_v2().bucket(BUCKET).send().await.err().unwrap();
    assert_eq!(error.code(), Some("SignatureDoesNotMatch"));
    let error = world.client.list_objects_v2().bucket("other-bucket").send().await.err().unwrap();
    assert_eq!(error.code(), Some("NoSuchBucket"));
    world.client.head_bucket().bucket(BUCKET).send().await.unwrap();
}
