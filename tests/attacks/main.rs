//! Attacks that must fail (M2, M9, M11, M12), each told by its name.
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

mod flows;
mod identity;
mod token;

const BINDING: &str = "/oauth2/session-binding";
