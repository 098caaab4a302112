//! What a token allows: sets of OAuth scopes, by GitHub's rules.
//!
//! GitHub, "Scopes for OAuth apps": some scopes include others, and every answer of the REST API
//! says in `X-OAuth-Scopes` what the token allows and in `X-Accepted-OAuth-Scopes` what the call
//! would have taken.

use std::collections::BTreeSet;

use vault::Scope;

/// Scopes, in order.
pub(crate) type Scopes = BTreeSet<Scope>;

/// A scope and those that it includes, as far as tools declare them.
const INCLUDED: [(&str, &[&str]); 2] = [("repo", &["public_repo"]), ("user", &["read:user"])];

/// Whether a token that allows `granted` allows all of `wanted`.
pub(crate) fn allow(granted: &Scopes, wanted: &Scopes) -> bool {
    wanted.iter().all(|wanted| granted.iter().any(|granted| includes(granted, wanted)))
}

fn includes(wide: &Scope, narrow: &Scope) -> bool {
    let included = || INCLUDED.iter().find(|(name, _)| *name == wide.as_str());
    wide == narrow || included().is_some_and(|(_, names)| names.contains(&narrow.as_str()))
}

/// The scopes that these names stand for; what is no scope is left out.
pub(crate) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Scopes {
    names.into_iter().filter_map(|name| Scope::parse(name).ok()).collect()
}

/// Scopes as GitHub's headers list them.
pub(crate) fn listed(header: &str) -> Scopes {
    named(header.split(',').map(str::trim))
}

/// Scopes as OAuth writes them (RFC 6749, section 3.3).
pub(crate) fn joined(scopes: &Scopes) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{allow, joined, listed, named};

    #[test]
    fn a_wider_scope_allows_what_it_includes_and_never_the_other_way_round() {
        assert!(allow(&named(["repo"]), &named(["public_repo"])));
        assert!(!allow(&named(["public_repo"]), &named(["repo"])));
        assert!(!allow(&named(["read:user"]), &named(["repo"])));
        assert!(allow(&named(["read:user", "repo"]), &named(["repo", "read:user"])));
        assert!(allow(&named([]), &named([])));
    }

    #[test]
    fn a_header_lists_scopes_or_nothing() {
        assert_eq!(joined(&listed("repo, read:user")), "read:user repo");
        assert!(listed("").is_empty());
        assert!(listed("\"quoted\", two words").is_empty());
    }
}
