//! The oldest turns of a long conversation go into segments, and none is lost, twice there or left behind.

use std::collections::BTreeSet;

use http::Method;
use session::{Excerpt, Loaded, Message, Pending, SessionError, Sessions};

use crate::{World, id, s3::Fault, said, turn, user};

/// Sees three turns of this module.
const CONTEXT: &str = "10000";
/// So many turns are certain to be more than a head holds.
const MANY: usize = 30;

/// A turn of about 8 KiB, named by its number.
fn long(number: usize) -> Vec<Message> {
    of_bytes(number, 4_000)
}

/// A turn of about 24 KiB: the model sees one, and with three more some are sealed.
pub(crate) fn longest(number: usize) -> Vec<Message> {
    of_bytes(number, 12_000)
}

fn of_bytes(number: usize, bytes: usize) -> Vec<Message> {
    let mut turn = turn(&format!("{number} {}", "x".repeat(bytes)));
    turn[0].id = Some(format!("m-{number}"));
    turn
}

pub(crate) async fn open(sessions: &Sessions) -> Loaded {
    sessions.open(&user("alice"), &id("s"), CONTEXT.parse().unwrap()).await.unwrap()
}

async fn say(sessions: &Sessions, number: usize) -> Result<(), SessionError> {
    let mut loaded = open(sessions).await;
    sessions.commit(&mut loaded, &long(number), None).await
}

impl World {
    async fn say_many(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            say(&self.sessions, number).await.unwrap();
        }
    }

    pub(crate) async fn segments(&self) -> BTreeSet<String> {
        let keys = self.keys().await.into_iter();
        keys.filter(|key| key.starts_with("alice/.segments/s/")).collect()
    }

    /// What the head names, by key.
    pub(crate) async fn named(&self) -> BTreeSet<String> {
        let head: serde_json::Value =
            serde_json::from_str(&self.text("alice/s.json").await).unwrap();
        let segments = head["segments"].as_array().into_iter().flatten();
        let id = |segment: &serde_json::Value| segment["id"].as_str().unwrap().to_owned();
        segments.map(|segment| format!("alice/.segments/s/{}.json", id(segment))).collect()
    }

    /// The messages of all pages, and how many turns were removed by the oldest of them.
    async fn pages(&self) -> (Vec<Message>, u64) {
        let (mut before, mut all) = (None, Vec::new());
        loop {
            let look = |part: &Excerpt| {
                let part = &part.conversation;
                (part.messages.clone(), part.shown_before(), part.removed_turns)
            };
            let (user, id) = (user("alice"), id("s"));
            let part = self.sessions.look_before(&user, &id, before, look).await.unwrap();
            all.splice(0..0, part.0);
            if part.1 == 0 {
                return (all, part.2);
            }
            before = Some(part.1);
        }
    }

    /// The numbers of all turns, in their order.
    pub(crate) async fn numbers(&self) -> Vec<usize> {
        let mut messages = self.pages().await.0;
        messages.iter_mut().for_each(|message| message.id = None);
        let number = |text: String| text.split(' ').next().unwrap().parse().unwrap();
        said(&messages).into_iter().map(number).collect()
    }
}

/// A world whose next turn is about to be sealed, and the number of that turn.
async fn about_to_seal() -> (World, usize) {
    let world = World::new().await;
    for number in 0..MANY {
        let mut tried = open(&world.sessions).await;
        world.s3.requests();
        world.s3.fail(Method::PUT, Fault::Refused(403, "AccessDenied"));
        world.s3.fail(Method::PUT, Fault::Refused(403, "AccessDenied"));
        // With one request the head alone is refused; with two, a segment was to be written before it.
        world.sessions.commit(&mut tried, &long(number), None).await.unwrap_err();
        let puts = world.s3.requests().len();
        world.s3.forget_faults();
        if puts == 2 {
            return (world, number);
        }
        say(&world.sessions, number).await.unwrap();
    }
    panic!("nothing is sealed")
}

#[tokio::test]
async fn a_long_conversation_is_one_get_and_one_put_of_about_the_same_size_and_nothing_is_lost() {
    let world = World::new().await;
    let (mut sealed, mut longest) = (0, 0);
    for number in 0..4 * MANY {
        world.s3.requests();
        say(&world.sessions, number).await.unwrap();
        let requests = world.s3.requests();
        let head = if number == 0 { "PUT If-None-Match" } else { "PUT If-Match" };
        if requests.len() == 3 {
            assert_eq!(requests, ["GET", "PUT If-None-Match", head]);
            sealed += 1;
        } else {
            assert_eq!(requests, ["GET", head], "{number}");
        }
        longest = longest.max(world.text("alice/s.json").await.len());
    }
    assert!(sealed > 5 && longest < 128 * 1024, "{sealed} segments, {longest} bytes");
    assert_eq!(world.numbers().await, (0..4 * MANY).collect::<Vec<_>>());
    assert_eq!(world.segments().await, world.named().await);
    assert!(world.text("alice/s.json").await.starts_with("{\"schema\":2,\"title\":\"0 xxx"));
    let tags = world.s3.tags();
    assert!(tags.values().all(|tag| tag == "kind=conversation"), "{tags:?}");
    assert_eq!(world.sessions.list(&user("alice"), None, 10).await.unwrap().sessions.len(), 1);
}

