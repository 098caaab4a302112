//! What a run waits for, and how the user answers it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Proxies, Setup, World};

use super::{
    REPOSITORIES, THREAD,
    events::{events, input, interrupts, of_kind, outcome, resolved, resuming, said, send},
};

const ISSUE: &str = "create an issue in octo-alice/garden: Water the tomatoes";

/// A world in which alice has allowed everything that GitHub's tools need.
pub(super) async fn connected() -> (World, Proxies, Browser) {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "consent", "octo-alice").await;
    let (status, answer) = alice.go_on("consent").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    (world, proxies, alice)
}

fn created(proxies: &Proxies) -> usize {
    proxies.github.count(&Method::POST, "/repos/octo-alice/garden/issues")
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_run_waits_for_a_consent_and_a_resumed_one_goes_on_with_the_same_message() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let asks = input(THREAD, &[("m1", REPOSITORIES)]);
    let asked = events(&alice, &asks).await;
    let [interrupt] = interrupts(&asked).as_slice() else { panic!("{asked:?}") };
    assert_eq!(interrupt["reason"], "authorization_required");
    assert_eq!(interrupt["metadata"]["provider"], world.provider());
    assert_eq!(interrupt["metadata"]["scopes"], json!(["read:user", "repo"]));
    assert!(interrupt["metadata"]["urlExpiresAt"].is_string());
    assert!(interrupt.get("expiresAt").is_none(), "a client would refuse to resolve it");
    let call = of_kind(&asked, "TOOL_CALL_START")[0];
    assert_eq!(call["toolCallName"], "github_list_repositories");
    assert_eq!(interrupt["toolCallId"], call["toolCallId"]);
    let text = of_kind(&asked, "TEXT_MESSAGE_START")[0];
    assert_eq!(call["parentMessageId"], text["messageId"]);
    assert!(of_kind(&asked, "TOOL_CALL_RESULT").is_empty());

    let link = interrupt["metadata"]["url"].as_str().expect("a link");
    let page = alice.open(link).await;
    alice.consent(&page, "octo-alice").await;
    let answered = events(&alice, &resuming(asks, &[resolved(interrupt)])).await;
    assert_eq!(outcome(&answered), "success");
    assert!(said(&answered).contains("octo-alice/diary"), "{answered:?}");
    let [result] = of_kind(&answered, "TOOL_CALL_RESULT")[..] else { panic!("{answered:?}") };
    assert_eq!(result["toolCallId"], call["toolCallId"]);
    assert!(result["content"].as_str().is_some_and(|it| it.contains("octo-alice/diary")));
    assert!(
        of_kind(&answered, "TOOL_CALL_START").is_empty(),
        "the client has the call: {answered:?}"
    );
    let saved = alice.request(Method::GET, "/sessions/thread").send().await.expect("an answer");
    let saved: Value = saved.json().await.expect("a conversation");
    let said = saved["messages"].as_array().expect("messages").iter();
    assert_eq!(said.filter(|message| message["role"] == "user").count(), 1, "{saved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_an_approved_action_is_done_once_and_its_result_is_told() {
    let (_world, proxies, alice) = connected().await;
    let asks = input(THREAD, &[("m1", ISSUE)]);
    let asked = events(&alice, &asks).await;
    let [interrupt] = interrupts(&asked).as_slice() else { panic!("{asked:?}") };
    assert_eq!(interrupt["reason"], "confirmation_required");
    assert!(interrupt["expiresAt"].is_string() && interrupt["responseSchema"].is_object());
    let action = &interrupt["metadata"];
    assert_eq!(
        (&action["tool"], &action["account"]),
        (&json!("github_create_issue"), &json!("octo-alice"))
    );
    assert_eq!(action["input"]["title"], "Water the tomatoes");
    let yes = resuming(asks, &[resolved(interrupt)]);
    let answered = events(&alice, &yes).await;
    assert!(said(&answered).contains("I created issue"), "{answered:?}");
    assert_eq!((outcome(&answered), created(&proxies)), ("success", 1));
    // The same answer again is to a question that is not open any more.
    assert_eq!(send(&alice, &yes).await.status(), StatusCode::CONFLICT);
    assert_eq!(created(&proxies), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_what_was_done_is_told_although_a_filter_withholds_the_answer() {
    let (_world, proxies, alice) = connected().await;
    let asks = input(THREAD, &[("m1", &format!("{ISSUE} (withholds results)"))]);
    let asked = events(&alice, &asks).await;
    let answered = events(&alice, &resuming(asks, &[resolved(&interrupts(&asked)[0])])).await;
    assert_eq!((outcome(&answered), created(&proxies)), ("success", 1));
    assert!(said(&answered).contains("garden/issues/1"), "{answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_the_model_is_told_why_an_action_is_declined_as_data() {
    let (_world, proxies, alice) = connected().await;
    let asks = input(THREAD, &[("m1", ISSUE)]);
    let asked = events(&alice, &asks).await;
    let before = proxies.bedrock.seen().len();
    let reason =
        format!("not in {}\u{202e}\u{200b}\"winter\". {}", "x".repeat(3), "y".repeat(2_000));
    let no = json!({
        "interruptId": interrupts(&asked)[0]["id"], "status": "cancelled",
        "payload": { "reason": reason },
    });
    let answered = events(&alice, &resuming(asks, &[no])).await;
    let said = said(&answered);
    assert!(said.contains("you declined it"), "{said}");
    assert!(said.contains(r#"because “not in xxx"winter". yy"#), "{said}");
    let told = json!(r#"The reason that they gave: "not in xxx\"winter\". yy"#).to_string();
    let requests = proxies.bedrock.seen();
    assert!(requests[before..].iter().any(|it| it.body.contains(told.trim_matches('"'))), "{told}");
    assert!(!said.contains('\u{202e}') && said.len() < 1_000, "{said}");
    assert_eq!((outcome(&answered), created(&proxies)), ("success", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_two_interrupts_at_once_are_answered_each_by_its_own() {
    let (_world, proxies, alice) = connected().await;
    let both = format!("{ISSUE}; create an issue in octo-alice/garden: Mow the lawn");
    let asks = input(THREAD, &[("m1", &both)]);
    let asked = events(&alice, &asks).await;
    let [first, second] = interrupts(&asked).as_slice() else { panic!("{asked:?}") };
    let calls = of_kind(&asked, "TOOL_CALL_START");
    assert_eq!(calls[0]["parentMessageId"], calls[1]["parentMessageId"]);
    let no = json!({ "interruptId": second["id"], "status": "cancelled" });
    let answered = events(&alice, &resuming(asks, &[resolved(first), no])).await;
    assert_eq!((outcome(&answered), created(&proxies)), ("success", 1));
    assert_eq!(of_kind(&answered, "TOOL_CALL_RESULT").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_new_message_is_no_answer_to_what_is_open_and_counts_later() {
    let (_world, proxies, alice) = connected().await;
    let asked = events(&alice, &input(THREAD, &[("m1", ISSUE)])).await;
    let open = &interrupts(&asked)[0];
    for _ in 0..2 {
        let more = input(THREAD, &[("m1", ISSUE), ("m2", "Hello!")]);
        let again = events(&alice, &more).await;
        assert_eq!(interrupts(&again)[0]["id"], open["id"]);
        assert_eq!(said(&again), "");
    }
    // The one that waits is answered, and the other message with it.
    let both = input(THREAD, &[("m1", ISSUE), ("m2", "Hello!")]);
    let answered = events(&alice, &resuming(both, &[resolved(open)])).await;
    let said = said(&answered);
    assert!(said.contains("I created issue") && said.contains("message 2 of yours"), "{said}");
    assert_eq!(created(&proxies), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_an_interrupt_that_is_not_open_is_refused_before_the_run_starts() {
    let (_world, proxies, alice) = connected().await;
    let asks = input(THREAD, &[("m1", ISSUE)]);
    let asked = events(&alice, &asks).await;
    for unknown in ["01234567-89ab-4cde-8f01-23456789abcd", "what another agent asked"] {
        let answers = [json!({ "interruptId": unknown, "status": "resolved" })];
        let answer = send(&alice, &resuming(asks.clone(), &answers)).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], "interrupt_not_open");
    }
    assert_eq!((interrupts(&asked).len(), created(&proxies)), (1, 0));
}
