//! An application that calls with its users' bearer tokens and receives the return URL itself: the
//! same flow, the same checks, no load balancer and no cookies (M9, M15).

use container::Limits;
use std::{
    collections::BTreeMap,
    future,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bind_session::BindSession;
use identity_vectors::{CLIENT, Kind, SigningKey, World as Issuer};
use invoke::Invoke;
use local::environment;
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tests::{World, parameter};
use tokio::net::TcpListener;
use url::Url;

const SESSION: &str = "application";
const BINDING: &str = "/oauth2/session-binding";

/// Both services, believing one issuer's bearer tokens, and an application before them.
pub(crate) struct Application {
    pub(crate) world: World,
    issuer: Issuer,
    variables: BTreeMap<String, String>,
    pub(crate) invoke: Url,
    pub(crate) binder: Url,
    client: Client,
}

/// What the application knows once the user's browser has come back to it.
struct Returned {
    session_id: String,
    state: String,
    flow: String,
}

impl Returned {
    fn body(&self) -> Value {
        json!({ "session_id": self.session_id, "state": self.state, "flow": self.flow })
    }
}

impl Application {
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let world = World::in_process().await;
        let issuer = Issuer::start().await;
        let running = &world.running;
        let client_id = environment::OIDC_CLIENT_ID;
        let mut variables: BTreeMap<String, String> =
            environment::functions(&running.addresses, &running.issuer, client_id);
        let own = issuer.variables(Kind::Bearer).into_iter();
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        variables.extend(more);
        let (invoke_at, invoke) = listener().await;
        let (binder_at, binder) = listener().await;
        let agent = Invoke::start(&variables).expect("a handler");
        let bind = BindSession::start(&variables).expect("a handler");
        tokio::spawn(container::serve(invoke_at, agent, Limits::default(), future::pending()));
        tokio::spawn(container::serve(binder_at, bind, Limits::default(), future::pending()));
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        Self { world, issuer, variables, invoke, binder, client }
    }

    /// Another workload with the same variables, and `more` of them.
    pub(crate) async fn another_workload(&self, more: &[(&str, &str)]) -> Url {
        let mut variables = self.variables.clone();
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        variables.extend(more);
        let (at, address) = listener().await;
        let agent = Invoke::start(&variables).expect("a handler");
        tokio::spawn(container::serve(at, agent, Limits::default(), future::pending()));
        address
    }

    /// A fresh token of `person`: no two are the same.
    pub(crate) fn token(&self, person: &str) -> String {
        self.token_with(person, &json!({ "aud": CLIENT }))
    }

    /// One that has these claims, too.
    fn token_with(&self, person: &str, more: &Value) -> String {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let header = json!({ "alg": "ES256", "kid": "p256", "typ": "JWT" });
        let mut claims = json!({
            "iss": self.issuer.issuer(), "sub": person, "iat": now,
            "exp": now + 600, "groups": [format!("friends of {person}")], "jti": NUMBER.fetch_add(1, Ordering::SeqCst).to_string(),
        });
        for (name, value) in more.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = SigningKey::P256.sign("ES256", signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn request(
        &self,
        method: Method,
        at: &Url,
        path: &str,
        token: &str,
    ) -> RequestBuilder {
        let address = at.join(path).expect("an address");
        self.client.request(method, address).bearer_auth(token)
    }

    async fn invoke(&self, token: &str, body: Value) -> Value {
        let request = self.request(Method::POST, &self.invoke, "/invocations", token);
        let answer = request.json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("JSON")
    }

    /// Asks as `token` says, leads a browser through the consent, and takes the return.
    async fn consented(&self, token: &str) -> Returned {
        let body = json!({ "sessionId": SESSION, "message": "Which repositories do I have, private ones too?" });
        let asked = self.invoke(token, body).await;
        let link = asked["interrupts"][0]["url"].as_str().expect("a link");
        let link = Url::parse(link).expect("an address");
        let flow = parameter(&link, "flow").expect("a sealed flow");
        // The application opens the link itself, because a browser has no token to send along.
        let path = format!("{}?{}", link.path(), link.query().expect("a query"));
        let hop = self.request(Method::GET, &self.invoke, &path, token).send().await;
        let hop = hop.expect("an answer");
        assert_eq!(hop.status(), StatusCode::SEE_OTHER);
        let provider = hop.headers()["location"].to_str().expect("an address").to_owned();
        let browser = self.world.browser();
        let page = browser.open(&provider).await;
        let back = browser.consent_until(&page, "octo-alice", |at| at.path() == BINDING).await;
        let of = |name: &str| back.parameter(name).expect("a parameter");
        Returned { session_id: of("session_id"), state: of("state"), flow }
    }

    async fn bind(&self, token: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request(Method::POST, &self.binder, BINDING, token);
        let answer = request.json(body).send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    async fn assert_refused(&self, token: &str, body: &Value, code: &str, status: StatusCode) {
        let (got, problem) = self.bind(token, body).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{problem}");
    }
}

async fn listener() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, Url::parse(&format!("http://{address}")).expect("an address"))
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_an_application_binds_for_its_user_and_the_agent_goes_on() {
    let application = Application::with(&[("BROWSER_BINDING", "off")]).await;
    let returned = application.consented(&application.token("alice")).await;
    // By her id, so that a token that was renewed meanwhile does.
    let (status, bound) = application.bind(&application.token("alice"), &returned.body()).await;
    assert_eq!((status, &bound["result"]), (StatusCode::OK, &json!("connected")), "{bound}");
    let body = json!({ "sessionId": SESSION });
    let answer = application.invoke(&application.token("alice"), body).await;
    assert!(answer["message"].as_str().is_some_and(|it| it.contains("diary")), "{answer}");
    let used = returned.body();
    let token = application.token("alice");
    application.assert_refused(&token, &used, "session_refused", StatusCode::FORBIDDEN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_an_application_can_not_bind_with_another_user_state_flow_or_session() {
    let application = Application::with(&[("BROWSER_BINDING", "off")]).await;
    let (alice, bob) = (application.token("alice"), application.token("bob"));
    let returned = application.consented(&alice).await;
    let of_bob = application.consented(&bob).await;
    let forbidden = StatusCode::FORBIDDEN;
    let with = |name: &str, value: &str| {
        let mut body = returned.body();
        body[name] = json!(value);
        body
    };
    application.assert_refused(&bob, &returned.body(), "another_user", forbidden).await;
    for state in ["", "guessed", &of_bob.state] {
        application.assert_refused(&alice, &with("state", state), "wrong_state", forbidden).await;
    }
    for flow in ["", "done", "forged", &of_bob.flow] {
        application.assert_refused(&alice, &with("flow", flow), "no_flow", forbidden).await;
    }
    let foreign = with("session_id", &of_bob.session_id);
    application.assert_refused(&alice, &foreign, "no_flow", forbidden).await;
    let malformed = with("session_id", "https://evil.example");
    application.assert_refused(&alice, &malformed, "malformed", StatusCode::BAD_REQUEST).await;
    for missing in [json!({}), json!([]), json!({ "session_id": returned.session_id })] {
        let (status, _) = application.bind(&alice, &missing).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{missing}");
    }
    let (status, _) = application.bind(&alice, &returned.body()).await;
    assert_eq!(status, StatusCode::OK, "she herself still can");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_return_posted_without_a_token_from_another_site_or_as_a_form_is_refused() {
    let application = Application::with(&[("BROWSER_BINDING", "off")]).await;
    let alice = application.token("alice");
    let returned = application.consented(&alice).await;
    let address = application.binder.join(BINDING).expect("an address");
    let anonymous = application.client.post(address).json(&returned.body());
    let answer = anonymous.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let post = || application.request(Method::POST, &application.binder, BINDING, &alice);
    let foreign = post().json(&returned.body()).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    let form = post().form(&[("session_id", &returned.session_id)]);
    let status = form.send().await.expect("an answer").status();
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, _) = application.bind(&alice, &returned.body()).await;
    assert_eq!(status, StatusCode::OK, "nothing was used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_browser_binding_is_checked_in_bearer_mode() {
    let application = Application::with(&[]).await;
    let alice = application.token("alice");
    let body = json!({ "sessionId": SESSION, "message": "Which repositories do I have, private ones too?" });
    let asked = application.invoke(&alice, body).await;
    let link = asked["interrupts"][0]["url"].as_str().expect("a link");
    let link = Url::parse(link).expect("an address");
    let path = format!("{}?{}", link.path(), link.query().expect("a query"));
    let hop = application.request(Method::GET, &application.invoke, &path, &alice).send().await;
    assert_eq!(hop.expect("an answer").status(), StatusCode::FORBIDDEN, "no cookie came along");
    let flow = parameter(&link, "flow").expect("a flow");
    let session_id = "urn:ietf:params:oauth:request_uri:unknown";
    let body = json!({ "session_id": session_id, "state": "x", "flow": flow });
    application.assert_refused(&alice, &body, "no_flow", StatusCode::FORBIDDEN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_user_named_by_token_is_bound_with_that_token_only() {
    let by_token = [("BROWSER_BINDING", "off"), ("VAULT_IDENTITY", "user-token")];
    let application = Application::with(&by_token).await;
    let alice = application.token("alice");
    let returned = application.consented(&alice).await;
    let renewed = application.token("alice");
    let body = returned.body();
    application.assert_refused(&renewed, &body, "session_refused", StatusCode::FORBIDDEN).await;
    let (status, bound) = application.bind(&alice, &body).await;
    assert_eq!((status, &bound["result"]), (StatusCode::OK, &json!("connected")), "{bound}");
    // What she allowed is hers, by whichever token.
    let answer = application.invoke(&renewed, json!({ "sessionId": SESSION })).await;
    assert!(answer["message"].as_str().is_some_and(|it| it.contains("diary")), "{answer}");
    let bob = application.token("bob");
    let body = json!({ "sessionId": SESSION, "message": "Which repositories do I have, private ones too?" });
    assert_eq!(application.invoke(&bob, body).await["status"], "interrupted");
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_return_is_taken_by_get_and_post_where_callers_bring_tokens() {
    let application = Application::with(&[("BROWSER_BINDING", "off")]).await;
    let alice = application.token("alice");
    let request = application.request(Method::PUT, &application.binder, BINDING, &alice);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "GET, POST");
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_bearer_token_without_the_claim_that_users_need_is_refused_by_both_services() {
    let application = Application::with(&[("ALLOW_CLAIM", "groups=friends of alice,ops")]).await;
    let (alice, bob) = (application.token("alice"), application.token("bob"));
    let hello = json!({ "sessionId": SESSION, "message": "Hello!" });
    let flow = json!({ "session_id": "x", "state": "x", "flow": "x" });
    let requests = [
        (&application.invoke, "/invocations", hello, StatusCode::OK),
        (&application.binder, BINDING, flow, StatusCode::BAD_REQUEST),
    ];
    for (at, path, body, else_is) in requests {
        let ask = |token: &str| application.request(Method::POST, at, path, token).json(&body);
        let refused = ask(&bob).send().await.expect("an answer");
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        let refused: Value = refused.json().await.expect("JSON");
        assert_eq!(refused["code"], "not_allowed");
        let welcome = ask(&alice).send().await.expect("an answer");
        assert_eq!(welcome.status(), else_is);
    }
}

/// Somebody sends the ID token of a user of the same pool, which their browser has seen.
#[tokio::test(flavor = "multi_thread")]
async fn m15_cognitos_access_tokens_sign_in_at_both_services_and_its_id_tokens_do_not() {
    let application = Application::with(&[("BEARER_AUDIENCE_CLAIM", "client_id")]).await;
    let access = json!({ "client_id": CLIENT, "token_use": "access" });
    let access = application.token_with("alice", &access);
    let id = application.token_with("alice", &json!({ "aud": CLIENT, "token_use": "id" }));
    let hello = json!({ "sessionId": SESSION, "message": "Hello!" });
    let flow = json!({ "session_id": "x", "state": "x", "flow": "x" });
    let requests = [
        (&application.invoke, "/invocations", hello, StatusCode::OK),
        (&application.binder, BINDING, flow, StatusCode::BAD_REQUEST),
    ];
    for (at, path, body, else_is) in requests {
        for (token, status) in [(&access, else_is), (&id, StatusCode::UNAUTHORIZED)] {
            let request = application.request(Method::POST, at, path, token).json(&body);
            assert_eq!(request.send().await.expect("an answer").status(), status, "{path}");
        }
    }
}
