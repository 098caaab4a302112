//! Two credential providers in one conversation: neither is asked for the other's scopes, and one
//! consent frees the calls of its own provider alone (M6, M10, M11).
//!
//! The second provider is the local authorization server under another name, with two tools of its own.

use std::sync::{Arc, Mutex};

use agent::{
    provider::Provider,
    scopes::named,
    tool::{
        Failure, InputSchema, Needs, Preview, ReadTool, Reply, Tool, ToolName, ToolSource,
        ToolSpec, WriteTool,
    },
};
use futures_util::future::{BoxFuture, FutureExt};
use reqwest::{Client, Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tests::{Browser, Machine, Setup, World};
use url::Url;
use vault::{AccessToken, ProviderName};

const SESSION: &str = "two-providers";
const BOTH: &str = "Which private repositories do I have, and what is in my calendar?";

#[derive(JsonSchema, Deserialize)]
struct NoInput {}

/// A calendar of which nothing is real but the token that it is asked with.
#[derive(Clone)]
struct CalendarTool {
    spec: ToolSpec,
    /// Whose token it was called with and what it allows, for each call.
    calls: Arc<Mutex<Vec<(String, String)>>>,
    server: Url,
}

impl CalendarTool {
    /// Asks the provider whose token this is.
    async fn call(&self, token: Option<&AccessToken>) -> Reply<String> {
        let Some(token) = token else {
            return Reply::failed(Failure::new("no_token", "It needs an authorization."));
        };
        let request = Client::new().get(self.server.join("user").expect("an address"));
        let request = request.bearer_auth(token.expose()).header("user-agent", "calendar");
        let answer = request.send().await.expect("an answer");
        let scopes = answer.headers()["x-oauth-scopes"].to_str().expect("text").to_owned();
        let body: Value = answer.json().await.expect("JSON");
        let login = body["login"].as_str().expect("a login").to_owned();
        self.calls.lock().expect("a lock").push((login.clone(), scopes.clone()));
        let allows = Some(named(scopes.split(", ")));
        Reply { outcome: Ok(login), allows, request_id: None }
    }
}

impl ReadTool for CalendarTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn read<'a>(
        &'a self,
        _: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        async move { self.call(token).await.map(|owner| json!({ "events of": owner })) }.boxed()
    }
}

impl WriteTool for CalendarTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn preview<'a>(
        &'a self,
        _: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Preview>> {
        async move { self.call(token).await.map(|account| Preview::from(account.as_str())) }.boxed()
    }

    fn apply<'a>(
        &'a self,
        _: &'a Value,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Reply<Value>> {
        async move { self.call(token).await.map(|owner| json!({ "added for": owner })) }.boxed()
    }
}

/// The calendar's tools: one reads, one writes.
struct Calendar {
    read: CalendarTool,
    write: CalendarTool,
}

impl std::fmt::Debug for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Calendar")
    }
}

impl ToolSource for Calendar {
    fn tools(&self) -> Vec<Tool> {
        let (read, write) = (Arc::new(self.read.clone()), Arc::new(self.write.clone()));
        vec![Tool::Read(read), Tool::Write(write)]
    }
}

impl Calendar {
    /// The calendar in `world`, whose AgentCore Identity knows its provider.
    fn new(world: &World) -> Self {
        let running = &world.running;
        let server = running.addresses.github.clone();
        let core = &running.agentcore;
        let callback = core.create_github_provider("calendar", "calendar-app", "secret", &server);
        running.github.register_app("calendar-app", "secret", callback);
        let sets: &[&[&str]] = &[&["events.read"], &["events.read", "events.write"]];
        let name = ProviderName::parse("calendar").expect("a name");
        let provider = Provider::new(name, "Calendar", &[], sets).expect("a provider");
        let (provider, calls) = (Arc::new(provider), Arc::default());
        let tool = |name, scope| {
            let needs = Needs {
                provider: Arc::clone(&provider),
                scopes: named([scope]),
                at_most: named([]),
                meant_by: |_| &[],
            };
            let spec = ToolSpec {
                name,
                description: "Of a calendar.".into(),
                input: InputSchema::from_type::<NoInput>(),
                needs: Some(needs),
            };
            CalendarTool { spec, calls: Arc::clone(&calls), server: server.clone() }
        };
        Self {
            read: tool(ToolName::from_static("calendar_list_events"), "events.read"),
            write: tool(ToolName::from_static("calendar_add_event"), "events.write"),
        }
    }

    fn calls(&self) -> Vec<(String, String)> {
        self.read.calls.lock().expect("a lock").clone()
    }
}

/// Alice's browser at an agent with both providers.
struct Two {
    world: World,
    machine: Machine,
    calendar: Arc<Calendar>,
    alice: Browser,
    proxies: tests::Proxies,
}

impl Two {
    async fn new() -> Self {
        let (world, proxies) = World::proxied(Setup::default()).await;
        let calendar = Arc::new(Calendar::new(&world));
        let tools: Arc<dyn ToolSource> = Arc::<Calendar>::clone(&calendar);
        let machine = Machine::with_tools(&world, tools).await;
        let alice = world.browser_of("alice").await;
        Self { world, machine, calendar, alice, proxies }
    }

