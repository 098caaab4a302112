//! Credential providers as data: what one is called, which of its scopes include which, and the few
//! sets of scopes that are ever asked for.
//!
//! AgentCore Identity finds a stored grant by the whole token request, scopes included: the same user
//! and provider with other scopes begins another consent. So a provider has at most
//! [`MAX_SETS`] sets, each of which allows all that the one before it allows. A need is rounded up to
//! the smallest set that allows it, and the token of a wider set serves a narrower need.

use std::collections::BTreeMap;

use vault::{ProviderName, Scope};

use crate::scopes::{Scopes, named};

/// How many sets of scopes one provider may have.
pub const MAX_SETS: usize = 3;

/// A credential provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provider {
    name: ProviderName,
    label: String,
    includes: BTreeMap<Scope, Scopes>,
    sets: Vec<Scopes>,
    choice: Option<String>,
}

/// What can't be a [`Provider`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProvider {
    /// Not one to three sets.
    #[error("{0} has {1} sets of scopes, and may have 1 to {MAX_SETS}")]
    Sets(ProviderName, usize),
    /// A set that does not allow all of the one before it, or has something that is no scope.
    #[error("{0}: each set of scopes has to allow what the one before it allows")]
    NotNested(ProviderName),
}

impl Provider {
    /// The provider `name` at AgentCore Identity, called `label` towards people. `includes` says
    /// which scope includes which others; `sets` are the sets that are asked for, the narrowest
    /// first.
    ///
    /// # Errors
    /// When there are not one to three sets, or one does not allow what the set before it allows.
    pub fn new(
        name: ProviderName,
        label: &str,
        includes: &[(&str, &[&str])],
        sets: &[&[&str]],
    ) -> Result<Self, InvalidProvider> {
        let includes = includes.iter().filter_map(|(wide, narrow)| {
            let wide = Scope::parse(*wide).ok()?;
            Some((wide, named(narrow.iter().copied())))
        });
        let includes = includes.collect();
        let label = label.to_owned();
        let parsed: Vec<Scopes> = sets.iter().map(|set| named(set.iter().copied())).collect();
        if parsed.is_empty() || parsed.len() > MAX_SETS {
            return Err(InvalidProvider::Sets(name, parsed.len()));
        }
        let is_whole = parsed.iter().zip(sets).all(|(parsed, set)| parsed.len() == set.len());
        let provider = Self { name, label, includes, sets: parsed, choice: None };
        let is_nested = provider.sets.windows(2).all(|pair| provider.allow(&pair[1], &pair[0]));
        if is_whole && is_nested {
            Ok(provider)
        } else {
            Err(InvalidProvider::NotNested(provider.name))
        }
    }

    /// The same, where the user chooses at the provider itself what a token reaches; `choice` tells them so.
    #[must_use]
    pub fn choosing(mut self, choice: String) -> Self {
        self.choice = Some(choice);
        self
    }

    /// Its name at AgentCore Identity.
    #[must_use]
    pub fn name(&self) -> &ProviderName {
        &self.name
    }

    /// What people call it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the user chooses at the provider, in words for them; `None` where scopes say it all.
    #[must_use]
    pub fn choice(&self) -> Option<&str> {
        self.choice.as_deref()
    }

    /// Whether a token that allows `granted` allows all of `wanted`.
    #[must_use]
    pub fn allow(&self, granted: &Scopes, wanted: &Scopes) -> bool {
        let includes = |wide: &Scope, narrow: &Scope| {
            wide == narrow || self.includes.get(wide).is_some_and(|all| all.contains(narrow))
        };
        wanted.iter().all(|wanted| granted.iter().any(|granted| includes(granted, wanted)))
    }

    /// Whether one of its sets allows all of `needed`.
    #[must_use]
    pub fn covers(&self, needed: &Scopes) -> bool {
        self.sets.iter().any(|set| self.allow(set, needed))
    }

    /// The sets that are ever asked for, the narrowest first.
    pub(crate) fn sets(&self) -> &[Scopes] {
        &self.sets
    }

    /// The sets that allow `needed`, the narrowest first. Scopes that no set allows are asked for
    /// with the widest one.
    pub(crate) fn sets_allowing(&self, needed: &Scopes) -> Vec<Scopes> {
        let sets = self.sets.iter().filter(|set| self.allow(set, needed));
        let sets: Vec<Scopes> = sets.cloned().collect();
        if sets.is_empty() {
            let widest = self.sets.iter().flatten();
            return vec![widest.chain(needed).cloned().collect()];
        }
        sets
    }

    /// The narrowest set that allows `needed`.
    pub(crate) fn set_for(&self, needed: &Scopes) -> Scopes {
        self.sets_allowing(needed).into_iter().next().unwrap_or_else(|| needed.clone())
    }

    /// `scopes` as far as a set of this provider allows them.
    pub(crate) fn known(&self, scopes: &Scopes) -> Scopes {
        let is_known = |scope: &&Scope| {
            let alone = Scopes::from([(*scope).clone()]);
            self.covers(&alone)
        };
        scopes.iter().filter(is_known).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use vault::ProviderName;

    use super::{InvalidProvider, Provider};
    use crate::scopes::{joined, named};

    fn provider(sets: &[&[&str]]) -> Result<Provider, InvalidProvider> {
        let includes: &[(&str, &[&str])] = &[("repo", &["public_repo"])];
        Provider::new(ProviderName::parse("github").unwrap(), "GitHub", includes, sets)
    }

    fn three() -> Provider {
        provider(&[&["read:user"], &["public_repo", "read:user"], &["read:user", "repo"]]).unwrap()
    }

    #[test]
    fn a_wider_scope_allows_what_it_includes_and_never_the_other_way_round() {
        let provider = three();
        assert!(provider.allow(&named(["repo"]), &named(["public_repo"])));
        assert!(!provider.allow(&named(["public_repo"]), &named(["repo"])));
        assert!(!provider.allow(&named(["read:user"]), &named(["repo"])));
        assert!(provider.allow(&named(["read:user", "repo"]), &named(["repo", "read:user"])));
        assert!(provider.allow(&named([]), &named([])));
    }

    #[test]
    fn a_need_is_rounded_up_to_the_narrowest_set_that_allows_it() {
        let provider = three();
        let asked = |needed: &[&str]| joined(&provider.set_for(&named(needed.iter().copied())));
        assert_eq!(asked(&["read:user"]), "read:user");
        assert_eq!(asked(&["public_repo"]), "public_repo read:user");
        assert_eq!(asked(&["repo"]), "read:user repo");
        assert_eq!(asked(&["public_repo", "repo"]), "read:user repo");
        assert_eq!(asked(&["gist"]), "gist public_repo read:user repo", "as it was saved");
    }

    #[test]
    fn there_are_one_to_three_sets_and_each_allows_the_one_before() {
        assert!(matches!(provider(&[]), Err(InvalidProvider::Sets(_, 0))));
        assert!(matches!(provider(&[&["a"] as &[&str]; 4]), Err(InvalidProvider::Sets(_, 4))));
        let other = provider(&[&["read:user"], &["repo"]]);
        assert!(matches!(other, Err(InvalidProvider::NotNested(_))));
        let no_scope = provider(&[&["two words"]]);
        assert!(matches!(no_scope, Err(InvalidProvider::NotNested(_))));
    }
}
