//! For whom a page was made, and how a person is named to themselves.
//!
//! A page stays open while another user signs in in the same browser. Its requests would then act
//! for *that* user: a consent given on it would fill their vault. So a page carries a mark of the
//! person it was made for, and every request from it brings that mark back.

use http::{HeaderMap, HeaderName};
use identity::User;
use vault::ConsentKeys;

use crate::{
    code::Code,
    page::escape,
    problem::{Kind, Problem},
};

/// The header by which a page says whom it was made for. A program need not send it.
pub const MARK_HEADER: HeaderName = HeaderName::from_static("x-countersign-user");

/// Stands for a person in the pages made for them, and reveals nothing else about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonMark(String);

impl PersonMark {
    /// The mark of `user` in this deployment.
    #[must_use]
    pub fn new(user: &User, keys: &ConsentKeys) -> Self {
        Self(keys.mark(user.id()))
    }

    /// The mark as text: letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Refuses a request of a page that was made for another user.
///
/// # Errors
/// 409 `another_user` when the request brings any mark but that of `user`.
pub(crate) fn refuse_another(
    headers: &HeaderMap,
    user: &User,
    keys: &ConsentKeys,
) -> Result<(), Problem> {
    let is_theirs = |mark: &str| keys.is_mark(mark, user.id());
    let mut marks = headers.get_all(MARK_HEADER).iter();
    if marks.all(|mark| mark.to_str().is_ok_and(is_theirs)) {
        return Ok(());
    }
    let detail = "Another person has signed in in this browser since this page was opened. Nothing \
                  was done. Reload the page to go on as them, or sign out first.";
    Err(Problem::new(Kind::Conflict, detail).code(Code::AnotherUser))
}

/// A user's name, and what tells them from others of that name: people choose their names. Characters
/// that can't be seen are shown by their code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    name: String,
    also: Option<String>,
}

impl Named {
    /// The name of `user` with their e-mail address, or with their `sub` if they have none.
    #[must_use]
    pub fn new(user: &User) -> Self {
        Self::from_claims(user.name(), user.email(), user.id().as_str())
    }

    fn from_claims(name: Option<&str>, email: Option<&str>, sub: &str) -> Self {
        let told = |claim: Option<&str>| {
            let claim = claim.map(str::trim).filter(|claim| !claim.is_empty());
            claim.map(invisible::shown)
        };
        let sure = told(email).unwrap_or_else(|| invisible::shown(sub));
        match told(name) {
            Some(name) => Self { name, also: Some(sure) },
            None => Self { name: sure, also: None },
        }
    }

    /// As plain text: `Alice Example (alice@example.com)`.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.also {
            Some(also) => format!("{} ({also})", self.name),
            None => self.name.clone(),
        }
    }

    /// As HTML, where what the name says of itself stays within it.
    #[must_use]
    pub fn html(&self) -> String {
        let name = format!("<b>{}</b>", escape(&self.name));
        match &self.also {
            Some(also) => format!("{name} ({})", escape(also)),
            None => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn a_name_is_shown_with_an_email_address_or_sub() {
        let text = |name, email| Named::from_claims(name, email, "sub-7").text();
        assert_eq!(text(Some("Alice"), Some("alice@example.com")), "Alice (alice@example.com)");
        assert_eq!(text(Some("Alice"), None), "Alice (sub-7)");
        assert_eq!(text(None, Some("alice@example.com")), "alice@example.com");
        assert_eq!(text(Some(" "), Some("")), "sub-7");
    }

    #[test]
    fn a_name_can_neither_leave_its_place_nor_hide_what_follows() {
        let named = Named::from_claims(Some("Bob</b> (alice@x)\u{202e}"), Some("bob@x"), "sub");
        assert_eq!(named.html(), "<b>Bob&lt;/b&gt; (alice@x)⟨U+202E⟩</b> (bob@x)");
    }
}