#[tokio::test]
async fn deleting_a_conversation_deletes_its_segments_and_no_others() {
    let world = World::new().await;
    world.say_many(0..MANY).await;
    let other = "alice/.segments/s-2/AAAA.json";
    world.put(other, "{}").await;
    assert!(!world.segments().await.is_empty());
    assert!(world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    assert_eq!(world.keys().await, [other]);
    // As a delete leaves it that ended after the head.
    world.put("alice/.segments/s/AAAA.json", "{}").await;
    assert!(world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    assert!(!world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    assert_eq!(world.keys().await, [other]);
}

#[tokio::test]
async fn a_late_turn_of_a_deleted_conversation_leaves_no_segment() {
    let (world, next) = about_to_seal().await;
    let mut late = open(&world.sessions).await;
    world.sessions.delete(&user("alice"), &id("s")).await.unwrap();
    let result = world.sessions.commit(&mut late, &long(next), None).await;
    assert!(matches!(result, Err(SessionError::Deleted)), "{result:?}");
    assert_eq!(world.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn of_two_writers_that_seal_at_once_one_leaves_its_segment_and_both_their_turns() {
    let (world, next) = about_to_seal().await;
    let (mut one, mut other) = (open(&world.sessions).await, open(&world.sessions).await);
    world.sessions.commit(&mut one, &long(next), None).await.unwrap();
    world.sessions.commit(&mut other, &long(next + 1), None).await.unwrap();
    assert_eq!(world.numbers().await, (0..next + 2).collect::<Vec<_>>());
    assert_eq!(world.segments().await, world.named().await);
}

#[tokio::test]
async fn a_call_of_a_client_has_no_segments_however_long_it_gets() {
    let world = World::new().await;
    let calls = world.sessions.calls();
    for number in 0..MANY {
        say(&calls, number).await.unwrap();
    }
    assert_eq!(world.keys().await.len(), 1);
}

#[tokio::test]
async fn a_writer_that_loses_to_one_that_waits_leaves_no_segment() {
    let (world, next) = about_to_seal().await;
    let (mut one, mut other) = (open(&world.sessions).await, open(&world.sessions).await);
    let waits = Pending { turn: long(next), calls: vec![] };
    world.sessions.commit(&mut one, &[], Some(&waits)).await.unwrap();
    let result = world.sessions.commit(&mut other, &long(next + 1), None).await;
    assert!(matches!(result, Err(SessionError::Conflict)), "{result:?}");
    assert_eq!(world.segments().await, world.named().await);
    assert_eq!(world.numbers().await, (0..next).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_crash_between_segment_and_head_loses_nothing_and_goes_with_the_conversation() {
    let (world, next) = about_to_seal().await;
    let mut dies = open(&world.sessions).await;
    world.s3.fail(Method::PUT, Fault::After(Box::pin(std::future::ready(()))));
    world.s3.fail(Method::PUT, Fault::Refused(403, "AccessDenied"));
    world.sessions.commit(&mut dies, &long(next), None).await.unwrap_err();
    assert_eq!((world.segments().await.len(), world.named().await.len()), (1, 0));
    assert_eq!(world.numbers().await, (0..next).collect::<Vec<_>>());
    world.say_many(next..next + MANY).await;
    assert_eq!(world.numbers().await, (0..next + MANY).collect::<Vec<_>>());
    world.sessions.delete(&user("alice"), &id("s")).await.unwrap();
    assert_eq!(world.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_head_whose_write_fails_in_any_way_names_what_was_sealed_for_it() {
    let faults = || {
        [
            Fault::Refused(503, "SlowDown"),
            Fault::DoneButRefused(500, "InternalError"),
            Fault::Cut,
            Fault::DoneButCut,
            Fault::DoneButRefused(412, "PreconditionFailed"),
            Fault::Refused(412, "PreconditionFailed"),
        ]
    };
    for fault in 0..faults().len() {
        let (world, next) = about_to_seal().await;
        world.s3.fail(Method::PUT, Fault::After(Box::pin(std::future::ready(()))));
        world.s3.fail(Method::PUT, faults().into_iter().nth(fault).unwrap());
        say(&world.sessions, next).await.unwrap();
        assert_eq!(world.numbers().await, (0..=next).collect::<Vec<_>>(), "{fault}");
        assert_eq!(world.segments().await, world.named().await, "{fault}");
        assert_eq!(world.named().await.len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_segment_that_can_not_be_written_is_tried_again_with_the_next_turn() {
    for fault in [|| Fault::Refused(503, "SlowDown"), || Fault::Cut, || Fault::DoneButCut] {
        let (world, next) = about_to_seal().await;
        world.s3.fail(Method::PUT, fault());
        say(&world.sessions, next).await.unwrap();
        assert_eq!((world.segments().await.len(), world.named().await.len()), (0, 0));
        say(&world.sessions, next + 1).await.unwrap();
        assert_eq!(world.numbers().await, (0..next + 2).collect::<Vec<_>>());
        assert_eq!((world.segments().await.len(), world.named().await.len()), (1, 1));
    }
}

#[tokio::test]
async fn past_its_limit_a_conversation_loses_whole_segments_and_says_how_many_turns() {
    let mut world = World::new().await;
    world.sessions = world.sessions.keeping(300 * 1024);
    world.say_many(0..4 * MANY).await;
    let head = open(&world.sessions).await.conversation;
    let removed = usize::try_from(head.removed_turns).unwrap();
    assert!((2 * MANY..4 * MANY - 25).contains(&removed), "{removed}");
    assert_eq!(world.numbers().await, (removed..4 * MANY).collect::<Vec<_>>());
    assert_eq!(world.segments().await, world.named().await, "the others are deleted");
}

#[tokio::test]
async fn a_message_whose_turn_is_in_a_segment_counts_once() {
    let world = World::new().await;
    world.say_many(0..MANY).await;
    let loaded = open(&world.sessions).await;
    for number in [0, 5, MANY - 1] {
        let turn = world.sessions.turn(&loaded, &format!("m-{number}")).await.unwrap();
        assert_eq!(turn, Some(long(number)), "{number}");
    }
    assert_eq!(world.sessions.turn(&loaded, "m-99").await.unwrap(), None);
    // By its place: that turn has an id of its own.
    assert_eq!(world.sessions.turn(&loaded, "countersign-turn-3").await.unwrap(), None);
    // Sent again while another turn is saved.
    let mut late = open(&world.sessions).await;
    say(&world.sessions, MANY).await.unwrap();
    let result = world.sessions.commit(&mut late, &long(2), None).await;
    assert!(matches!(result, Err(SessionError::Conflict)), "{result:?}");
    // Gone by a rule of the bucket, it counts still.
    world.delete(world.named().await.iter().next().unwrap()).await;
    for key in world.segments().await {
        world.delete(&key).await;
    }
    assert_eq!(world.sessions.turn(&loaded, "m-0").await.unwrap(), Some(Vec::new()));
}

#[tokio::test]
async fn a_turn_without_an_id_is_found_by_its_place_in_a_segment() {
    let world = World::new().await;
    let unnamed = |number| {
        let mut turn = long(number);
        turn[0].id = None;
        turn
    };
    for number in 0..MANY {
        let mut loaded = open(&world.sessions).await;
        world.sessions.commit(&mut loaded, &unnamed(number), None).await.unwrap();
    }
    let loaded = open(&world.sessions).await;
    for number in [0, 11, MANY - 1] {
        let turn = world.sessions.turn(&loaded, &format!("countersign-turn-{number}")).await;
        assert_eq!(turn.unwrap(), Some(unnamed(number)), "{number}");
    }
}

#[tokio::test]
async fn segments_that_a_rule_of_the_bucket_deleted_count_as_removed_and_a_changed_one_is_damaged()
{
    let world = World::new().await;
    world.say_many(0..2 * MANY).await;
    let head: serde_json::Value = serde_json::from_str(&world.text("alice/s.json").await).unwrap();
    let segment = |at: usize| {
        let segment = &head["segments"][at];
        let key = format!("alice/.segments/s/{}.json", segment["id"].as_str().unwrap());
        (key, usize::try_from(segment["turns"].as_u64().unwrap()).unwrap())
    };
    let gone = segment(0).1 + segment(1).1;
    world.delete(&segment(0).0).await;
    world.delete(&segment(1).0).await;
    assert_eq!(world.pages().await.1, gone as u64);
    assert_eq!(world.numbers().await, (gone..2 * MANY).collect::<Vec<_>>());
    say(&world.sessions, 2 * MANY).await.unwrap();

    world.put(&segment(2).0, "{\"schema\":2,\"messages\":[]}").await;
    let (user, id) = (user("alice"), id("s"));
    let read = world.sessions.look_before(&user, &id, Some(2 * gone + 2), |_| ()).await;
    assert!(matches!(read, Err(SessionError::Damaged)), "{read:?}");
    say(&world.sessions, 2 * MANY + 1).await.unwrap();
}
