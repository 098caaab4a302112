//! Turns are kept, in order, while other requests write the same conversation.

use std::collections::HashSet;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use session::{
    Block, Call, CallState, Message, Pending, Role, SessionError, Spent, ToolStatus, ToolUse,
};

use crate::{
    World, id,
    s3::{BUCKET, Fault},
    said, turn, user,
};

fn waiting(question: &str) -> Pending {
    let call = ToolUse { tool_use_id: "c".into(), name: "t".into(), input: json!({}) };
    let asks = Message { role: Role::Assistant, content: vec![Block::ToolUse(call)], id: None };
    let calls = vec![Call { tool_use_id: "c".into(), state: CallState::Untried }];
    let turn = vec![Message::user(question), asks];
    Pending { turn, calls }
}

#[tokio::test]
async fn a_turn_costs_one_get_and_one_put_at_any_length() {
    let world = World::new().await;
    world.say("1").await;
    assert_eq!(world.s3.requests(), ["GET", "PUT If-None-Match"]);
    for n in 2..=200 {
        world.say(&n.to_string()).await;
        assert_eq!(world.s3.requests(), ["GET", "PUT If-Match"], "turn {n}");
    }
    assert_eq!(world.said().await.len(), 200);
}

#[tokio::test]
async fn a_write_over_tls_is_not_hashed_for_its_signature_unless_the_bucket_demands_it() {
    let world = World::new().await;
    let over_tls = world.sessions.clone().over_tls(true);
    let say = async |text: &str| {
        let mut loaded = over_tls.load(&user("alice"), &id("s")).await.unwrap();
        over_tls.commit(&mut loaded, &turn(text), None).await.unwrap();
        world.s3.requests()
    };
    assert_eq!(say("1").await, ["GET", "PUT If-None-Match unsigned"]);
    assert_eq!(say("2").await, ["GET", "PUT If-Match unsigned"]);
    world.s3.demand_signed_bodies();
    assert_eq!(say("3").await, ["GET", "PUT If-Match unsigned", "PUT If-Match"]);
    assert_eq!(say("4").await, ["GET", "PUT If-Match"], "it is known");
    assert_eq!(world.said().await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn what_s3_refuses_signed_and_unsigned_is_an_error() {
    let world = World::new().await;
    let over_tls = world.sessions.clone().over_tls(true);
    let mut loaded = over_tls.load(&user("alice"), &id("s")).await.unwrap();
    for _ in 0..2 {
        let refused = Fault::Refused(403, "AccessDenied");
        world.s3.fail(Method::PUT, refused);
    }
    let result = over_tls.commit(&mut loaded, &turn("1"), None).await;
    assert!(matches!(result, Err(SessionError::Misconfigured(_))), "{result:?}");
    world.s3.requests();
    over_tls.commit(&mut loaded, &turn("1"), None).await.unwrap();
    assert_eq!(world.s3.requests(), ["PUT If-None-Match unsigned"], "that was not the reason");
}

#[tokio::test]
async fn every_write_of_a_conversation_tells_the_buckets_rules_what_it_is() {
    let world = World::new().await;
    let key = format!("{BUCKET}/alice/s.json");
    for text in ["created", "replaced"] {
        world.say(text).await;
        assert_eq!(world.s3.tags().get(&key).map(String::as_str), Some("kind=conversation"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_concurrent_turns_are_all_kept_whole() {
    let world = World::new().await;
    let texts: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    join_all(texts.iter().map(|text| world.say(text))).await;
    let said = world.said().await;
    assert_eq!(said.len(), 50);
    assert_eq!(said.into_iter().collect::<HashSet<_>>(), texts.into_iter().collect());
}

#[tokio::test]
async fn the_loser_of_a_race_is_appended_after_the_winner() {
    let world = World::new().await;
    world.say("first").await;
    let late = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    world.say("second").await;
    world.sessions.commit(&mut late.clone(), &turn("third"), None).await.unwrap();
    assert_eq!(world.said().await, ["first", "second", "third"]);
}

#[tokio::test]
async fn nothing_is_appended_to_a_conversation_that_now_waits() {
    let world = World::new().await;
    let late = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let waiting = waiting("wait");
    world.sessions.commit(&mut late.clone(), &[], Some(&waiting)).await.unwrap();
    let result = world.sessions.commit(&mut late.clone(), &turn("late"), None).await;
    assert!(matches!(result, Err(SessionError::Conflict)));
    let now = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    assert_eq!(now.conversation.pending, Some(waiting));
    assert!(now.conversation.messages.is_empty());
}

#[tokio::test]
async fn a_turn_that_starts_to_wait_is_appended_after_concurrent_turns() {
    let world = World::new().await;
    let mut late = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    world.say("first").await;
    let waiting = waiting("wait");
    world.sessions.commit(&mut late, &[], Some(&waiting)).await.unwrap();
    let now = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    assert_eq!(now.conversation, late.conversation);
    assert_eq!(
        (now.conversation.messages, now.conversation.pending),
        (turn("first"), Some(waiting))
    );
}

#[tokio::test]
async fn a_message_whose_turn_is_done_does_not_begin_to_wait_or_to_act_again() {
    let world = World::new().await;
    let late = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let named = |mut turn: Vec<Message>| {
        turn[0].id = Some("m1".to_owned());
        turn
    };
    world.sessions.commit(&mut late.clone(), &named(turn("do it")), None).await.unwrap();
    let mut again = waiting("do it");
    again.turn = named(again.turn);
    let result = world.sessions.commit(&mut late.clone(), &[], Some(&again)).await;
    assert!(matches!(result, Err(SessionError::Conflict)), "{result:?}");
    let now = world.sessions.load(&user("alice"), &id("s")).await.unwrap().conversation;
    assert_eq!((now.messages.len(), now.pending), (2, None));
}

#[tokio::test]
async fn one_of_two_requests_claims_a_waiting_turn() {
    let world = World::new().await;
    let mut one = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    world.sessions.commit(&mut one, &[], Some(&waiting("wait"))).await.unwrap();
    let (mut other, done) = (one.clone(), turn("wait"));
    let (one, other) = tokio::join!(
        world.sessions.commit(&mut one, &done, None),
        world.sessions.commit(&mut other, &done, None)
    );
    let conflicts = [&one, &other].map(|it| matches!(it, Err(SessionError::Conflict)));
    assert!(one.is_ok() != other.is_ok() && conflicts[0] != conflicts[1]);
}

#[tokio::test]
async fn a_deleted_conversation_does_not_come_back_with_a_late_turn() {
    let world = World::new().await;
    world.say("secret").await;
    let late = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    assert!(world.sessions.delete(&user("alice"), &id("s")).await.unwrap());
    let result = world.sessions.commit(&mut late.clone(), &turn("late"), None).await;
    assert!(matches!(result, Err(SessionError::Deleted)));
    assert_eq!(world.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_sub_reaches_another_users_conversation() {
    let world = World::new().await;
    let (long, emoji, words) = ("a".repeat(128), "😀".repeat(128), "ä/".repeat(64));
    let subs = [
        "a", "A", "a/b", "a%2Fb", "a/", "/a", "..", "../a", ".", "%2E%2E", "~", "~YQ", "%7E",
        "a b", "a+b", "a%20b", "😀", "a.json", "a/s.json", &long, &emoji, &words,
    ];
    for sub in subs {
        let loaded = world.sessions.load(&user(sub), &id("s")).await.unwrap();
        assert!(!loaded.exists(), "{sub} sees what another user said");
        world.sessions.commit(&mut loaded.clone(), &turn(sub), None).await.unwrap();
    }
    for sub in subs {
        let loaded = world.sessions.load(&user(sub), &id("s")).await.unwrap();
        assert_eq!(said(&loaded.conversation.messages), [sub]);
        let page = world.sessions.list(&user(sub), None, 10).await.unwrap();
        assert_eq!(page.sessions.len(), 1, "{sub}");
    }
    assert!(world.sessions.delete(&user("a"), &id("s")).await.unwrap());
    assert_eq!(world.keys().await.len(), subs.len() - 1);
}

#[tokio::test]
async fn a_conversation_that_no_model_accepts_is_repaired_and_goes_on() {
    let world = World::new().await;
    // As a writer left it that died between a call and its result.
    let broken = json!({ "schema": 1, "writes": [], "messages": [
        { "role": "user", "content": [{ "text": "create an issue" }] },
        { "role": "assistant", "content": [
            { "reasoning": { "text": { "text": "hm", "signature": "c2ln" } } },
            { "toolUse": { "toolUseId": "c", "name": "create", "input": {} } },
        ] },
    ] });
    world.put("alice/s.json", &broken.to_string()).await;
    let loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    let call = &loaded.conversation.messages[1].content;
    assert!(matches!(call[..], [Block::ToolUse(_)]), "without its reasoning: {call:?}");
    let roles = |messages: &[Message]| messages.iter().map(|it| it.role).collect::<Vec<_>>();
    let repaired = [Role::User, Role::Assistant, Role::User, Role::Assistant];
    assert_eq!(roles(&loaded.conversation.messages), repaired);
    let Block::ToolResult(result) = &loaded.conversation.messages[2].content[0] else { panic!() };
    assert_eq!((result.tool_use_id.as_str(), result.status), ("c", ToolStatus::Error));
    world.sessions.commit(&mut loaded.clone(), &turn("go on"), None).await.unwrap();
    let loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    assert_eq!(said(&loaded.conversation.messages[4..]), ["go on"]);
}

#[tokio::test]
async fn an_unreadable_object_is_never_overwritten() {
    let world = World::new().await;
    for (object, is_newer) in [("{\"schema\":1,", false), ("{\"schema\":3}", true)] {
        // Found at the start of a turn …
        world.put("alice/s.json", object).await;
        let result = world.sessions.load(&user("alice"), &id("s")).await;
        let right = |error: &SessionError| match error {
            SessionError::Newer => is_newer,
            SessionError::Damaged => !is_newer,
            _ => false,
        };
        assert!(right(&result.unwrap_err()));
        // … or at its end.
        world.sessions.delete(&user("alice"), &id("s")).await.unwrap();
        let loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
        world.put("alice/s.json", object).await;
        assert!(right(
            &world.sessions.commit(&mut loaded.clone(), &turn("late"), None).await.unwrap_err()
        ));
        assert_eq!(world.text("alice/s.json").await, object);
    }
}

#[tokio::test]
async fn an_object_of_four_times_the_limit_is_read_and_one_of_a_byte_more_is_not() {
    let world = World::new().await;
    let sessions = world.sessions.clone().keeping(100);
    let object = |bytes| format!("{:bytes$}", r#"{"schema":1,"messages":[],"writes":[]}"#);
    world.put("alice/s.json", &object(400)).await;
    assert!(sessions.load(&user("alice"), &id("s")).await.unwrap().exists());
    world.put("alice/s.json", &object(401)).await;
    let result = sessions.load(&user("alice"), &id("s")).await;
    assert!(matches!(result, Err(SessionError::TooLarge)), "{result:?}");
}

#[tokio::test]
async fn what_a_turn_has_spent_is_saved_with_it_once() {
    let world = World::new().await;
    let spent = |tokens| Spent { day: 1, tokens };
    let mut loaded = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
    loaded.spend(spent(5));
    loaded.spend(spent(6));
    for text in ["1", "2"] {
        world.sessions.commit(&mut loaded, &turn(text), None).await.unwrap();
        let now = world.sessions.load(&user("alice"), &id("s")).await.unwrap();
        assert_eq!(now.conversation.spent, Some(spent(11)), "{text}");
    }
}

#[tokio::test]
async fn a_lost_race_is_detected_by_the_condition_alone() {
    let world = World::new().await;
    world.say("first").await;
    let sessions = world.sessions.clone();
    let meanwhile = async move {
        let loaded = sessions.load(&user("alice"), &id("s")).await.unwrap();
        sessions.commit(&mut loaded.clone(), &turn("rival"), None).await.unwrap();
    };
    world.s3.fail(Method::PUT, Fault::After(Box::pin(meanwhile)));
    world.say("slow").await;
    assert_eq!(world.said().await, ["first", "rival", "slow"]);
}
