//! A GitHub App in place of an OAuth app.
//!
//! Its tokens have no scopes. They reach what the app's permissions and the user's own rights allow, in the
//! repositories that the user has chosen for it, and read what is public (GitHub, "Choosing permissions for a
//! GitHub App"). So no consent makes such a token stronger: what is missing is chosen on the page where the
//! app is installed, and its link is for the user.

use std::str::FromStr;

use agent::tool::{Failure, Notice, TokenVerdict};
use url::Url;

use crate::refusal::{NOT_ACCESSIBLE, NOT_FOUND};

/// What a GitHub App is called in its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppName(String);

/// What can't be an [`AppName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the app's name as its address has it, https://github.com/apps/NAME: a-z 0-9 -")]
pub struct InvalidAppName;

impl FromStr for AppName {
    type Err = InvalidAppName;

    fn from_str(name: &str) -> Result<Self, InvalidAppName> {
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_name = (1..=100).contains(&name.len()) && name.bytes().all(is_allowed);
        is_name.then(|| Self(name.to_owned())).ok_or(InvalidAppName)
    }
}

/// A GitHub App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Where a user installs it and chooses the repositories.
    installation: String,
}

impl App {
    /// The app `name` at the site that belongs to the API `api`.
    #[must_use]
    pub fn new(AppName(name): &AppName, api: &Url) -> Self {
        let site = api.origin().ascii_serialization().replacen("://api.", "://", 1);
        // GitHub Enterprise Server has the API on the site's own host, and the apps elsewhere.
        let apps = if api.path().starts_with("/api/v3") { "github-apps" } else { "apps" };
        Self { installation: format!("{site}/{apps}/{name}/installations/new") }
    }

    /// What a user decides about it besides the consent.
    pub(crate) fn choice(&self) -> String {
        let link = &self.installation;
        format!("You choose the repositories at GitHub ({link}), before or after you consent.")
    }

    /// What the model is told of a list of repositories.
    pub(crate) fn left_out(&self) -> String {
        let link = &self.installation;
        format!(
            "Private repositories that the user has not chosen for the GitHub App. They choose at {link}"
        )
    }

    /// Says for what is missing where the user chooses it.
    pub(crate) fn explain(&self, failure: &mut Failure) {
        let link = &self.installation;
        let (about, missing) = match (failure.code, &failure.token) {
            (NOT_FOUND, TokenVerdict::Hidden { said_as, .. }) => {
                failure.text.push_str(
                    " The GitHub App is shown a private repository only if the user has chosen it.",
                );
                let Some(name) = said_as.iter().find(|phrase| phrase.contains('/')) else { return };
                (name.clone(), format!("GitHub does not show {name} to the app."))
            }
            (NOT_ACCESSIBLE, _) => {
                let text =
                    "GitHub lets the app do this only in repositories that are chosen for it.";
                ("the GitHub App".to_owned(), text.to_owned())
            }
            _ => return,
        };
        let text = format!("{missing} Choose the repositories, and ask again: {link}");
        failure.notice = Some(Box::new(Notice { about, text }));
    }
}

#[cfg(test)]
mod tests {
    use super::{App, AppName};

    #[test]
    fn an_app_is_installed_at_the_site_that_belongs_to_the_api() {
        let name: AppName = "acme-agent".parse().unwrap();
        for (api, site) in [
            ("https://api.github.com", "https://github.com/apps"),
            ("https://api.acme.ghe.com/", "https://acme.ghe.com/apps"),
            ("https://git.acme.example/api/v3", "https://git.acme.example/github-apps"),
            ("http://127.0.0.1:8083", "http://127.0.0.1:8083/apps"),
        ] {
            let app = App::new(&name, &api.parse().unwrap());
            assert_eq!(app.installation, format!("{site}/acme-agent/installations/new"));
        }
    }

    #[test]
    fn a_name_is_one_part_of_an_address() {
        for wrong in ["", "a/b", "..", "a?b", "Acme", "a b", "https://github.com/apps/a"] {
            assert!(wrong.parse::<AppName>().is_err(), "{wrong:?}");
        }
    }
}
