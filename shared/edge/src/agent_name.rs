//! What the agent is called, to the model and on the pages of both services.

use std::{fmt, str::FromStr};

use invisible::is_invisible;

use crate::environment::{Reader, parsed};

crate::variables! {
    /// What the agent is called.
    pub NAME = "The agent's name", read by "both services, and the same for both":
    AGENT_NAME: Or("Countersign"), "what the agent calls itself, and what its pages call it: 1 to 64 characters on one line";
}

const MOST_CHARACTERS: usize = 64;

/// The name of the agent: a line that can be seen. It is plain text; a page escapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentName(String);

impl AgentName {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.or(&AGENT_NAME, parsed)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `text` with the name wherever it says `{agent}`.
    #[must_use]
    pub fn within(&self, text: &str) -> String {
        text.replace("{agent}", &self.0)
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AgentName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let has_room = (1..=MOST_CHARACTERS).contains(&text.chars().count());
        let is_name = has_room && !text.chars().any(is_invisible);
        is_name
            .then(|| Self(text.to_owned()))
            .ok_or("must be 1 to 64 characters on one line that can all be seen")
    }
}

#[cfg(test)]
mod tests {
    use super::AgentName;

    #[test]
    fn a_name_is_a_short_line_that_can_be_seen() {
        for name in ["Countersign", "Émile & Söhne", "<script>", &"x".repeat(64)] {
            assert!(name.parse::<AgentName>().is_ok(), "{name}");
        }
        for name in ["", "two\nlines", "tab\there", "turned\u{202e}", "\u{200b}", &"x".repeat(65)] {
            assert!(name.parse::<AgentName>().is_err(), "{name:?}");
        }
    }
}
