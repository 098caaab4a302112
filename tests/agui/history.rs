//! What a client that was reloaded gets to know besides the messages of the protocol.

use reqwest::Method;
use serde_json::{Value, json};
use tests::Logs;

use super::{
    THREAD,
    events::{events, input, interrupts, of_kind, resolved, resuming},
    interrupts::connected,
};

const ISSUE: &str = "create an issue in octo-alice/garden: Water the tomatoes";

#[tokio::test(flavor = "multi_thread")]
async fn m10_what_the_user_has_said_to_an_action_stays_with_the_conversation() {
    let (_world, _proxies, alice) = connected().await;
    let asks = |id: &str| input(THREAD, &[(id, ISSUE)]);
    let asked = events(&alice, &asks("m1")).await;
    let yes = &interrupts(&asked)[0];
    events(&alice, &resuming(asks("m1"), &[resolved(yes)])).await;
    let no = interrupts(&events(&alice, &asks("m2")).await)[0].clone();
    let reason = json!({ "reason": "it rains" });
    let no_answer = json!({ "interruptId": no["id"], "status": "cancelled", "payload": reason });
    events(&alice, &resuming(asks("m2"), &[no_answer])).await;

    let reloaded = events(&alice, &input(THREAD, &[])).await;
    let history = &of_kind(&reloaded, "CUSTOM")[0]["value"];
    let said_to = |interrupt: &Value| {
        let call = interrupt["toolCallId"].as_str().expect("a call");
        history["decisions"][call].clone()
    };
    let (approved, declined) = (said_to(yes), said_to(&no));
    assert_eq!((&approved["approved"], &approved["account"]), (&json!(true), &json!("octo-alice")));
    assert!(approved["reason"].is_null(), "{approved}");
    assert_eq!((&declined["approved"], &declined["reason"]), (&json!(false), &json!("it rains")));
    let at = declined["at"].as_str().expect("a time");
    assert!(at.starts_with("20") && at.ends_with('Z'), "{at}");

    let saved = alice.request(Method::GET, "/sessions/thread").send().await.expect("an answer");
    let saved: Value = saved.json().await.expect("a conversation");
    let messages = saved["messages"].as_array().expect("messages");
    let tools = messages.iter().filter_map(|message| message["tools"].as_array()).flatten();
    assert_eq!(
        tools.map(|tool| tool["decision"].clone()).collect::<Vec<_>>(),
        [approved, declined]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_of_a_long_conversation_the_newest_is_told_and_where_the_rest_is() {
    let (_world, _proxies, alice) = connected().await;
    let text = |number: usize| format!("{number} {}", "long ".repeat(6_000));
    for number in 0..6 {
        events(&alice, &input(THREAD, &[(&format!("m{number}"), &text(number))])).await;
    }
    let reloaded = events(&alice, &input(THREAD, &[])).await;
    let told = of_kind(&reloaded, "MESSAGES_SNAPSHOT")[0]["messages"].as_array().expect("messages");
    let earlier =
        of_kind(&reloaded, "CUSTOM")[0]["value"]["earlier"].as_u64().expect("earlier ones");
    assert!(told.len() < 12 && told.len() as u64 + earlier == 12, "{} and {earlier}", told.len());
    let address = format!("/sessions/{THREAD}?before={earlier}");
    let page: Value = alice
        .request(Method::GET, &address)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("a page");
    let texts = page["messages"].as_array().expect("messages").iter().map(|it| &it["text"]);
    let told = told.iter().map(|it| &it["content"]);
    let mine: Vec<_> =
        texts.chain(told).step_by(2).map(|it| it.as_str().expect("text").trim()).collect();
    let sent: Vec<_> = (0..6).map(text).collect();
    assert_eq!(mine, sent.iter().map(|it| it.trim()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_client_that_is_told_a_conversation_has_read_it() {
    let (_world, _proxies, alice) = connected().await;
    let thread = "read-again";
    events(&alice, &input(thread, &[("m1", "Hello!")])).await;
    let is_read = |line: &Value| line["event"] == "conversation_read";
    let read = || Logs::kept().audit_where("session", thread).into_iter().filter(is_read).count();
    assert_eq!(read(), 0);
    events(&alice, &input(thread, &[])).await;
    assert_eq!(read(), 1);
}
