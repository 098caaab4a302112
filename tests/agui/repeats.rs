//! A message counts once, and a client that has forgotten everything is told what was said.

use serde_json::{Value, json};
use tests::{Setup, World};

use super::{
    REPOSITORIES, THREAD,
    events::{events, input, interrupts, of_kind, outcome, resolved, resuming, said},
    interrupts::connected,
};

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_message_counts_once_by_its_id_and_its_answer_is_repeated() {
    let (_world, proxies, alice) = connected().await;
    let first = events(&alice, &input(THREAD, &[("m1", "Hello!")])).await;
    let asked = proxies.bedrock.seen().len();
    let again = events(&alice, &input(THREAD, &[("m1", "Hello!")])).await;
    assert_eq!(said(&again), said(&first));
    assert_eq!(outcome(&again), "success");
    assert_eq!(proxies.bedrock.seen().len(), asked, "the model was asked again");
    let next = events(&alice, &input(THREAD, &[("m1", "Hello!"), ("m2", "Hello!")])).await;
    assert!(said(&next).contains("message 2 of yours"), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_message_counts_once_also_if_its_turn_is_older_than_what_the_model_sees() {
    let setup = Setup::default().with("MAX_CONTEXT_TOKENS", "1000");
    let (world, proxies) = World::proxied(setup).await;
    let alice = world.browser_of("alice").await;
    let first = events(&alice, &input(THREAD, &[("m0", "Hello!")])).await;
    for number in 1..6 {
        let (id, text) = (format!("m{number}"), "x".repeat(1_000));
        events(&alice, &input(THREAD, &[(&id, &text)])).await;
    }
    let asked = proxies.bedrock.seen().len();
    let again = events(&alice, &input(THREAD, &[("m0", "Hello!")])).await;
    assert_eq!(said(&again), said(&first));
    assert_eq!(proxies.bedrock.seen().len(), asked, "the model was asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn m3_a_message_that_is_sent_twice_at_once_counts_once() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let body = input(THREAD, &[("m1", "The only one")]);
    let (one, other) = tokio::join!(events(&alice, &body), events(&alice, &body));
    for events in [&one, &other] {
        let last = &events[events.len() - 1];
        let is_known = last["type"] == "RUN_FINISHED" || last["code"] == "turn_in_progress";
        assert!(is_known, "{last}");
    }
    let saved = world.everything_saved().await;
    assert_eq!(saved.matches(r#""text":"The only one""#).count(), 1, "{saved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_reloaded_client_gets_what_was_said_and_what_is_open_and_can_answer_it() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    // One message without an id of the client's, and one with.
    alice.say(THREAD, "Hello!").await;
    let asked = events(&alice, &input(THREAD, &[("m1", REPOSITORIES)])).await;
    let reloaded = events(&alice, &input(THREAD, &[])).await;
    let messages = &of_kind(&reloaded, "MESSAGES_SNAPSHOT")[0]["messages"];
    let roles: Vec<_> =
        messages.as_array().expect("messages").iter().map(|it| &it["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"], "{messages}");
    assert_eq!((&messages[2]["id"], &messages[2]["content"]), (&json!("m1"), &json!(REPOSITORIES)));
    let call = &messages[3]["toolCalls"][0];
    assert_eq!(call["function"]["name"], "github_list_repositories");
    let open = &interrupts(&reloaded)[0];
    assert_eq!(open["id"], interrupts(&asked)[0]["id"]);
    let page = alice.open(open["metadata"]["url"].as_str().expect("a link")).await;
    alice.consent(&page, "octo-alice").await;
    let mut body = resuming(input(THREAD, &[]), &[resolved(open)]);
    body["messages"] = messages.clone();
    let answered = events(&alice, &body).await;
    assert!(said(&answered).contains("octo-alice/diary"), "{answered:?}");
    let reloaded = events(&alice, &input(THREAD, &[])).await;
    assert_eq!(outcome(&reloaded), "success");
    let after = of_kind(&reloaded, "MESSAGES_SNAPSHOT")[0]["messages"].clone();
    let after: Vec<Value> = after.as_array().expect("messages").clone();
    assert_eq!(after[4]["role"], "tool", "{after:?}");
    let history = &of_kind(&reloaded, "CUSTOM")[0];
    let nothing = json!({ "decisions": {}, "earlierTurnsRemoved": 0 });
    assert_eq!((&history["name"], &history["value"]), (&json!("history"), &nothing));
    // A message that came without an id is known by the one that the snapshot gave it.
    let mut body = input(THREAD, &[]);
    body["messages"] = json!([after[0]]);
    let again = events(&alice, &body).await;
    assert!(said(&again).contains("message 1 of yours"), "{again:?}");
}
