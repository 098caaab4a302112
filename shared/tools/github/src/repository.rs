//! A repository as tools name it: owner and name, which become parts of a path.

use std::fmt;

use agent::tool::{Reply, TokenVerdict};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;
use vault::AccessToken;

use crate::{client::GitHub, refusal::NOT_FOUND};

/// A login's or a repository's name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Name(String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, &'static str> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_name = (1..=100).contains(&name.len()) && name.bytes().all(allowed);
        // As parts of a path these two would name something else.
        if is_name && name != "." && name != ".." {
            Ok(Self(name))
        } else {
            Err("owner and repo have 1 to 100 of A-Z a-z 0-9 - _ .")
        }
    }
}

impl Name {
    /// Whether this is `name`; GitHub looks at no case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }

    /// Whether `full_name` is the one of `owner`/`name`; GitHub looks at no case.
    pub(crate) fn is_full(owner: &Self, name: &Self, full_name: &str) -> bool {
        format!("{}/{}", owner.0, name.0).eq_ignore_ascii_case(full_name)
    }
}

/// The path of the repository `owner`/`name`.
pub(crate) fn path(owner: &Name, name: &Name) -> String {
    format!("/repos/{}/{}", owner.0, name.0)
}

/// A user as far as a repository's owner is compared with them.
#[derive(Debug, Deserialize)]
pub(crate) struct Login {
    pub(crate) login: String,
}

/// A path inside a repository, without a part that is empty or leads elsewhere.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct PathInside(String);

impl TryFrom<String> for PathInside {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, &'static str> {
        let is_odd = path.contains(|c: char| c.is_control() || c == '\\') || path.len() > 1_000;
        if is_odd || path.split('/').any(|part| part == "..") {
            return Err("path is one inside the repository, such as src/main.rs");
        }
        let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        Ok(Self(parts.collect::<Vec<_>>().join("/")))
    }
}

impl PathInside {
    /// Empty, or without a slash at either end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an input names. Models leave something out with an empty text, too.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

impl fmt::Display for PathInside {
    /// As the end of a path in an address: empty, or beginning with a slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split('/').filter(|part| !part.is_empty()) {
            // A space is `+` in a query only.
            let part: String = byte_serialize(part.as_bytes()).collect();
            write!(f, "/{}", part.replace('+', "%20"))?;
        }
        Ok(())
    }
}

/// `reply` with what a 404 means for the repository: GitHub answers so, too, where a token does not
/// show it ("Troubleshooting the REST API"). If the repository is shown, only what was asked for in it is
/// missing, or not allowed to this user: no wider token is asked for, because a 403 of an unknown cause is the
/// owner's to bring about.
pub(crate) async fn explained(
    github: &GitHub,
    mut reply: Reply<Value>,
    owner: &Name,
    name: &Name,
    token: &AccessToken,
) -> Reply<Value> {
    let Err(failure) = &mut reply.outcome else { return reply };
    if !matches!(failure.token, TokenVerdict::Accepts(_)) {
        return hidden(reply, owner, name, None);
    }
    let route = path(owner, name);
    let (user, repository) = futures_util::join!(
        github.get::<Login>("/user", token),
        github.get::<Value>(&route, token)
    );
    if repository.outcome.is_ok() {
        failure.token = TokenVerdict::Fine;
        if failure.code == NOT_FOUND {
            failure.text.push_str(" The repository itself is there.");
        }
        return reply;
    }
    hidden(reply, owner, name, user.outcome.as_ref().ok())
}

/// The same where it is known who the user is.
pub(crate) fn hidden<T>(
    mut reply: Reply<T>,
    Name(owner): &Name,
    Name(name): &Name,
    user: Option<&Login>,
) -> Reply<T> {
    let Err(failure) = &mut reply.outcome else { return reply };
    if failure.code == NOT_FOUND {
        failure.text.push_str(" Ask the user for its full name, owner and repository.");
    }
    if let TokenVerdict::Accepts(accepts) = &failure.token {
        let is_own = user.is_some_and(|user| user.login.eq_ignore_ascii_case(owner));
        let said_as = said_as(owner, name, is_own);
        failure.token = TokenVerdict::Hidden { accepts: accepts.clone(), said_as };
    }
    reply
}

/// How a user names a repository of their own without saying whose: as a quotation, or as what it is.
const OWN: [&str; 11] = [
    "\"{}\"",
    "“{}”",
    "„{}“",
    "‘{}’",
    "'{}'",
    "«{}»",
    "`{}`",
    "repo {}",
    "{} repo",
    "repository {}",
    "{} repository",
];

/// What a user says who means this repository.
fn said_as(owner: &str, name: &str, is_own: bool) -> Vec<String> {
    let has_words = [owner, name].iter().all(|it| it.contains(|c: char| c.is_alphanumeric()));
    let alone = OWN.iter().filter(|_| is_own).map(|form| form.replace("{}", name));
    let all = alone.chain([format!("{owner}/{name}")]);
    all.filter(|_| has_words).collect()
}

#[cfg(test)]
mod tests {
    use super::{Name, said_as};

    #[test]
    fn a_name_alone_counts_for_a_repository_of_ones_own_and_not_without_a_letter() {
        assert_eq!(said_as("mallory", "trap", false), ["mallory/trap"]);
        let own = said_as("octo-alice", "diary", true);
        for phrase in ["octo-alice/diary", "`diary`", "\"diary\"", "diary repository"] {
            assert!(own.iter().any(|it| it == phrase), "{phrase}");
        }
        assert!(!own.iter().any(|it| it == "diary"));
        assert!(said_as("octo-alice", "-", true).is_empty());
    }

    #[test]
    fn no_name_can_leave_its_place_in_the_path() {
        for name in ["", ".", "..", "a/b", "../x", "a?b", "a#b", "a%2Fb", "a b", "ä"] {
            assert!(Name::try_from(name.to_owned()).is_err(), "{name:?}");
        }
        assert!(Name::try_from("octo-alice".to_owned()).is_ok());
    }
}
