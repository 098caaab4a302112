//! The records of connections: a disconnect counts also beside other writes.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use http::Method;
use session::{BegunFlow, Changed, Connection, LoadedConnection, SessionError};

use crate::{
    World,
    s3::{BUCKET, Fault},
    user,
};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const GITHUB: &str = "github";

impl World {
    async fn connection(&self, sub: &str) -> LoadedConnection {
        self.sessions.connection(&user(sub), GITHUB).await.unwrap()
    }

    async fn disconnect(&self, sub: &str, tokens: &[&str]) -> Result<(), SessionError> {
        let tokens: Vec<String> = tokens.iter().map(|it| (*it).to_owned()).collect();
        self.sessions.disconnect(&user(sub), GITHUB, &tokens, NOW + Duration::from_secs(1)).await
    }

    async fn grant(&self, loaded: &mut LoadedConnection, scopes: &str) -> Changed {
        self.sessions.change_connection(loaded, |it| it.grant(scopes, NOW)).await.unwrap()
    }
}

#[tokio::test]
async fn m12_a_record_is_one_users_at_one_provider_and_no_conversation() {
    let world = World::new().await;
    world.say("hello").await;
    world.disconnect("alice", &["one"]).await.unwrap();
    world.grant(&mut world.connection("bob").await, "repo").await;
    let mut keys = world.keys().await;
    keys.sort();
    let records =
        ["alice/.connections/github.json", "alice/s.json", "bob/.connections/github.json"];
    assert_eq!(keys, records);
    assert!(world.connection("alice").await.connection.is_forgotten("one"));
    assert_eq!(world.connection("bob").await.connection.disconnected_at(), None);
    let other = world.sessions.connection(&user("alice"), "calendar").await.unwrap();
    assert_eq!(other.connection, Connection::default());
    let page = world.sessions.list(&user("alice"), None, 10).await.unwrap();
    assert_eq!(page.sessions.len(), 1);
    assert_eq!(world.sessions.list(&user("bob"), None, 10).await.unwrap().sessions, []);
}

#[tokio::test]
async fn a_record_has_no_tag_by_which_a_buckets_rule_would_let_it_expire() {
    let world = World::new().await;
    world.disconnect("alice", &["one"]).await.unwrap();
    world.grant(&mut world.connection("alice").await, "repo").await;
    let key = format!("{BUCKET}/alice/.connections/github.json");
    assert_eq!(world.s3.tags().get(&key).map(String::as_str), Some(""));
}

#[tokio::test]
async fn a_change_costs_one_request_after_the_record_was_read_and_is_made_once() {
    let world = World::new().await;
    let mut loaded = world.connection("alice").await;
    assert_eq!(world.grant(&mut loaded, "repo").await, Changed::Saved);
    assert_eq!(world.s3.requests(), ["GET", "PUT If-None-Match"]);
    assert_eq!(world.grant(&mut loaded, "repo").await, Changed::Saved);
    assert_eq!(world.s3.requests(), [""; 0], "it is there");
    assert_eq!(world.grant(&mut loaded, "read:user").await, Changed::Saved);
    assert_eq!(world.s3.requests(), ["PUT If-Match"]);
    assert_eq!(world.connection("alice").await.connection, loaded.connection);
}

#[tokio::test]
async fn m11_a_grant_that_a_disconnect_overtakes_is_not_saved() {
    let world = World::new().await;
    for _ in 0..2 {
        let mut late = world.connection("alice").await;
        world.disconnect("alice", &[]).await.unwrap();
        assert_eq!(world.grant(&mut late, "repo").await, Changed::Disconnected);
        let begin = |it: &mut Connection| it.begin(BegunFlow::new("repo".into(), "s".into(), NOW));
        let begun = world.sessions.change_connection(&mut late, begin).await.unwrap();
        assert_eq!(begun, Changed::Disconnected, "a flow of before");
        let now = world.connection("alice").await.connection;
        assert!(!now.is_usable("repo") && now.begun().is_empty());
    }
}

