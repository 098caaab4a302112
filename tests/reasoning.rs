//! What a model thinks goes back to it while its turn runs, and to nobody else (M4, M7, M10).

use std::time::Duration;

use bedrock_local::THOUGHT;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Browser, Fate, Machine, Proxies, Setup, Time, World, ok};

const SESSION: &str = "reasoning";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";
/// Words with a signature; a signature alone; encrypted, and words; and Amazon Nova's, in its text.
const HABITS: [&str; 4] = ["(thinks)", "(thinks silently)", "(thinks in secret)", "(thinks aloud)"];

/// Also that it says nothing of what was thought, and that the model has gone on by itself.
#[track_caller]
fn assert_says(answer: &Value, words: &str) {
    assert_eq!(answer["status"], "completed", "{answer}");
    let message = answer["message"].as_str().unwrap_or_default();
    assert!(message.contains(words) && !message.contains("could not"), "{answer}");
    assert_hides_thoughts(answer);
}

#[track_caller]
fn assert_hides_thoughts(answer: &Value) {
    let text = answer.to_string();
    for hidden in [THOUGHT, "thinking>", "c2lnbmF0dXJl", "c2VjcmV"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

/// A world in which alice has allowed everything that GitHub's tools need.
async fn connected() -> (World, Proxies, Browser) {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "consent", "octo-alice").await;
    ok(alice.go_on("consent")).await;
    (world, proxies, alice)
}

async fn transcript(browser: &Browser) -> Value {
    let request = browser.request(Method::GET, &format!("/sessions/{SESSION}"));
    request.send().await.expect("an answer").json().await.expect("a transcript")
}

/// The blocks of a message in a request to the model that hold reasoning.
fn reasoning(message: &Value) -> Vec<&Value> {
    let blocks = message["content"].as_array().into_iter().flatten();
    blocks.filter(|block| !block["reasoningContent"].is_null()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_reasoning_goes_back_while_its_turn_runs_and_in_no_later_one() {
    let (_world, proxies, alice) = connected().await;
    for habit in HABITS {
        let message = format!("{REPOSITORIES} {habit}");
        let before = proxies.bedrock.seen().len();
        assert_says(&ok(alice.say(SESSION, &message)).await, "octo-alice/diary");
        assert_says(&ok(alice.say(SESSION, "Who am I?")).await, "You are octo-alice");
        let seen = &proxies.bedrock.seen()[before..];
        assert_eq!(seen.len(), 4, "{habit}: the model is asked twice in each turn");
        for (at, seen) in seen.iter().enumerate() {
            let request: Value = serde_json::from_str(&seen.body).expect("a request");
            let messages = request["messages"].as_array().expect("messages");
            let blocks: usize = messages.iter().map(|message| reasoning(message).len()).sum();
            let expected = match (at, habit) {
                (1, "(thinks in secret)") => 2,
                (1, "(thinks)" | "(thinks silently)") => 1,
                _ => 0,
            };
            assert_eq!(blocks, expected, "{habit}, request {at}: {request}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_reasoning_goes_back_after_a_consent_an_approval_and_hours_on_other_machines() {
    for habit in HABITS {
        let time = Time::default();
        let setup = Setup { clock: time.clock(), ..Setup::default() };
        let (world, proxies) = World::proxied(setup).await;
        let alice = world.browser_of("alice").await;
        let message = format!("create an issue in octo-alice/garden: Water {habit}");
        let asked = ok(alice.say(SESSION, &message)).await;
        assert_eq!(asked["interrupts"][0]["reason"], "authorization_required", "{asked}");
        assert_hides_thoughts(&asked);
        world.consent(&alice, &asked, "octo-alice").await;
        time.let_pass(Duration::from_secs(5 * 3_600));

        let other = Machine::start(&world, time.clock()).await;
        let go_on = json!({ "sessionId": SESSION });
        let (_, asked) = other.invoke(&alice, "alice", &go_on).await.expect("an answer");
        assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
        assert_hides_thoughts(&asked);
        time.let_pass(Duration::from_secs(3_000));

        let third = Machine::start(&world, time.clock()).await;
        let id = &asked["interrupts"][0]["id"];
        let resume = json!([{ "interruptId": id, "status": "resolved" }]);
        let approval = json!({ "sessionId": SESSION, "resume": resume });
        let (_, answer) = third.invoke(&alice, "alice", &approval).await.expect("an answer");
        assert_says(&answer, "octo-alice/garden/issues/1");
        assert_eq!(proxies.github.count(&Method::POST, "/repos/octo-alice/garden/issues"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_reasoning_is_in_no_transcript_and_saved_while_its_turn_waits_alone() {
    let (world, _) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, &format!("{REPOSITORIES} (thinks in secret)"))).await;
    assert_hides_thoughts(&asked);
    assert_hides_thoughts(&transcript(&alice).await);
    let saved = world.everything_saved().await;
    assert!(saved.contains(THOUGHT) && saved.contains("c2VjcmV0"), "{saved}");

    world.consent(&alice, &asked, "octo-alice").await;
    assert_says(&ok(alice.go_on(SESSION)).await, "octo-alice/diary");
    let shown = transcript(&alice).await;
    assert_hides_thoughts(&shown);
    assert_eq!(shown["messages"].as_array().map(Vec::len), Some(3), "{shown}");
    let saved = world.everything_saved().await;
    assert!(!saved.contains(THOUGHT) && !saved.contains("c2VjcmV"), "{saved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_an_answer_of_reasoning_alone_says_so_and_the_conversation_goes_on() {
    let (world, proxies) = World::proxied(Setup::default().with("MAX_ANSWER_TOKENS", "1234")).await;
    let alice = world.browser_of("alice").await;
    let answer = ok(alice.say(SESSION, "A hard question (only thinks)")).await;
    assert_says(&answer, "used up the 1234 tokens of an answer before it wrote one");
    let answer = ok(alice.say(SESSION, "Another one (says nothing)")).await;
    assert_says(&answer, "thought about it and gave no answer");
    assert_says(&ok(alice.say(SESSION, "Hello")).await, "This is message 3 of yours");
    for seen in proxies.bedrock.seen() {
        assert!(seen.body.contains("\"maxTokens\":1234"), "{}", seen.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_stand_in_refuses_a_turn_whose_reasoning_is_missing_changed_or_misplaced() {
    let (_world, proxies, alice) = connected().await;
    let spoilt: [fn(&mut Vec<Value>); 4] = [
        |content| content.retain(|block| block["reasoningContent"].is_null()),
        |content| content.rotate_left(1),
        |content| {
            content[0]["reasoningContent"]["reasoningText"]["signature"] = "b3RoZXI=".into();
        },
        |content| content.insert(0, content[0].clone()),
    ];
    for spoil in spoilt {
        proxies.bedrock.rule(move |seen| {
            let Ok(mut request) = serde_json::from_str::<Value>(&seen.body) else {
                return Fate::Arrives;
            };
            for message in request["messages"].as_array_mut().into_iter().flatten() {
                if !reasoning(message).is_empty() {
                    message["content"].as_array_mut().into_iter().for_each(spoil);
                }
            }
            Fate::ArrivesAs(request.to_string())
        });
        let answer = ok(alice.say(SESSION, &format!("{REPOSITORIES} (thinks)"))).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.contains("The language model could not go on"), "{answer}");
        assert_hides_thoughts(&answer);
    }
}
