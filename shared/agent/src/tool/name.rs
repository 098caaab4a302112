//! What a tool is called by.

use std::borrow::Cow;

/// What the model calls a tool by: 1 to 64 of `A-Z a-z 0-9 _ -`, as the Converse API has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName(Cow<'static, str>);

impl ToolName {
    /// A name that is written in the program. As a constant it is checked when it is compiled.
    ///
    /// # Panics
    /// When it is no tool's name.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 64, "a tool's name has 1 to 64 characters");
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            let is_allowed = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            assert!(is_allowed, "a tool's name has only A-Z a-z 0-9 _ -");
            at += 1;
        }
        Self(Cow::Borrowed(name))
    }

    /// A name from elsewhere; `None` if it is no tool's.
    #[must_use]
    pub fn parse(name: String) -> Option<Self> {
        session::is_tool_name(&name).then_some(Self(Cow::Owned(name)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
