//! The stand-ins for AgentCore Identity and GitHub, a clock that can be moved, the SDK, and a browser.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use agentcore_local::{AgentCore, GrantLookup, Settings};
use aws_sdk_bedrockagentcore::{
    Client as Sdk,
    config::{BehaviorVersion, Config, Credentials, Region},
    error::{ProvideErrorMetadata, SdkError},
    operation::get_resource_oauth2_token::{
        GetResourceOauth2TokenOutput, builders::GetResourceOauth2TokenFluentBuilder,
    },
    types::{Oauth2FlowType, UserIdentifier},
};
use github_local::GitHub;
use reqwest::{Client as Browser, Response, StatusCode, redirect::Policy};
use serde_json::Value;
use stand_in::Clock;
use tokio::net::TcpListener;
use url::Url;

pub(crate) const WORKLOAD: &str = "workload";
pub(crate) const PROVIDER: &str = "github";
pub(crate) const RETURN_URL: &str = "http://127.0.0.1:9/oauth2/session-binding?from=here";
pub(crate) const SIGNED: &str = "AWS4-HMAC-SHA256 \
     Credential=KEY/20260101/eu-central-1/bedrock-agentcore/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=00";

/// A value, or an error's code and message.
pub(crate) type Outcome<T> = Result<T, (String, String)>;

/// A consent flow as the application knows it.
pub(crate) struct Flow {
    pub(crate) authorization_url: String,
    pub(crate) session_uri: String,
}

pub(crate) struct World {
    pub(crate) core: AgentCore,
    pub(crate) base: Url,
    pub(crate) github: Url,
    pub(crate) sdk: Sdk,
    pub(crate) browser: Browser,
    pub(crate) clock: Clock,
    provider: GitHub,
    minutes: Arc<AtomicU64>,
}

pub(crate) async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, base)
}

