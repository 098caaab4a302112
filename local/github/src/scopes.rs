//! The scopes of a token, as GitHub writes and normalizes them.
//!
//! Source: GitHub's "Scopes for OAuth apps". A scope replaces the ones that it
//! includes ("Normalized scopes"): `repo public_repo` is granted as `repo`.

use std::{collections::BTreeSet, iter};

/// The scopes that include others, and what they include, as far as a tool may ask for them.
const INCLUDED: [(&str, &[&str]); 3] = [
    ("repo", &["public_repo", "repo:invite", "repo:status", "repo_deployment", "security_events"]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("admin:org", &["read:org", "write:org"]),
];

/// A normalized set of scopes.
#[derive(Clone)]
pub(super) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Parses a list separated by spaces (OAuth) or by commas, which GitHub accepts, too.
    pub(super) fn parse(text: &str) -> Self {
        let mut scopes: BTreeSet<String> = text
            .split([' ', ','])
            .filter(|scope| !scope.is_empty() && scope.bytes().all(is_scope_byte))
            .map(str::to_owned)
            .collect();
        for (scope, included) in INCLUDED {
            if scopes.contains(scope) {
                scopes.retain(|other| !included.contains(&other.as_str()));
            }
        }
        Self(scopes)
    }

    /// Whether a token with these scopes may do what `scope` allows.
    pub(super) fn allow(&self, scope: &str) -> bool {
        let wider = INCLUDED.iter().filter(|(_, included)| included.contains(&scope));
        iter::once(scope).chain(wider.map(|(name, _)| *name)).any(|name| self.0.contains(name))
    }

    /// Joins the scopes with `separator`: a comma in OAuth, comma and space in headers.
    pub(super) fn join(&self, separator: &str) -> String {
        self.iter().collect::<Vec<_>>().join(separator)
    }

    /// Each scope.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// RFC 6749, section 3.3, without the comma, which is a separator at GitHub.
fn is_scope_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',')
}
