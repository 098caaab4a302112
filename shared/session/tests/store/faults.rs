//! Turns while S3 or the network fails: saved once, or not at all.

use http::Method;
use session::{Pending, SessionError};

use crate::{World, id, s3::Fault, turn, user};

impl World {
    /// How many PUTs there were since the last time.
    fn puts(&self) -> usize {
        self.s3.requests().iter().filter(|request| request.starts_with("PUT")).count()
    }
}

/// Every way in which a PUT can fail and the turn be kept.
fn passing_faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("throttled", Fault::Refused(503, "SlowDown")),
        ("unavailable", Fault::Refused(503, "ServiceUnavailable")),
        ("too many requests", Fault::Refused(429, "TooManyRequests")),
        ("failed", Fault::Refused(500, "InternalError")),
        ("failed after it was done", Fault::DoneButRefused(500, "InternalError")),
        ("another write was running", Fault::Refused(409, "ConditionalRequestConflict")),
        ("read too slowly", Fault::Refused(400, "RequestTimeout")),
        ("cut off before it was done", Fault::Cut),
        ("cut off after it was done", Fault::DoneButCut),
        ("lost without having lost", Fault::Refused(412, "PreconditionFailed")),
        ("lost to itself", Fault::DoneButRefused(412, "PreconditionFailed")),
    ]
}

#[tokio::test]
async fn a_turn_is_saved_once_however_its_write_fails() {
    for begins in [true, false] {
        for (how, fault) in passing_faults() {
            let world = World::new().await;
            if !begins {
                world.say("before").await;
            }
            world.s3.fail(Method::PUT, fault);
            world.say("turn").await;
            world.say("after").await;
            let expected = if begins { vec![] } else { vec!["before"] };
            assert_eq!(world.said().await, [expected, vec!["turn", "after"]].concat(), "{how}");
            let writes = world.s3.requests().into_iter().filter(|it| it.starts_with("PUT"));
            assert!(writes.into_iter().all(|put| put != "PUT"), "{how}: a write without condition");
        }
    }
}

#[tokio::test]
async fn consecutive_failures_are_retried() {
    let world = World::new().await;
    let faults = [Fault::Refused(503, "SlowDown"), Fault::Cut, Fault::DoneButCut];
    faults.into_iter().for_each(|fault| world.s3.fail(Method::PUT, fault));
    world.say("turn").await;
    assert_eq!(world.said().await, ["turn"]);
}

#[tokio::test]
async fn a_write_that_is_never_answered_is_read_back() {
    let world = World::new().await;
    world.s3.fail(Method::PUT, Fault::DoneButStalled);
    world.say("turn").await;
    assert_eq!(world.s3.requests(), ["GET", "PUT If-None-Match", "GET"]);
    assert_eq!(world.said().await, ["turn"]);
}

#[tokio::test]
async fn a_write_is_recognised_under_what_others_wrote_on_top_of_it() {
    let world = World::new().await;
    let sessions = world.sessions.clone();
    let others = async move {
        for n in 0..50 {
            let loaded = sessions.load(&user("alice"), &id("s")).await.unwrap();
            sessions.commit(&mut loaded.clone(), &turn(&format!("other {n}")), None).await.unwrap();
        }
    };
    world.s3.fail(Method::PUT, Fault::DoneThen(Box::pin(others)));
    world.say("turn").await;
    let said = world.said().await;
    assert_eq!((said.len(), said.iter().filter(|it| *it == "turn").count()), (51, 1));
}

#[tokio::test]
async fn a_claim_whose_response_was_lost_is_recognised() {
    let world = World::new().await;
    world.say("before").await;
    let mut loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let claim = Pending { turn: turn("claimed"), calls: vec![] };
    world.s3.fail(Method::PUT, Fault::DoneButCut);
    world.sessions.commit(&mut loaded, &[], Some(&claim)).await.unwrap();
    world.sessions.commit(&mut loaded, &turn("claimed"), None).await.unwrap();
    assert_eq!(world.said().await, ["before", "claimed"]);
}

#[tokio::test]
async fn a_turn_that_loses_too_many_races_is_not_saved() {
    let world = World::new().await;
    (0..30).for_each(|_| world.s3.fail(Method::PUT, Fault::Refused(412, "PreconditionFailed")));
    let mut loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let result = world.sessions.commit(&mut loaded, &turn("turn"), None).await;
    assert!(matches!(result, Err(SessionError::Contended)), "{result:?}");
    assert!(!loaded.exists());
    assert_eq!(world.puts(), 24);
}

#[tokio::test]
async fn a_write_that_runs_out_of_retries_changes_nothing() {
    for fault in [|| Fault::Refused(503, "SlowDown"), || Fault::Refused(500, "x"), || Fault::Cut] {
        let world = World::new().await;
        world.say("before").await;
        (0..20).for_each(|_| world.s3.fail(Method::PUT, fault()));
        let loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
        world.s3.requests();
        let result = world.sessions.commit(&mut loaded.clone(), &turn("turn"), None).await;
        assert!(matches!(result, Err(SessionError::Unavailable(_))));
        assert_eq!(world.puts(), 4);
        assert_eq!(world.said().await, ["before"]);
    }
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let world = World::new().await;
    world.s3.fail(Method::PUT, Fault::Refused(403, "AccessDenied"));
    let loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let result = world.sessions.commit(&mut loaded.clone(), &turn("turn"), None).await;
    assert!(matches!(result, Err(SessionError::Misconfigured(_))));
    world.s3.fail(Method::GET, Fault::Refused(404, "NoSuchBucket"));
    let result = world.sessions.load(&user("alice"), &id("s")).await;
    assert!(matches!(result, Err(SessionError::Misconfigured(_))));
    assert_eq!(world.s3.requests(), ["GET", "PUT If-None-Match", "GET"]);
}

#[tokio::test]
async fn a_read_is_retried_after_transient_failures() {
    let faults = [
        Fault::Refused(503, "SlowDown"),
        Fault::Refused(500, "InternalError"),
        Fault::Cut,
        Fault::DoneButStalled,
        Fault::Half,
    ];
    for fault in faults {
        let world = World::new().await;
        world.say("before").await;
        world.s3.fail(Method::GET, fault);
        assert_eq!(world.said().await, ["before"]);
    }
}

#[tokio::test]
async fn a_failing_s3_is_not_taken_for_a_new_conversation() {
    let world = World::new().await;
    world.say("before").await;
    (0..20).for_each(|_| world.s3.fail(Method::GET, Fault::Refused(500, "InternalError")));
    let result = world.sessions.load(&user("alice"), &id("s")).await;
    assert!(matches!(result, Err(SessionError::Unavailable(_))));
}
