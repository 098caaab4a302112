//! A whole world of stand-ins on free ports, with the handlers on one platform.

use local::{
    Running,
    clock::Clock,
    options::{Options, Platform},
};
use tempfile::TempDir;

use crate::browser::{Browser, Visit};

/// One running world; it ends with its value.
#[derive(Debug)]
pub struct World {
    /// The stand-ins and the handlers.
    pub running: Running,
    data: TempDir,
}

impl World {
    /// A fresh world with the handlers on `platform`.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn on(platform: Platform) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let options =
            Options { port: 0, platform, data: data.path().to_owned(), ..Options::default() };
        let running = local::start(options, Clock::system()).await;
        Self { running: running.expect("a running world"), data }
    }

    /// A fresh world with the handlers in this process.
    pub async fn in_process() -> Self {
        Self::on(Platform::InProcess).await
    }

    /// A new browser.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(&self.running.addresses)
    }

    /// A new browser in which `person` is signed in.
    ///
    /// # Panics
    /// When the sign-in does not end on the chat page.
    pub async fn browser_of(&self, person: &str) -> Browser {
        let browser = self.browser();
        let page = browser.sign_in(person).await;
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

    /// Takes the disk away from under S3: what it knows it can't read, and it can't write.
    ///
    /// # Panics
    /// When the data folder can't be removed.
    pub fn lose_storage(&self) {
        std::fs::remove_dir_all(self.data.path()).expect("a folder");
    }

    /// Everything that was saved, as text.
    ///
    /// # Panics
    /// When the data folder can't be read.
    #[must_use]
    pub fn everything_saved(&self) -> String {
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
