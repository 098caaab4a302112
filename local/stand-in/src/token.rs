//! Values that nobody can guess: codes, tokens, names of sessions.

use uuid::Uuid;

/// A fresh one, of 244 random bits; it needs no encoding in a URL.
#[must_use]
pub fn random_token() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