#[tokio::test]
async fn m11_a_disconnect_that_a_grant_overtakes_empties_it() {
    let world = World::new().await;
    let mut loaded = world.connection("alice").await;
    let sessions = world.sessions.clone();
    let grants = async move {
        let change = |it: &mut Connection| it.grant("repo", NOW);
        sessions.change_connection(&mut loaded, change).await.unwrap();
    };
    world.s3.fail(Method::PUT, Fault::After(Box::pin(grants)));
    world.disconnect("alice", &["one"]).await.unwrap();
    let puts = world.s3.requests().into_iter().filter(|it| it.starts_with("PUT")).count();
    assert_eq!(puts, 3, "the grant's, the one that lost, and its repetition");
    let now = world.connection("alice").await.connection;
    assert!(!now.is_usable("repo") && now.is_forgotten("one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_of_twenty_writers_at_once_the_disconnect_is_kept_and_no_grant_of_before_it() {
    let world = World::new().await;
    let before = world.connection("alice").await;
    let grants = (0..20).map(|n| {
        let (world, mut loaded) = (&world, before.clone());
        async move { world.grant(&mut loaded, &format!("set-{n}")).await }
    });
    let (changes, disconnected) =
        tokio::join!(join_all(grants), world.disconnect("alice", &["one"]));
    disconnected.unwrap();
    let now = world.connection("alice").await.connection;
    assert!(now.disconnected_at().is_some() && now.is_forgotten("one"));
    assert!((0..20).all(|n| !now.is_usable(&format!("set-{n}"))), "{changes:?}: {now:?}");
}

#[tokio::test]
async fn a_disconnect_is_saved_however_its_write_fails() {
    for fault in [
        Fault::Refused(503, "SlowDown"),
        Fault::Refused(500, "InternalError"),
        Fault::DoneButRefused(500, "InternalError"),
        Fault::Refused(409, "ConditionalRequestConflict"),
        Fault::Cut,
        Fault::DoneButCut,
        Fault::DoneButRefused(412, "PreconditionFailed"),
    ] {
        let world = World::new().await;
        world.grant(&mut world.connection("alice").await, "repo").await;
        world.s3.fail(Method::PUT, fault);
        world.disconnect("alice", &[]).await.unwrap();
        let now = world.connection("alice").await.connection;
        assert!(now.disconnected_at().is_some() && !now.is_usable("repo"));
        assert!(world.s3.requests().iter().all(|it| it != "PUT"), "a write without a condition");
    }
}

#[tokio::test]
async fn a_disconnect_that_can_not_be_saved_is_an_error() {
    let world = World::new().await;
    (0..20).for_each(|_| world.s3.fail(Method::PUT, Fault::Refused(503, "SlowDown")));
    let result = world.disconnect("alice", &[]).await;
    assert!(matches!(result, Err(SessionError::Unavailable(_))), "{result:?}");
}

#[tokio::test]
async fn m11_a_record_that_can_not_be_read_is_no_connection_and_is_left_as_it_is() {
    let world = World::new().await;
    for saved in ["damaged", r#"{"schema":2,"grants":{"repo":{"since":0}}}"#] {
        world.put("alice/.connections/github.json", saved).await;
        let read = world.sessions.connection(&user("alice"), GITHUB).await;
        assert!(matches!(read, Err(SessionError::UnreadableConnection)), "{read:?}");
        assert!(world.disconnect("alice", &[]).await.is_err());
        assert_eq!(world.text("alice/.connections/github.json").await, saved);
    }
    (0..20).for_each(|_| world.s3.fail(Method::GET, Fault::Refused(500, "InternalError")));
    let read = world.sessions.connection(&user("bob"), GITHUB).await;
    assert!(matches!(read, Err(SessionError::Unavailable(_))), "not taken for a new one");
}
