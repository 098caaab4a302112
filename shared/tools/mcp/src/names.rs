//! What the model calls a server's tool: `{server}_{tool}`, made to fit (Converse API: 1 to 64 of
//! `A-Z a-z 0-9 _ -`).
//!
//! A name that had to be changed ends in a part of its hash, so that it stays the same however the
//! server's list is ordered: what a user has approved by a name is never another tool.

use agent::tool::ToolName;
use aws_lc_rs::digest::{SHA256, digest};

/// How many hexadecimal digits of the hash are shown.
const DIGITS: usize = 8;
/// The Converse API's limit.
const LONGEST: usize = 64;

/// The name of `tool` at `server`.
pub(crate) fn name_of(server: &str, tool: &str) -> Option<ToolName> {
    let plain = format!("{server}_{tool}");
    if let Some(name) = ToolName::parse(plain.clone()).filter(|_| !tool.is_empty()) {
        return Some(name);
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let fitting = plain.chars().map(|c| if is_allowed(c) { c } else { '_' });
    let short: String = fitting.take(LONGEST - DIGITS - 1).collect();
    ToolName::parse(format!("{short}_{}", fingerprint(tool.as_bytes())))
}

/// The first digits of the SHA-256 of `bytes`.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    let hash = digest(&SHA256, bytes);
    hash.as_ref().iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::name_of;

    fn name(tool: &str) -> String {
        name_of("calendar", tool).unwrap().as_str().to_owned()
    }

    #[test]
    fn a_name_that_fits_stays_as_it_is() {
        assert_eq!(name("list_events"), "calendar_list_events");
    }

    #[test]
    fn names_that_do_not_fit_are_made_to_and_stay_different() {
        let long = "x".repeat(200);
        let others = ["", "läuft", "lauft!", "lauft?", "a b", "a\u{200b}b", "a.b", &long, "日本"];
        let names: std::collections::BTreeSet<String> = others.iter().map(|it| name(it)).collect();
        assert_eq!(names.len(), others.len(), "{names:?}");
        for name in names {
            assert!(name.starts_with("calendar_") && name.len() <= 64, "{name}");
        }
        let longer = format!("{long}x");
        assert_ne!(name(&long), name(&longer));
    }
}
