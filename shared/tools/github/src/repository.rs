//! A repository as tools name it: owner and name, which become parts of a path.

use agent::tool::{Failure, Reply, TokenVerdict};
use schemars::JsonSchema;
use serde::Deserialize;
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

/// `reply` with what a 404 means for the repository: GitHub answers so, too, where a token does not
/// show it ("Troubleshooting the REST API"). A 403 of an unknown cause is the owner's to bring about.
/// Who means a repository of their own need not say whose.
pub(crate) async fn explained<T>(
    github: &GitHub,
    reply: Reply<T>,
    owner: &Name,
    name: &Name,
    token: &AccessToken,
) -> Reply<T> {
    let accepts = |failure: &Failure| matches!(failure.token, TokenVerdict::Accepts(_));
    if !reply.outcome.as_ref().is_err_and(accepts) {
        return hidden(reply, owner, name, None);
    }
    let user = github.get::<Login>("/user", token).await.outcome.ok();
    hidden(reply, owner, name, user.as_ref())
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
