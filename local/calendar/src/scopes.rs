//! What a token may do here (RFC 6749, section 3.3).

use std::collections::BTreeSet;

/// One scope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scope {
    Read,
    Write,
}

impl Scope {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// Returns its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "events.read",
            Self::Write => "events.write",
        }
    }

    /// Returns what it allows, for the person who is asked.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Read => "see your events, and who is invited to them",
            Self::Write => "create events in your calendar, and move those that are there",
        }
    }
}

/// A set of scopes that is not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Parses a list separated by spaces. `None` if it is empty, because there is no default, or if one is
    /// unknown: both are `invalid_scope`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let known = |name: &str| Scope::ALL.into_iter().find(|scope| scope.name() == name);
        let scopes = text.split(' ').filter(|name| !name.is_empty()).map(known);
        let scopes = scopes.collect::<Option<BTreeSet<_>>>()?;
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// Whether `scope` is one of them.
    pub(super) fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether each of them is one of `others`, too.
    pub(super) fn are_within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Returns them and `scope`.
    pub(super) fn with(&self, scope: Scope) -> Self {
        Self(self.0.iter().copied().chain([scope]).collect())
    }

    /// Returns them as a list separated by spaces.
    pub(super) fn join(&self) -> String {
        self.iter().map(Scope::name).collect::<Vec<_>>().join(" ")
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}
