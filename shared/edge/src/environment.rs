//! Configuration from environment variables, read once at start and reported whole.
//!
//! A service names every mistake in one message and does not start, instead of failing at the
//! first request that needs the value. Values come from a [`Source`], so tests pass a map and
//! nothing ever writes to the process's environment.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    str::FromStr,
};

use crate::variable::{Optional, Or, Required, Variable};

/// Where variables come from.
pub trait Source: Send + Sync {
    /// The value of `name`; a blank one counts as missing.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnvironment;

impl Source for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    }
}

impl Source for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).filter(|value| !value.trim().is_empty()).cloned()
    }
}

/// Reads variables and collects what is wrong with them. A value is never repeated in a
/// message: it may be a secret.
pub struct Reader<'a> {
    source: &'a dyn Source,
    mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader that has found no mistake yet.
    #[must_use]
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, mistakes: Vec::new() }
    }

    /// The value of `variable`, parsed; nothing, and a mistake, if it is missing or malformed.
    pub fn required<T, E: Display>(
        &mut self,
        variable: &Variable<Required>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(value) = self.source.get(variable.name) else {
            self.mistake(variable, "missing");
            return None;
        };
        self.parsed(variable, &value, parse)
    }

    /// As [`required`](Self::required), with the declared default if it is missing.
    pub fn or<T, E: Display>(
        &mut self,
        variable: &Variable<Or>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.source.get(variable.name);
        self.parsed(variable, value.as_deref().unwrap_or(variable.presence.0), parse)
    }

    /// As [`required`](Self::required), but a missing one is no mistake.
    pub fn optional<T, E: Display>(
        &mut self,
        variable: &Variable<Optional>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.source.get(variable.name)?;
        self.parsed(variable, &value, parse)
    }

    /// Whether `variable` has a value.
    #[must_use]
    pub fn has<P>(&self, variable: &Variable<P>) -> bool {
        self.source.get(variable.name).is_some()
    }

    /// Whether `variable` has this value.
    #[must_use]
    pub fn is<P>(&self, variable: &Variable<P>, value: &str) -> bool {
        self.source.get(variable.name).is_some_and(|own| own.trim() == value)
    }

    fn parsed<P, T, E: Display>(
        &mut self,
        variable: &Variable<P>,
        value: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(value.trim()).map_err(|error| self.mistake(variable, error)).ok()
    }

    /// Notes what is wrong with `variable`.
    pub fn mistake<P>(&mut self, variable: &Variable<P>, what: impl Display) {
        let mistake = format!("{}: {what}", variable.name);
        // What is read for two purposes is wrong once.
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Everything that was wrong.
    #[must_use]
    pub fn into_error(self) -> ConfigError {
        ConfigError(self.mistakes)
    }

    /// What was made of all that was read, unless any of it was wrong: a malformed optional
    /// variable must not pass for a missing one.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T>(self, made: Option<T>) -> Result<T, ConfigError> {
        match made {
            Some(made) if self.mistakes.is_empty() => Ok(made),
            _ => Err(self.into_error()),
        }
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("mistakes", &self.mistakes).finish_non_exhaustive()
    }
}

/// Parses with [`FromStr`], for [`Reader::required`] and its like.
///
/// # Errors
/// The type's own.
pub fn parsed<T: FromStr>(text: &str) -> Result<T, T::Err> {
    text.parse()
}

/// Takes the text as it is, for [`Reader::required`] and its like.
///
/// # Errors
/// Never.
pub fn text(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.to_owned())
}

/// Parses `on` or `off`, for [`Reader::or`].
///
/// # Errors
/// Anything else.
pub fn switch(text: &str) -> Result<bool, InvalidSwitch> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(InvalidSwitch),
    }
}

/// A string that is no [`switch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("on or off is expected")]
pub struct InvalidSwitch;

/// Everything that is wrong with the configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used; set or correct these variables:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

/// As `Display`: a `main` that returns an error prints it with `Debug`.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Reader, parsed, text};

    crate::variables! {
        OF_THE_TEST = "A test", read by "nobody":
        PORT: Required, "a number";
        BLANK: Required, "a text";
        ABSENT: Optional, "a text";
        DEFAULT: Or("8080"), "a number";
    }

    #[test]
    fn every_mistake_is_in_one_message_and_no_value_is() {
        let source = BTreeMap::from([
            ("PORT".to_owned(), "hunter2".to_owned()),
            ("BLANK".to_owned(), "  ".to_owned()),
        ]);
        let mut reader = Reader::new(&source);
        assert_eq!(reader.required(&PORT, parsed::<u16>), None);
        assert_eq!(reader.required(&BLANK, text), None);
        assert_eq!(reader.optional(&ABSENT, text), None);
        assert_eq!(reader.or(&DEFAULT, parsed::<u16>), Some(8080));

        let message = reader.into_error().to_string();
        assert!(message.contains("PORT: invalid digit") && message.contains("BLANK: missing"));
        assert!(!message.contains("ABSENT") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_malformed_optional_variable_does_not_pass_for_a_missing_one() {
        let source = BTreeMap::from([("ABSENT".to_owned(), "x".to_owned())]);
        let mut reader = Reader::new(&source);
        let made = Some(reader.optional(&ABSENT, parsed::<u16>));
        assert!(reader.finish(made).unwrap_err().to_string().contains("ABSENT: "));
        assert!(Reader::new(&source).finish(Some(())).is_ok());
    }

    #[test]
    fn a_section_shows_each_of_its_variables() {
        let table = OF_THE_TEST.table();
        assert!(table.starts_with("Read by nobody.\n"), "{table}");
        for row in ["| `PORT` | required | a number |", "| `DEFAULT` | `8080` | a number |"] {
            assert!(table.contains(row), "{table}");
        }
    }
}
