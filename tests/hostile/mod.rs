//! Texts that others have written at GitHub, with instructions in them, and a model that obeys each (M5, M6,
//! M7, M11, M12).

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Browser, Proxies, Setup, World, ok};

mod bounds;
mod instructions;
mod links;
mod secrets;

const SESSION: &str = "hostile";

/// Alice at an agent whose model obeys what it reads.
struct Obedient {
    world: World,
    proxies: Proxies,
    alice: Browser,
    /// How much AgentCore Identity was asked before.
    asked_before: usize,
}

impl Obedient {
    /// She has allowed what these words take, and declined what is to be approved then.
    async fn after(words: &str) -> Self {
        let (world, proxies) = World::proxied(Setup::default()).await;
        let alice = world.browser_of("alice").await;
        let asked = ok(alice.say("before", words)).await;
        world.consent(&alice, &asked, "octo-alice").await;
        let mut this = Self { world, proxies, alice, asked_before: 0 };
        let asked = ok(this.alice.go_on("before")).await;
        if asked["status"] == "interrupted" {
            this.answer("before", &asked, "cancelled").await;
        }
        this.asked_before = this.proxies.agentcore.seen().len();
        this
    }

    /// She has once let it create an issue.
    async fn writing() -> Self {
        Self::after("create an issue in octo-alice/garden: Water").await
    }

    async fn say(&self, session: &str, message: &str) -> Value {
        ok(self.alice.say(session, &format!("(obeys results) {message}"))).await
    }

    /// Approves or declines what waits, all of it.
    async fn answer(&self, session: &str, asked: &Value, status: &str) -> Value {
        let interrupts = asked["interrupts"].as_array().expect("interrupts").iter();
        let answer = |it: &Value| json!({ "interruptId": it["id"], "status": status });
        let resume: Vec<Value> = interrupts.map(answer).collect();
        ok(self.alice.invoke(&json!({ "sessionId": session, "resume": resume }))).await
    }

    /// All that the model was sent.
    fn model_read(&self) -> String {
        self.proxies.bedrock.seen().into_iter().map(|seen| seen.body).collect()
    }

    /// How much was written at GitHub.
    fn posts(&self) -> usize {
        self.proxies.github.count(&Method::POST, "")
    }

    /// Whether AgentCore Identity was asked since for the scope that opens private repositories, be it for a
    /// token that there is.
    fn asked_for_private_repositories(&self) -> bool {
        let asked = self.proxies.agentcore.seen();
        let mut bodies = asked
            .iter()
            .skip(self.asked_before)
            .filter_map(|it| serde_json::from_str::<Value>(&it.body).ok());
        bodies.any(|it| it["scopes"].as_array().is_some_and(|all| all.contains(&json!("repo"))))
    }
}
