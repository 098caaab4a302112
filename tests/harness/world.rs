//! A whole world of stand-ins on free ports, with the handlers on one platform.

use std::collections::BTreeMap;

use agentcore_local::GrantLookup;
use local::{
    Running,
    environment::GITHUB_PROVIDER,
    options::{Options, Platform},
};
use serde_json::Value;
use stand_in::Clock;
use tempfile::TempDir;

use crate::{
    browser::{Browser, Visit},
    deployment::{APPLICATION, Deployment},
    form::Form,
    logs::Logs,
    proxy::Proxy,
    written::{Written, text_in},
};

/// One running world; it ends with its value.
#[derive(Debug)]
pub struct World {
    /// The stand-ins and the handlers.
    pub running: Running,
    /// What the services were configured with besides what they always are.
    pub variables: BTreeMap<String, String>,
    written: Option<Written>,
    data: TempDir,
    deployment: Option<Deployment>,
}

/// How a world differs from the usual one.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How the handlers run.
    pub platform: Platform,
    /// Variables of the services.
    pub variables: BTreeMap<String, String>,
    /// The time for all that is in this process.
    pub clock: Clock,
    /// Which stored grant the vault returns for a request.
    pub grant_lookup: GrantLookup,
    /// Whether the app at GitHub is a GitHub App.
    pub github_app: bool,
    /// Whether there is a calendar: a second provider and an MCP server.
    pub calendar: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            platform: Platform::InProcess,
            variables: BTreeMap::new(),
            clock: Clock::system(),
            grant_lookup: GrantLookup::ByRequest,
            github_app: false,
            calendar: false,
        }
    }
}

impl Setup {
    /// With one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }
}

/// The services' ways to the stand-ins, each through a proxy.
#[derive(Debug, Clone)]
pub struct Proxies {
    /// To AgentCore Identity.
    pub agentcore: Proxy,
    /// To GitHub's REST API.
    pub github: Proxy,
    /// To the model.
    pub bedrock: Proxy,
    /// To the conversations.
    pub s3: Proxy,
}

