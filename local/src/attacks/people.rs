//! The people of the attacks, whom the stand-in for an identity provider knows, and their accounts at GitHub.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, BrowsingError};

use super::{ending::AttackError, told::Answer};

/// A person of the attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) name: &'static str,
    /// Their account at GitHub.
    pub(super) account: &'static str,
}

/// The victim.
pub(super) const CAROL: Role = Role { name: "carol", account: "octo-carol" };
/// The attacker.
pub(super) const MALLORY: Role = Role { name: "mallory", account: "octo-mallory" };

/// How the names of the load balancer's session cookies begin.
pub(super) const SESSION_COOKIES: &str = "AWSELB";
/// How the names of the flows' cookies begin, on plain HTTP.
pub(super) const FLOW_COOKIES: &str = "flow-";

/// Somebody with a browser.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) role: Role,
    pub(super) browser: Browser,
    application: Url,
}

impl Person {
    pub(super) fn new(role: Role, application: &Url) -> Result<Self, BrowsingError> {
        let browser = Browser::new(application)?;
        Ok(Self { role, browser, application: application.clone() })
    }

    /// What a script of one of the application's own pages does.
    pub(super) async fn fetch(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, AttackError> {
        self.fetch_with(method, path, body, &[("sec-fetch-site", "same-origin")]).await
    }

    /// A script's request with these `headers`.
    pub(super) async fn fetch_with(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, AttackError> {
        let address = self.address(path)?;
        let mut request = self.browser.request(method, &address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(Answer::to(request, &address).await?)
    }

    /// One turn of a conversation.
    pub(super) async fn say(
        &self,
        conversation: &str,
        message: &str,
    ) -> Result<Answer, AttackError> {
        let body = json!({ "sessionId": conversation, "message": message });
        self.fetch(Method::POST, "/invocations", Some(&body)).await
    }

    /// Puts those of `other`'s cookies into this person's browser whose names begin with `prefix`.
    pub(super) fn take_cookies_of(&self, other: &Self, prefix: &str) {
        let cookies = other.browser.cookies(&self.application);
        for cookie in cookies.iter().filter(|cookie| cookie.starts_with(prefix)) {
            self.browser.add_cookie(cookie, &self.application);
        }
    }

    /// An address of the application.
    pub(super) fn address(&self, path: &str) -> Result<Url, AttackError> {
        let address = self.application.join(path);
        address.map_err(|error| AttackError::Unexpected(error.to_string()))
    }
}
