//! A GitHub App in place of an OAuth app: the user chooses the repositories, tokens have no scopes and last
//! eight hours, and what is missing leads to a link and never to a consent (M5, M6, M11).

use std::time::Duration;

use local::running::GITHUB_APP;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Fate, Form, Logs, Proxies, Setup, Time, Visit, World, assert_says, ok};

const SESSION: &str = "github-app";
const REPOSITORIES: &str = "Which repositories do I have?";
const DIARY: &str = "read 2026-10.md in octo-alice/diary";
const HOURS: Duration = Duration::from_secs(60 * 60);

/// Alice at an agent that acts as a GitHub App.
struct Acting {
    world: World,
    proxies: Proxies,
    alice: Browser,
    time: Time,
}

impl Acting {
    async fn new() -> Self {
        let time = Time::default();
        let setup = Setup { github_app: true, clock: time.clock(), ..Setup::default() };
        let (world, proxies) = World::proxied(setup).await;
        let alice = world.browser_of("alice").await;
        Self { world, proxies, alice, time }
    }

    /// The same after her consent, with the app installed on these repositories.
    async fn connected(names: &str) -> Self {
        let app = Self::new().await;
        let asked = app.say("Who am I?").await;
        app.consent(&asked, names).await;
        assert_says(&ok(app.alice.go_on(SESSION)).await, "You are octo-alice");
        app
    }

    async fn say(&self, message: &str) -> Value {
        ok(self.alice.say(SESSION, message)).await
    }

    /// Consents, and installs the app on these repositories of hers.
    async fn consent(&self, asked: &Value, names: &str) -> Visit {
        assert_asks_without_scopes(asked);
        let link = asked["interrupts"][0]["url"].as_str().expect("a link");
        let page = self.alice.open(link).await;
        let visit = self.choose(&page, names).await;
        assert_eq!(visit.parameter("result").as_deref(), Some("connected"), "{}", visit.text);
        visit
    }

    async fn choose(&self, page: &Visit, names: &str) -> Visit {
        let form = Form::in_page(&page.text).with("account", "octo-alice");
        let form = form.with("repositories", "selected").with("names", names);
        self.alice.submit(page, form).await
    }

