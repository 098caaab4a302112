//! A whole world of stand-ins on free ports, with the handlers on one platform.

use local::{
    Running,
    clock::Clock,
    environment::GITHUB_PROVIDER,
    options::{Options, Platform},
};
use tempfile::TempDir;

use crate::{
    browser::{Browser, Visit},
    deployment::{APPLICATION, Deployment},
    form::Form,
};

/// One running world; it ends with its value.
#[derive(Debug)]
pub struct World {
    /// The stand-ins and the handlers.
    pub running: Running,
    data: TempDir,
    deployment: Option<Deployment>,
}

impl World {
    /// A fresh world with the handlers on `platform`, as binaries those in `SERVICES_BIN_DIR` if
    /// that is set.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn on(platform: Platform) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let options = Options {
            port: 0,
            platform,
            bin_dir: std::env::var_os("SERVICES_BIN_DIR").map(Into::into),
            data: data.path().to_owned(),
            ..Options::default()
        };
        let running = local::start(options, Clock::system()).await;
        Self { running: running.expect("a running world"), data, deployment: None }
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
        Self { running, data, deployment: Some(deployment) }
    }

    /// A fresh world with the handlers in this process.
    pub async fn in_process() -> Self {
        Self::on(Platform::InProcess).await
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

    /// Asks what needs a consent, and answers the link to it.
    ///
    /// # Panics
    /// When no consent is asked for.
    pub async fn ask(&self, browser: &Browser, session: &str) -> String {
        let (status, answer) = browser.say(session, "Which repositories do I have?").await;
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

    /// Everything that was saved, as text.
    ///
    /// # Panics
    /// When the data folder can't be read.
    pub async fn everything_saved(&self) -> String {
        if let Some(deployment) = &self.deployment {
            return deployment.everything_saved().await;
        }
        let mut text = String::new();
        let mut folders = vec![self.data.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    let bytes = std::fs::read(entry.path()).expect("a file");
                    text.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
        }
        text
    }
}
