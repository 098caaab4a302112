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

/// A path inside a repository: without an empty part and without one that leads elsewhere.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct PathInside(String);

impl TryFrom<String> for PathInside {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, &'static str> {
        let path = path.trim_matches('/');
        let leads_elsewhere = |part: &str| matches!(part, "" | "." | "..");
        let is_odd = path.contains(|c: char| c.is_control() || c == '\\') || path.len() > 1_000;
        if is_odd || (!path.is_empty() && path.split('/').any(leads_elsewhere)) {
            return Err("path is one inside the repository, such as src/main.rs");
        }
        Ok(Self(path.to_owned()))
    }
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
/// missing. A 403 of an unknown cause is the owner's to bring about. Who means a repository of their own
/// need not say whose.
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
    if failure.code == NOT_FOUND && repository.outcome.is_ok() {
        failure.token = TokenVerdict::Fine;
        failure.text.push_str(" The repository itself is there.");
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
        let whose = (!is_own).then(|| owner.clone());
        let name = whose.into_iter().chain([name.clone()]).collect();
        failure.token = TokenVerdict::Hidden { accepts: accepts.clone(), name };
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn no_name_can_leave_its_place_in_the_path() {
        for name in ["", ".", "..", "a/b", "../x", "a?b", "a#b", "a%2Fb", "a b", "ä"] {
            assert!(Name::try_from(name.to_owned()).is_err(), "{name:?}");
        }
        assert!(Name::try_from("octo-alice".to_owned()).is_ok());
    }
}
