//! Sets of OAuth scopes (RFC 6749, section 3.3).

use std::collections::BTreeSet;

use vault::Scope;

/// Scopes, in order.
pub type Scopes = BTreeSet<Scope>;

/// The scopes with these names. A name that is no scope is left out.
pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Scopes {
    names.into_iter().filter_map(|name| Scope::parse(name).ok()).collect()
}

/// Scopes as OAuth writes them: separated by spaces.
#[must_use]
pub fn joined(scopes: &Scopes) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
}
