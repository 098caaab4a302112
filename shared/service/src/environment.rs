//! Configuration from environment variables, read once at start and reported whole.
//!
//! A service names every mistake in one message and does not start, instead of failing at the
//! first request that needs the value. Values come from a [`Source`], so tests pass a map and
//! nothing ever writes to the process's environment.

use std::{collections::BTreeMap, fmt};

/// Where variables come from.
pub trait Source: Send + Sync {
    /// The value of `name`; an empty one counts as missing.
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

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} mistake(s):", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for ConfigError {}