impl World {
    /// A fresh world as `setup` says, with the binaries in `SERVICES_BIN_DIR` if that is set.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn with(setup: Setup) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let Setup { platform, variables, clock, grant_lookup, github_app, calendar } = setup;
        let options = Options {
            port: 0,
            platform,
            bin_dir: std::env::var_os("SERVICES_BIN_DIR").map(Into::into),
            data: data.path().to_owned(),
            variables: variables.clone(),
            grant_lookup,
            github_app,
            no_calendar: !calendar,
            ..Options::default()
        };
        let logs = Logs::kept();
        let running = local::start(options, clock).await.expect("a running world");
        let written = Some(Written::new(logs, data.path(), &running.variables["CONSENT_KEY"]));
        Self { running, variables, written, data, deployment: None }
    }

    /// A fresh world as `setup` says, whose services reach the stand-ins through proxies.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn proxied(setup: Setup) -> (Self, Proxies) {
        let proxies = Proxies {
            agentcore: Proxy::new().await,
            github: Proxy::new().await,
            bedrock: Proxy::new().await,
            s3: Proxy::new().await,
        };
        let origin = |proxy: &Proxy| proxy.address.as_str().trim_end_matches('/').to_owned();
        let setup = setup
            .with("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", origin(&proxies.agentcore))
            .with("GITHUB_API_URL", origin(&proxies.github))
            .with("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", origin(&proxies.bedrock))
            .with("AWS_ENDPOINT_URL_S3", origin(&proxies.s3));
        let mut world = Self::with(setup).await;
        world.watch_model(&proxies.bedrock);
        let addresses = &world.running.addresses;
        proxies.agentcore.lead_to(&addresses.agentcore);
        proxies.github.lead_to(&addresses.github);
        proxies.bedrock.lead_to(&addresses.bedrock);
        proxies.s3.lead_to(&addresses.s3);
        (world, proxies)
    }

    /// Looks at what goes to the model through `proxy`, too, when this world ends.
    pub fn watch_model(&mut self, proxy: &Proxy) {
        self.written.iter_mut().for_each(|it| it.watch_model(proxy));
    }

    /// A fresh world with the handlers on `platform`.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn on(platform: Platform) -> Self {
        Self::with(Setup { platform, ..Setup::default() }).await
    }

    /// A fresh world in which the services, the load balancer, the identity provider and S3 are
    /// the deployment's, and only AgentCore Identity, GitHub and the model are stand-ins.
    ///
    /// # Panics
    /// When it can't be deployed.
    pub async fn deployed() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let options = Options {
            port: 0,
            stand_ins_for: Some(APPLICATION.parse().expect("an address")),
            data: data.path().to_owned(),
            ..Options::default()
        };
        let running = local::start(options, Clock::system()).await.expect("running stand-ins");
        let deployment = Deployment::new(&running).await;
        Self {
            running,
            variables: BTreeMap::new(),
            written: None,
            data,
            deployment: Some(deployment),
        }
    }

    /// A fresh world with the handlers in this process.
    pub async fn in_process() -> Self {
        Self::on(Platform::InProcess).await
    }

    /// Ends this world, and starts it again with what it has saved, or `fresh`.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn again(self, fresh: bool) -> Self {
        self.running.shutdown().await;
        let data = self.data.path().to_owned();
        let variables = self.variables.clone();
        let options = Options { port: 0, data, fresh, variables, ..Options::default() };
        let running = local::start(options, Clock::system()).await.expect("a running world");
        Self { running, ..self }
    }

    /// A new browser.
    #[must_use]
    pub fn browser(&self) -> Browser {
        let client = match &self.deployment {
            Some(deployment) => deployment.client(),
            None => reqwest::Client::builder(),
        };
        Browser::new(client, &self.running.addresses)
    }

    /// Signs `person` in at the load balancer and ends on the chat page.
    pub async fn sign_in(&self, browser: &Browser, person: &str) -> Visit {
        let page = browser.open(self.running.addresses.application.as_str()).await;
        let form = Form::in_page(&page.text);
        let form = match &self.deployment {
            Some(it) => form.with("username", person).with("password", &it.password(person)),
            None => form.with("user", person),
        };
        browser.submit(&page, form).await
    }

    /// The credential provider's name.
    #[must_use]
    pub fn provider(&self) -> String {
        self.deployment.as_ref().map_or_else(|| GITHUB_PROVIDER.to_owned(), Deployment::provider)
    }

    /// What was deployed.
    ///
    /// # Panics
    /// When nothing was.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        self.deployment.as_ref().expect("a deployment")
    }

    /// A new browser in which `person` is signed in.
    ///
    /// # Panics
    /// When the sign-in does not end on the chat page.
    pub async fn browser_of(&self, person: &str) -> Browser {
        let browser = self.browser();
        let page = self.sign_in(&browser, person).await;
        assert!(page.status.is_success(), "{person} can't sign in: {page:?}");
        browser
    }

    /// Someone signs in over the user who was signed in in `browser`.
    pub async fn sign_in_over(&self, browser: &Browser, person: &str) {
        browser.take_session_of(&self.browser_of(person).await);
    }

    /// Asks what needs a consent, and returns the link to it.
    ///
    /// # Panics
    /// When no consent is asked for.
    pub async fn ask(&self, browser: &Browser, session: &str) -> String {
        let (status, answer) =
            browser.say(session, "Which repositories do I have, private ones too?").await;
        assert!(status.is_success(), "{status}: {answer}");
        let url = answer["interrupts"][0]["url"].as_str();
        url.unwrap_or_else(|| panic!("no consent asked for: {answer}")).to_owned()
    }

    /// Asks, consents as `account`, and ends on the page after consent.
    pub async fn connect(&self, browser: &Browser, session: &str, account: &str) -> Visit {
        let link = self.ask(browser, session).await;
        let page = browser.open(&link).await;
        browser.consent(&page, account).await
    }

    /// Follows the link of the consent that `answer` asks for, and consents as `account`.
    ///
    /// # Panics
    /// When no consent is asked for.
    pub async fn consent(&self, browser: &Browser, answer: &Value, account: &str) -> Visit {
        let link = answer["interrupts"][0]["url"].as_str();
        let link = link.unwrap_or_else(|| panic!("no consent asked for: {answer}"));
        let page = browser.open(link).await;
        browser.consent(&page, account).await
    }

    /// Takes the disk away from under S3: what it knows it can't read, and it can't write.
    ///
    /// # Panics
    /// When the data folder can't be removed.
    pub fn lose_storage(&self) {
        std::fs::remove_dir_all(self.data.path()).expect("a folder");
    }

    /// Everything that was saved, as text.
    pub async fn everything_saved(&self) -> String {
        if let Some(deployment) = &self.deployment {
            return deployment.everything_saved().await;
        }
        text_in(self.data.path())
    }
}
