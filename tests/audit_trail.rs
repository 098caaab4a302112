//! What the audit trail says of a question and its answer, and of a link that was passed on (M14).

use serde_json::{Value, json};
use tests::{Logs, World, ok};

const CREATE: &str = "create an issue in octo-alice/garden: Water the tomatoes";

/// The lines of `session` about `event`.
fn lines(session: &str, event: &str) -> Vec<Value> {
    let mut lines = Logs::kept().audit_where("session", session);
    lines.retain(|line| line["event"] == event);
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_a_no_to_an_action_is_told_however_it_was_said() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let session = "two-refusals";
    let asked = ok(alice.say(session, CREATE)).await;
    world.consent(&alice, &asked, "octo-alice").await;
    let asked = ok(alice.go_on(session)).await;
    let first = asked["interrupts"][0]["id"].clone();
    let no = json!([{ "interruptId": first, "status": "cancelled",
        "payload": { "reason": "marmalade" } }]);
    ok(alice.invoke(&json!({ "sessionId": session, "resume": no }))).await;
    let asked = ok(alice.say(session, CREATE)).await;
    let second = asked["interrupts"][0]["id"].clone();
    ok(alice.say(session, "Hello!")).await;

    let answered = lines(session, "interrupt_answered");
    let told: Vec<_> = answered.iter().map(|line| (&line["interrupt"], &line["answer"])).collect();
    assert_eq!(told, [(&first, &json!("cancelled")), (&second, &json!("new_message"))]);
    let of_action =
        |line: &Value| line["about"] == "action" && line["tool"] == "github_create_issue";
    assert!(answered.iter().all(of_action), "{answered:?}");
    assert!(lines(session, "tool_called").is_empty(), "nothing was done");
    let trail = Logs::kept().audit_where("session", session);
    assert!(trail.iter().all(|line| !line.to_string().contains("marmalade")), "{trail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_who_follows_a_link_of_another_is_told_with_the_flow_of_that_other() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    let session = "passed-on";
    let asked = ok(alice.say(session, CREATE)).await;
    let link = asked["interrupts"][0]["url"].as_str().expect("a link");
    bob.open(link).await;
    let [required] = &lines(session, "consent_required")[..] else { panic!("asked for once") };
    let flow = required["flow"].as_str().expect("a flow");
    let of_flow = Logs::kept().audit_where("flow", flow);
    let refused: Vec<_> = of_flow.iter().filter(|it| it["event"] == "consent_refused").collect();
    let [refused] = refused[..] else { panic!("refused once: {of_flow:?}") };
    assert_eq!((&refused["user"], &refused["reason"]), (&json!("bob"), &json!("another_user")));
    assert_eq!(required["user"], "alice");
}
