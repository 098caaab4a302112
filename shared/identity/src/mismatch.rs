//! What a rule expected of a token and what it saw instead, for the operator's log.
//!
//! An issuer with a slash too many, another client's id or a clock that is wrong refuses everybody,
//! and looks like an attack until both values are read side by side. A value that was seen may be an
//! attacker's, whose token nobody has verified: it is shortened, and written in printable ASCII, so
//! that it can neither fill a log nor change how a line of it is read.

use std::fmt::{self, Display, Write};

/// How many bytes of a value are shown.
const MAX_BYTES: usize = 256;

/// What was expected, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    expected: String,
    seen: String,
}

impl Mismatch {
    /// `expected` is our own configuration or clock; `seen` is the token's.
    pub(crate) fn new(expected: impl Display, seen: impl Display) -> Self {
        Self { expected: expected.to_string(), seen: printable(&seen) }
    }

    /// What a token has to say here.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What it says, in printable ASCII, at most 256 bytes of it and `...` if there is more.
    #[must_use]
    pub fn seen(&self) -> &str {
        &self.seen
    }
}

fn printable(value: &impl Display) -> String {
    let mut shown = Printable(String::new());
    // The only error is that there is more than is shown.
    if write!(shown, "{value}").is_err() {
        shown.0.push_str("...");
    }
    shown.0
}

/// Takes printable text up to [`MAX_BYTES`], and nothing after that.
struct Printable(String);

impl Write for Printable {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let is_plain = character == ' ' || character.is_ascii_graphic();
            let escaped = if is_plain {
                character.to_string()
            } else {
                character.escape_unicode().to_string()
            };
            if self.0.len() + escaped.len() > MAX_BYTES {
                return Err(fmt::Error);
            }
            self.0.push_str(&escaped);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, Mismatch};

    fn seen(value: &str) -> String {
        Mismatch::new("https://issuer.example", value).seen().to_owned()
    }

    #[test]
    fn a_plain_value_is_shown_as_it_is() {
        for value in ["https://issuer.example/", "a b", "", "\"quoted\""] {
            assert_eq!(seen(value), value);
        }
    }

    #[test]
    fn control_and_invisible_characters_are_shown_by_their_code() {
        assert_eq!(seen("a\nb\u{1b}[0m"), "a\\u{a}b\\u{1b}[0m");
        assert_eq!(seen("\u{202e}\u{200b}ü"), "\\u{202e}\\u{200b}\\u{fc}");
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(seen(&"x".repeat(MAX_BYTES)), "x".repeat(MAX_BYTES));
        for character in ["x", "\0", "\u{10ffff}"] {
            let seen = seen(&character.repeat(10_000));
            assert!(seen.ends_with("...") && seen.len() <= MAX_BYTES + 3, "{seen}");
        }
        assert!(Mismatch::new("", f64::MAX).seen().len() <= MAX_BYTES + 3);
    }
}