    async fn invoke(&self, body: Value) -> Value {
        let answer = self.machine.invoke(&self.alice, "alice", &body).await;
        let (status, answer) = answer.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    async fn say(&self, message: &str) -> Value {
        self.invoke(json!({ "sessionId": SESSION, "message": message })).await
    }

    async fn go_on(&self) -> Value {
        self.invoke(json!({ "sessionId": SESSION })).await
    }

    /// A request of alice's without a body.
    async fn ask(&self, method: Method, path: &str) -> Value {
        let url = self.machine.address.join(path).expect("an address");
        let request = Client::new().request(method, url);
        let request = request.header("x-amzn-oidc-data", self.machine.token("alice"));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("JSON")
    }

    /// Gives the consent that `interrupt` asks for.
    async fn consent(&self, interrupt: &Value) {
        let asked = json!({ "interrupts": [interrupt] });
        self.world.consent(&self.alice, &asked, "octo-alice").await;
    }
}

fn interrupts(answer: &Value) -> &[Value] {
    answer["interrupts"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[track_caller]
fn assert_waits_for(interrupt: &Value, provider: &str, scopes: &[&str]) {
    assert_eq!(interrupt["reason"], "authorization_required", "{interrupt}");
    assert_eq!(interrupt["provider"], provider, "{interrupt}");
    assert_eq!(interrupt["scopes"], json!(scopes), "{interrupt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_each_provider_is_asked_for_its_own_scopes_and_frees_its_own_calls_alone() {
    let two = Two::new().await;
    let asked = two.say(BOTH).await;
    let [calendar, github] = interrupts(&asked) else { panic!("not two interrupts: {asked}") };
    assert_waits_for(calendar, "calendar", &["events.read"]);
    assert_waits_for(github, "github", &["read:user", "repo"]);
    assert_ne!(calendar["id"], github["id"]);

    two.consent(calendar).await;
    let asked = two.go_on().await;
    let [rest] = interrupts(&asked) else { panic!("not one interrupt: {asked}") };
    assert_waits_for(rest, "github", &["read:user", "repo"]);
    assert_eq!(rest["id"], github["id"], "the same question");
    assert_eq!(two.calendar.calls(), [("octo-alice".to_owned(), "events.read".to_owned())]);
    assert_eq!(two.proxies.github.seen().len(), 0, "no call of GitHub's was freed");

    two.consent(rest).await;
    let answer = two.go_on().await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains("octo-alice/diary") && message.contains("events of"), "{message}");
    assert_eq!(two.calendar.calls().len(), 1, "not repeated");

    // Both at once, with both tokens at hand: each is called with its own provider's.
    assert_eq!(two.say(BOTH).await["status"], "completed");
    let calls = two.calendar.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_declined_provider_leaves_the_other_ones_call_waiting() {
    let two = Two::new().await;
    let asked = two.say(BOTH).await;
    let id = &interrupts(&asked)[0]["id"];
    let resume = json!([{ "interruptId": id, "status": "cancelled" }]);
    let rest = two.invoke(json!({ "sessionId": SESSION, "resume": resume })).await;
    let [github] = interrupts(&rest) else { panic!("not one interrupt: {rest}") };
    assert_waits_for(github, "github", &["read:user", "repo"]);
    two.consent(github).await;
    let answer = two.go_on().await;
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains("octo-alice/diary"), "{message}");
    assert!(message.contains("declined to authorize"), "{message}");
    assert_eq!(two.calendar.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_second_providers_action_is_approved_as_the_account_of_that_provider() {
    let two = Two::new().await;
    let asked = two.say("Please add an event: Water the Tomatoes").await;
    let [calendar] = interrupts(&asked) else { panic!("not one interrupt: {asked}") };
    assert_waits_for(calendar, "calendar", &["events.read", "events.write"]);
    two.consent(calendar).await;
    let asked = two.go_on().await;
    let [action] = interrupts(&asked) else { panic!("not one interrupt: {asked}") };
    assert_eq!(action["reason"], "confirmation_required", "{asked}");
    assert_eq!((&action["account"], two.calendar.calls().len()), (&json!("octo-alice"), 1));
    let resume = json!([{ "interruptId": action["id"], "status": "resolved" }]);
    let answer = two.invoke(json!({ "sessionId": SESSION, "resume": resume })).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    // Previewed twice, the second time to see that nothing has changed, and applied once.
    assert_eq!(two.calendar.calls().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_provider_that_can_not_be_asked_about_tokens_is_listed_and_disconnected_without_that()
{
    let two = Two::new().await;
    let asked = two.say(BOTH).await;
    two.consent(&interrupts(&asked)[0]).await;
    two.go_on().await;
    let list = two.ask(Method::GET, "/connections").await;
    let [calendar, github] = list["connections"].as_array().expect("a list").as_slice() else {
        panic!("not two connections: {list}")
    };
    assert_eq!(
        (&calendar["status"], &github["status"]),
        (&json!("connected"), &json!("not_connected"))
    );
    assert_eq!((&calendar["label"], calendar.get("account")), (&json!("Calendar"), None));
    assert_eq!(calendar["scopes"], json!(["events.read"]));
    // GitHub is down, which is no matter of the calendar's.
    two.proxies.agentcore.rule(|seen| match seen.body.contains("github") {
        true => {
            tests::Fate::aws_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", "")
        }
        false => tests::Fate::Arrives,
    });
    let list = two.ask(Method::GET, "/connections").await;
    assert_eq!(list["connections"][0], *calendar);
    assert_eq!(list["connections"][1]["status"], "unknown");
    let answer = two.ask(Method::DELETE, "/connections/calendar").await;
    assert_eq!(answer["revoked"], "not_possible", "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains("Calendar can't be asked from here"), "{message}");
    let list = two.ask(Method::GET, "/connections").await;
    assert_eq!(list["connections"][0]["status"], "not_connected");
}
