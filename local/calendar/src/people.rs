//! The two people who have an account here.

/// A person with a calendar. Nobody can make one up: there are [`PEOPLE`] and no others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Person(&'static str);

pub(super) const ALICE: Person = Person("alice@calendar.example");
pub(super) const BOB: Person = Person("bob@calendar.example");

/// Everybody.
pub(super) const PEOPLE: [Person; 2] = [ALICE, BOB];

impl Person {
    /// Returns the person with this login.
    pub(super) fn named(login: &str) -> Option<Self> {
        PEOPLE.into_iter().find(|person| person.0 == login)
    }

    /// Returns the name with which they sign in, which is an address for mail.
    pub(super) fn login(self) -> &'static str {
        self.0
    }
}
