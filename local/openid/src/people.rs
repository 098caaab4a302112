//! The people who can sign in.

use serde_json::{Value, json};

/// A made-up person.
pub(super) struct Person {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    email: &'static str,
    /// A claim that many issuers have, and that `ALLOW_CLAIM` can require.
    pub(super) groups: &'static [&'static str],
    /// Whether the page has a button for them. The others take part in attacks, so that no attack has to do
    /// with what those who look at the page have connected.
    pub(super) has_button: bool,
}

/// Everybody who can sign in.
pub(super) static PEOPLE: [Person; 4] = [
    Person {
        id: "alice",
        name: "Alice Example",
        email: "alice@example.com",
        groups: &["engineering"],
        has_button: true,
    },
    Person {
        id: "bob",
        name: "Bob Example",
        email: "bob@example.com",
        groups: &["sales"],
        has_button: true,
    },
    Person {
        id: "carol",
        name: "Carol Example",
        email: "carol@example.com",
        groups: &["engineering"],
        has_button: false,
    },
    Person {
        id: "mallory",
        name: "Mallory Example",
        email: "mallory@example.com",
        groups: &["engineering"],
        has_button: false,
    },
];

impl Person {
    pub(super) fn named(id: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.id == id)
    }

    /// The claims of the user-info endpoint (OpenID Connect Core 1.0, section 5.1).
    pub(super) fn claims(&self) -> Value {
        json!({
            "sub": self.id, "name": self.name, "email": self.email, "email_verified": true,
            "groups": self.groups,
        })
    }
}
