//! A user's conversations as a list.

use http::Method;
use session::{Cursor, SessionError};

use crate::{World, id, s3::Fault, turn, user};

impl World {
    async fn begin(&self, sub: &str, session: &str) {
        let loaded = self.sessions.load(&user(sub), &id(session)).await.unwrap();
        self.sessions.commit(&mut loaded.clone(), &turn("hello"), None).await.unwrap();
    }

    /// Page by page.
    async fn listed(&self, sub: &str, limit: usize) -> Vec<Vec<String>> {
        let (mut pages, mut cursor) = (Vec::new(), None::<Cursor>);
        loop {
            let page = self.sessions.list(&user(sub), cursor.as_ref(), limit).await.unwrap();
            pages.push(page.sessions.iter().map(|it| it.id.to_string()).collect());
            // As it goes through a client.
            cursor = page.next.map(|cursor| cursor.to_string().parse().unwrap());
            if cursor.is_none() {
                return pages;
            }
        }
    }
}

#[tokio::test]
async fn the_newest_come_first_and_in_pages() {
    let world = World::new().await;
    for session in ["a", "b", "c", "d", "e"] {
        world.begin("alice", session).await;
    }
    assert_eq!(world.listed("alice", 10).await, [["e", "d", "c", "b", "a"]]);
    let pages = world.listed("alice", 2).await;
    assert_eq!(pages, [vec!["e", "d"], vec!["c", "b"], vec!["a"]]);
    let after = world.sessions.list(&user("alice"), None, 2).await.unwrap();
    world.sessions.delete(&user("alice"), &id("d")).await.unwrap();
    let next = world.sessions.list(&user("alice"), after.next.as_ref(), 2).await.unwrap();
    assert_eq!(next.sessions[0].id, id("c"), "the place holds when what it names is gone");
}

#[tokio::test]
async fn every_conversation_is_listed_with_its_title() {
    let world = World::new().await;
    world.begin("alice", "a").await;
    let page = world.sessions.list(&user("alice"), None, 10).await.unwrap();
    assert_eq!(page.sessions[0].title.as_deref(), Some("hello"));
}

#[tokio::test]
async fn the_conversation_written_last_is_listed_first() {
    let world = World::new().await;
    world.begin("alice", "z").await;
    world.begin("alice", "y").await;
    let before = world.sessions.list(&user("alice"), None, 10).await.unwrap().sessions;
    let updated = |n: usize| before[n].updated;
    assert!(updated(0) >= updated(1));
    world.begin("alice", "z").await;
    assert_eq!(world.listed("alice", 10).await, [["z", "y"]]);
}

#[tokio::test]
async fn a_list_holds_only_the_users_own_conversations() {
    let world = World::new().await;
    world.begin("alice", "s").await;
    world.begin("alice2", "s2").await;
    world.begin("bob", "b").await;
    for foreign in ["alice/session_x/session.json", "alice/no conversation", "alice/.json"] {
        world.put(foreign, "{}").await;
    }
    assert_eq!(world.listed("alice", 10).await, [["s"]]);
    assert_eq!(world.listed("nobody", 10).await, [Vec::<String>::new()]);
}

#[tokio::test]
async fn more_than_a_thousand_are_all_listed() {
    let world = World::new().await;
    for n in 0..1_001 {
        world.put(&format!("alice/{n}.json"), "{}").await;
    }
    let page = world.sessions.list(&user("alice"), None, 2_000).await.unwrap();
    assert_eq!((page.sessions.len(), page.next), (1_001, None));
}

#[tokio::test]
async fn a_user_deletes_only_their_own_conversation() {
    let world = World::new().await;
    world.begin("alice", "s").await;
    world.begin("bob", "s").await;
    assert!(!world.sessions.delete(&user("alice"), &id("other")).await.unwrap());
    assert!(world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    assert!(!world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    assert_eq!(world.keys().await, ["bob/s.json"]);
    world.put("bob/s.json", "damaged").await;
    assert!(world.sessions.delete(&user("bob"), &id("s")).await.unwrap());
}

#[tokio::test]
async fn lists_and_deletions_are_retried_after_transient_failures() {
    let world = World::new().await;
    world.begin("alice", "s").await;
    world.s3.fail(Method::GET, Fault::Refused(503, "SlowDown"));
    assert_eq!(world.listed("alice", 10).await, [["s"]]);
    world.s3.fail(Method::HEAD, Fault::Refused(503, ""));
    world.s3.fail(Method::DELETE, Fault::DoneButCut);
    assert!(world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    (0..20).for_each(|_| world.s3.fail(Method::GET, Fault::Refused(500, "InternalError")));
    let result = world.sessions.list(&user("alice"), None, 10).await;
    assert!(matches!(result, Err(SessionError::Unavailable(_))));
}

#[test]
fn a_malformed_cursor_is_refused() {
    for text in ["", "1", "1.", ".s", "x.s", "1.a/b", "-1.s", "1.s.t"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
    assert_eq!("1.s".parse::<Cursor>().unwrap().to_string(), "1.s");
}