    async fn approve(&self, asked: &Value) -> Value {
        assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
        let id = &asked["interrupts"][0]["id"];
        let resume = json!([{ "interruptId": id, "status": "resolved" }]);
        ok(self.alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await
    }

    /// The page that a user is sent to where repositories are missing.
    fn installation(&self) -> String {
        // The services reach GitHub's API through a proxy, so its site is there, too.
        format!("{}apps/{GITHUB_APP}/installations/new", self.proxies.github.address)
    }

    /// What the vault was asked for.
    fn token_requests(&self) -> Vec<Value> {
        let seen = self.proxies.agentcore.seen();
        let requests = seen.iter().filter(|seen| seen.path.ends_with("/oauth2/token"));
        requests.map(|seen| serde_json::from_str(&seen.body).expect("JSON")).collect()
    }

    fn forced(&self) -> usize {
        let is_forced = |it: &&Value| it["forceAuthentication"] == true;
        self.token_requests().iter().filter(is_forced).count()
    }

    /// The token with which GitHub was asked last.
    fn token(&self) -> String {
        let seen = self.proxies.github.seen();
        let header = seen.last().expect("a request").headers["authorization"].to_str();
        header.expect("text").to_owned()
    }
}

#[track_caller]
fn assert_asks_without_scopes(answer: &Value) {
    let interrupts = answer["interrupts"].as_array().expect("interrupts");
    assert_eq!(interrupts.len(), 1, "{answer}");
    assert_eq!(interrupts[0]["reason"], "authorization_required", "{answer}");
    assert_eq!(interrupts[0]["scopes"], json!([]), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_consent_for_a_github_app_has_no_scopes_and_says_that_one_chooses_the_repositories() {
    let app = Acting::new().await;
    let asked = app.say(REPOSITORIES).await;
    let choice = asked["interrupts"][0]["choice"].as_str().expect("words for the user");
    assert!(choice.contains("You choose the repositories at GitHub"), "{choice}");
    assert!(choice.contains(&app.installation()), "{choice}");

    app.consent(&asked, "").await;
    let answer = ok(app.alice.go_on(SESSION)).await;
    assert_says(&answer, "octo-alice/garden");
    assert!(!answer.to_string().contains("octo-alice/diary"), "it is private, and not chosen");
    let model = app.proxies.bedrock.seen().pop().expect("a request").body;
    assert!(model.contains("privateLeftOut"), "the model knows that there may be more: {model}");

    // Each tool needs the same token, so that nothing that is asked leads to another consent.
    assert_says(&app.say("Who am I?").await, "You are octo-alice");
    assert_says(&app.say("read README.md in octo-alice/garden").await, "When to sow what");
    for request in app.token_requests() {
        assert_eq!(request["scopes"], json!([]), "{request}");
    }
    let audited = Logs::kept().audit_where("event", "consent_required");
    assert!(!audited.is_empty());
}

/// As AG-UI has it: the words are the interrupt's message.
#[tokio::test(flavor = "multi_thread")]
async fn m7_a_client_of_ag_ui_is_told_that_one_chooses_the_repositories() {
    let app = Acting::new().await;
    let message = json!({ "id": "1", "role": "user", "content": REPOSITORIES });
    let run = json!({ "threadId": SESSION, "runId": "1", "messages": [message] });
    let request = app.alice.request(Method::POST, "/invocations").json(&run);
    let stream = request.header("sec-fetch-site", "same-origin").send().await.expect("an answer");
    let stream = stream.text().await.expect("events");
    let finished = stream.lines().rfind(|it| it.contains("RUN_FINISHED")).expect("an end");
    let event: Value = serde_json::from_str(finished.trim_start_matches("data:")).expect("JSON");
    let interrupt = &event["outcome"]["interrupts"][0];
    assert_eq!(interrupt["metadata"]["scopes"], json!([]), "{event}");
    let message = interrupt["message"].as_str().expect("a message");
    assert!(message.contains("You choose the repositories at GitHub"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_private_repository_that_was_chosen_is_read() {
    let app = Acting::connected("diary").await;
    assert_says(&app.say(DIARY).await, "The first frost came early.");
    assert_says(&app.say(REPOSITORIES).await, "octo-alice/diary");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_repository_that_was_not_chosen_leads_to_a_link_and_to_no_consent() {
    let app = Acting::connected("garden").await;
    let told = app.say(DIARY).await;
    assert_says(&told, "GitHub does not show octo-alice/diary to the app");
    assert_says(&told, &app.installation());
    assert_eq!((&told["interrupts"], app.forced()), (&json!([]), 0), "{told}");

    // The link is where she chooses; the same question is answered then.
    let page = app.alice.open(&app.installation()).await;
    assert_eq!(app.choose(&page, "garden diary").await.status, StatusCode::OK);
    assert_says(&app.say(DIARY).await, "The first frost came early.");
    assert_eq!(app.forced(), 0);
    // A missing file is no matter of what is chosen.
    let told = app.say("read nowhere.md in octo-alice/diary").await;
    assert_says(&told, "The repository itself is there");
    assert!(!told.to_string().contains("Choose the repositories"), "{told}");
}

/// An injected text leads the model to a repository that the user did not name, so that they would open it
/// for the app.
#[tokio::test(flavor = "multi_thread")]
async fn m11_a_repository_that_the_model_was_led_to_brings_the_user_no_link() {
    let app = Acting::connected("garden").await;
    let said = "What are the issues of my project?";
    let obeyed = "What are the issues of octo-alice/diary?";
    app.proxies.bedrock.rule(move |seen| Fate::ArrivesAs(seen.body.replace(said, obeyed)));
    let told = app.say(said).await;
    assert_says(&told, "GitHub has no such thing, or does not show it to the user");
    assert!(!told.to_string().contains("Choose the repositories"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_issue_is_created_after_an_approval_where_the_app_is_installed() {
    let app = Acting::connected("diary").await;
    let asked = app.say("create an issue in octo-alice/diary: Frost").await;
    assert_eq!(asked["interrupts"][0]["details"]["visibility"], "private", "{asked}");
    assert_says(&app.approve(&asked).await, "I created issue 1");
    assert_eq!(app.forced(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_permission_that_the_app_lacks_is_named_and_leads_to_no_consent() {
    let app = Acting::connected("diary").await;
    app.world.running.github.permit(GITHUB_APP, &["metadata=read", "contents=read"]);
    let told = app.say("What are the issues of octo-alice/diary?").await;
    assert_says(&told, "It needs the permission issues=read.");
    assert_says(&told, &app.installation());
    assert_eq!(app.forced(), 0);
    assert_says(&app.say(DIARY).await, "The first frost came early.");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_after_eight_hours_the_vault_refreshes_and_nobody_is_asked() {
    let app = Acting::connected("diary").await;
    let first = app.token();
    assert!(first.contains("ghu_"), "a GitHub App's");
    for _ in 0..2 {
        let before = app.token();
        app.time.let_pass(8 * HOURS);
        let alice = app.world.browser_of("alice").await;
        assert_says(&ok(alice.say(SESSION, DIARY)).await, "The first frost came early.");
        assert_ne!(app.token(), before, "both tokens are new each time");
    }
    assert_eq!(app.forced(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_refresh_token_that_is_dead_leads_to_one_consent() {
    let app = Acting::connected("diary").await;
    // Half a year without a question.
    app.time.let_pass(185 * 24 * HOURS);
    let alice = app.world.browser_of("alice").await;
    let app = Acting { alice, ..app };
    let asked = app.say(DIARY).await;
    app.consent(&asked, "diary").await;
    assert_says(&ok(app.alice.go_on(SESSION)).await, "The first frost came early.");
    assert_eq!(app.forced(), 0, "the vault itself starts the flow");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_github_app_that_the_user_revoked_leads_to_one_consent() {
    let app = Acting::connected("diary").await;
    app.world.running.github.revoke_all();
    let asked = app.say(DIARY).await;
    assert_eq!(app.forced(), 1, "the vault can't know");
    app.consent(&asked, "diary").await;
    assert_says(&ok(app.alice.go_on(SESSION)).await, "The first frost came early.");
    assert_says(&app.say(REPOSITORIES).await, "octo-alice/diary");
    assert_eq!(app.forced(), 1);
}

/// No operation reaches the refresh token in the vault, with which it could have another token.
#[tokio::test(flavor = "multi_thread")]
async fn m11_a_refresh_token_in_the_vault_does_not_connect_again_what_was_disconnected() {
    let app = Acting::connected("diary").await;
    let list = ok(app.alice.ask(Method::GET, "/connections")).await;
    let entry = &list["connections"][0];
    assert_eq!((&entry["account"], &entry["scopes"]), (&json!("@octo-alice"), &json!([])));
    let answer = ok(app.alice.ask(Method::DELETE, "/connections/github")).await;
    assert_eq!(answer["revoked"], "revoked", "{answer}");
    app.time.let_pass(9 * HOURS);
    let alice = app.world.browser_of("alice").await;
    let app = Acting { alice, ..app };
    let list = ok(app.alice.ask(Method::GET, "/connections")).await;
    assert_eq!(list["connections"][0]["status"], "not_connected");
    let asked = app.say(DIARY).await;
    app.consent(&asked, "diary").await;
    assert_says(&ok(app.alice.go_on(SESSION)).await, "The first frost came early.");
}

/// It is read, and nobody is asked to approve what GitHub would refuse.
#[tokio::test(flavor = "multi_thread")]
async fn m5_a_public_repository_that_was_not_chosen_is_read_and_no_change_of_it_is_to_be_approved()
{
    let app = Acting::connected("diary").await;
    assert_says(&app.say("read README.md in octo-alice/garden").await, "When to sow what");
    for chosen in ["diary", "", "weather-station"] {
        let page = app.alice.open(&app.installation()).await;
        app.choose(&page, chosen).await;
        let told = app.say("create an issue in octo-alice/garden: Water").await;
        assert_says(&told, "Not run: The user has not chosen this repository");
        assert_says(&told, &app.installation());
    }
    let uninstalled = app.alice.open(&app.installation()).await;
    let none = Form::in_page(&uninstalled.text).with("account", "octo-alice");
    app.alice.submit(&uninstalled, none.with("repositories", "none")).await;
    let told = app.say("create an issue in octo-alice/garden: Water").await;
    assert_says(&told, "Not run: The user has not chosen this repository");
    assert_eq!(app.proxies.github.count(&Method::POST, "/issues"), 0);
    assert_eq!(app.forced(), 0);
}

/// GitHub does not tell a user where others have installed the app, so only the attempt shows it.
#[tokio::test(flavor = "multi_thread")]
async fn m5_a_change_in_a_repository_of_others_that_github_refuses_is_told_with_what_is_lacking() {
    let app = Acting::connected("diary").await;
    let asked = app.say("create an issue in octo-bob/boat: Sail").await;
    let told = app.approve(&asked).await;
    assert_says(&told, "It needs the permission issues=write.");
    assert_says(&told, &app.installation());
    assert_eq!(app.proxies.github.count(&Method::POST, ""), 1);
    assert_eq!(app.forced(), 0);
}