pub(crate) fn serve(listener: TcpListener, router: axum::Router) {
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(GrantLookup::ByRequest).await
    }

    pub(crate) async fn with(grant_lookup: GrantLookup) -> Self {
        Self::build(grant_lookup, |_| Settings::default()).await
    }

    pub(crate) async fn build(
        grant_lookup: GrantLookup,
        settings: impl FnOnce(&AgentCore) -> Settings,
    ) -> Self {
        let minutes = Arc::new(AtomicU64::new(0));
        let (start, passed) = (SystemTime::now(), Arc::clone(&minutes));
        let clock =
            Clock::new(move || start + Duration::from_secs(60 * passed.load(Ordering::SeqCst)));
        let (github_listener, github) = listen().await;
        let provider = GitHub::new(github.clone(), clock.clone());
        let (listener, base) = listen().await;
        let core = AgentCore::new(base.clone(), clock.clone()).with_grant_lookup(grant_lookup);
        let settings = settings(&core);
        let core = core.with_settings(settings);
        core.create_workload_identity(WORKLOAD, &[RETURN_URL.parse().unwrap()]);
        let callback = core.create_github_provider(PROVIDER, "app", "secret", &github);
        provider.register_app("app", "secret", callback);
        serve(github_listener, provider.router());
        serve(listener, core.router().merge(core.pages()));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("KEY", "secret", None, None, "test"))
            .endpoint_url(base.as_str())
            .build();
        let browser = Browser::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let sdk = Sdk::from_conf(config);
        Self { core, base, github, sdk, browser, clock, provider, minutes }
    }

    pub(crate) fn let_minutes_pass(&self, minutes: u64) {
        self.minutes.fetch_add(minutes, Ordering::SeqCst);
    }

    /// A provider named `name` at a GitHub App, whose tokens expire.
    pub(crate) fn add_expiring_provider(&self, name: &str) {
        let callback = self.core.create_github_provider(name, name, "secret", &self.github);
        self.provider.register_github_app(name, "secret", callback);
    }

    /// Revokes every token at GitHub.
    pub(crate) fn revoke_all(&self) {
        self.provider.revoke_all();
    }

    pub(crate) fn register_app(&self, client_id: &str, secret: &str, callback: Url) {
        self.provider.register_app(client_id, secret, callback);
    }

    pub(crate) async fn workload_token(&self, user: &str) -> String {
        let call = self.sdk.get_workload_access_token_for_user_id();
        let answer = call.workload_name(WORKLOAD).user_id(user).send().await.unwrap();
        answer.workload_access_token().to_owned()
    }

    /// A request for a user's token at the provider; a test can add to it.
    pub(crate) async fn ask(
        &self,
        user: &str,
        scopes: &[&str],
    ) -> GetResourceOauth2TokenFluentBuilder {
        self.ask_with(self.workload_token(user).await, scopes)
    }

    pub(crate) fn ask_with(
        &self,
        workload_token: String,
        scopes: &[&str],
    ) -> GetResourceOauth2TokenFluentBuilder {
        self.sdk
            .get_resource_oauth2_token()
            .workload_identity_token(workload_token)
            .resource_credential_provider_name(PROVIDER)
            .set_scopes(Some(scopes.iter().map(|&scope| scope.to_owned()).collect()))
            .oauth2_flow(Oauth2FlowType::UserFederation)
            .resource_oauth2_return_url(RETURN_URL)
    }

    /// As [`Self::ask`], at another provider.
    pub(crate) async fn ask_at(&self, provider: &str) -> GetResourceOauth2TokenOutput {
        let call = self.ask("alice", &["repo"]).await;
        call.resource_credential_provider_name(provider).send().await.unwrap()
    }

    /// A flow of alice's at another provider, from its beginning to its completion. Returns the
    /// token.
    pub(crate) async fn connect_at(&self, provider: &str) -> String {
        let flow = flow(&self.ask_at(provider).await);
        self.decide(&flow, "octo-alice", "authorize").await;
        self.complete(&flow.session_uri, user_id("alice")).await.unwrap();
        self.ask_at(provider).await.access_token().unwrap().to_owned()
    }

    /// Begins a flow with the custom state `nonce`.
    pub(crate) async fn begin(&self, user: &str, scopes: &[&str]) -> Flow {
        let call = self.ask(user, scopes).await.custom_state("nonce");
        flow(&call.send().await.unwrap())
    }

    pub(crate) async fn open(&self, url: &str) -> Response {
        self.browser.get(url).send().await.unwrap()
    }

    /// Returns the target of a redirect.
    pub(crate) async fn follow(&self, url: &str) -> Url {
        let answer = self.open(url).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "no redirect at {url}");
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    }

    /// Follows a flow to the provider, decides there as `account`, and follows the redirect back. Returns
    /// the address at the application.
    pub(crate) async fn decide(&self, flow: &Flow, account: &str, decision: &str) -> Url {
        let provider = self.follow(&flow.authorization_url).await;
        let mut form: HashMap<String, String> = provider.query_pairs().into_owned().collect();
        form.insert("account".to_owned(), account.to_owned());
        if decision == "cancel" {
            form.insert("decision".to_owned(), decision.to_owned());
        }
        let page = self.github.join("login/oauth/authorize").unwrap();
        let answer = self.browser.post(page).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        self.follow(answer.headers()["location"].to_str().unwrap()).await
    }

    pub(crate) async fn complete(&self, session: &str, user: UserIdentifier) -> Outcome<()> {
        let call = self.sdk.complete_resource_token_auth();
        outcome(call.session_uri(session).user_identifier(user).send().await).map(|_| ())
    }

    /// A flow from its beginning to its completion. Returns the token.
    pub(crate) async fn connect(&self, user: &str, account: &str, scopes: &[&str]) -> String {
        let flow = self.begin(user, scopes).await;
        self.decide(&flow, account, "authorize").await;
        self.complete(&flow.session_uri, user_id(user)).await.unwrap();
        let answer = self.ask(user, scopes).await.send().await.unwrap();
        answer.access_token().unwrap().to_owned()
    }

    /// Whose token it is.
    pub(crate) async fn login(&self, token: &str) -> String {
        let answer = self.use_token(token).await;
        answer.json::<Value>().await.unwrap()["login"].as_str().unwrap().to_owned()
    }

    /// Calls GitHub with a token.
    pub(crate) async fn use_token(&self, token: &str) -> Response {
        let request = self.browser.get(self.github.join("user").unwrap());
        request.bearer_auth(token).header("user-agent", "test").send().await.unwrap()
    }

    /// Calls an operation without the SDK.
    pub(crate) async fn post(
        &self,
        operation: &str,
        authorization: &str,
        body: &Value,
    ) -> Response {
        let url = self.base.join(&format!("identities/{operation}")).unwrap();
        let request = self.browser.post(url).header("authorization", authorization);
        request.json(body).send().await.unwrap()
    }

    /// Calls an operation of the control plane, for which there is no SDK here.
    pub(crate) async fn control(&self, operation: &str, body: Value) -> (u16, Value) {
        let answer = self.post(operation, SIGNED, &body).await;
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }
}

pub(crate) fn flow(answer: &GetResourceOauth2TokenOutput) -> Flow {
    assert_eq!(answer.access_token(), None);
    Flow {
        authorization_url: answer.authorization_url().unwrap().to_owned(),
        session_uri: answer.session_uri().unwrap().to_owned(),
    }
}

pub(crate) fn user_id(user: &str) -> UserIdentifier {
    UserIdentifier::UserId(user.to_owned())
}

/// A call's outcome with the name and the message of its error.
pub(crate) fn outcome<T, E, R>(answer: Result<T, SdkError<E, R>>) -> Outcome<T>
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    answer.map_err(|error| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (text(error.code()), text(error.message()))
    })
}

/// The query of an address.
pub(crate) fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}
