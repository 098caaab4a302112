//! Attacks that must fail (M2, M9, M11, M12), each told by its name.

mod flows;
mod identity;
mod page;
mod token;

const BINDING: &str = "/oauth2/session-binding";
