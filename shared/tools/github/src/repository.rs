//! A repository as tools name it: owner and name, which become parts of a path.

use schemars::JsonSchema;
use serde::Deserialize;

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

/// The path of the repository `owner`/`name`.
pub(crate) fn path(owner: &Name, name: &Name) -> String {
    format!("/repos/{}/{}", owner.0, name.0)
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
