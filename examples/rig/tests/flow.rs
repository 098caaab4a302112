//! The flow of any deployment, with rig's loop in it: real parts over real sockets, and a scripted model.
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use reqwest::{Method, StatusCode, header::USER_AGENT};
use rig_example::WithRig;
use serde_json::{Value, json};
use tests::{Browser, Machine, Proxies, Proxy, Setup, World, flow, openai};

const SESSION: &str = "with-rig";

/// Alice's browser, at a machine that runs the example.
struct Flow {
    world: World,
    machine: Machine,
    proxies: Proxies,
    model: Proxy,
    alice: Browser,
}

impl Flow {
    async fn new() -> Self {
        let model = Proxy::new().await;
        model.lead_to(&openai::serve().await);
        let setup = Setup::default()
            .with("MODEL_PROVIDER", "openai")
            .with("MODEL_ID", openai::MODEL)
            .with("OPENAI_BASE_URL", format!("{}v1", model.address))
            .with("OPENAI_API_KEY", openai::KEY);
        let (mut world, proxies) = World::proxied(setup).await;
        world.watch_model(&model);
        let machine = Machine::of::<WithRig>(&world).await;
        let alice = world.browser_of("alice").await;
        Self { world, machine, proxies, model, alice }
    }

    async fn invoke(&self, body: Value) -> (StatusCode, Value) {
        self.machine.invoke(&self.alice, "alice", &body).await.expect("an answer")
    }

    async fn ok(&self, body: Value) -> Value {
        let (status, answer) = self.invoke(body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    async fn say(&self, message: &str) -> Value {
        self.ok(json!({ "sessionId": SESSION, "message": message })).await
    }

    fn issues_created(&self) -> usize {
        self.proxies.github.count(&Method::POST, "/repos/octo-alice/garden/issues")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_rigs_turn_goes_on_after_the_consent_and_its_action_is_done_once_after_the_approval() {
    let flow = Flow::new().await;
    let asked = flow.say("Who am I, and which repositories do I have, private ones too?").await;
    assert_eq!(asked["interrupts"][0]["reason"], "authorization_required", "{asked}");
    flow.world.consent(&flow.alice, &asked, "octo-alice").await;
    let answer = flow.ok(json!({ "sessionId": SESSION })).await;
    flow::assert_names_the_repositories(&answer);

    let asked = flow.say("Create an issue in octo-alice/garden: Water the tomatoes").await;
    let interrupt = &asked["interrupts"][0];
    assert_eq!(interrupt["reason"], "confirmation_required", "{asked}");
    assert_eq!(flow.issues_created(), 0, "before the approval");
    let yes = json!([{ "interruptId": interrupt["id"], "status": "resolved" }]);
    let approval = json!({ "sessionId": SESSION, "resume": yes });
    let answer = flow.ok(approval.clone()).await;
    let text = answer["message"].as_str().unwrap();
    assert!(text.contains("octo-alice/garden/issues/1"), "{text}");
    let _repeated = flow.invoke(approval).await;
    assert_eq!(flow.issues_created(), 1);

    let asked = flow.model.seen();
    assert!(asked.len() >= 4, "{asked:?}");
    let is_built_in = |agent| agent == "countersign";
    assert!(!asked.iter().any(|it| it.headers.get(USER_AGENT).is_some_and(is_built_in)));
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_failure_of_rigs_is_what_it_is_and_repeats_nothing_of_the_servers() {
    let flow = Flow::new().await;
    for (words, status) in [
        ("Hello (too many)", StatusCode::SERVICE_UNAVAILABLE),
        ("Hello (too long)", StatusCode::BAD_REQUEST),
        ("Hello (breaks)", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let body = json!({ "sessionId": SESSION, "message": words });
        let (answered, problem) = flow.invoke(body).await;
        assert_eq!(answered, status, "{words}: {problem}");
        let problem = problem.to_string();
        assert!(
            !problem.contains("Rate limit") && !problem.contains("context length"),
            "{problem}"
        );
    }
    assert_eq!(flow.say("Hello!").await["message"], "You said: Hello!");
}
