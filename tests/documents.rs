//! What the documents say of the tests is so.

use std::{fs, path::Path};

/// Each test that `document` links to, with the file that it gives.
fn named_tests(document: &str) -> Vec<(&str, &str)> {
    let mut rest = document;
    let mut named = Vec::new();
    while let Some(at) = rest.find("[`m") {
        rest = &rest[at + 2..];
        let Some((name, after)) = rest.split_once("`](") else { break };
        let Some((file, _)) = after.split_once(')') else { break };
        named.push((name, file));
    }
    named
}

#[test]
fn every_claim_of_security_md_links_to_a_test_that_exists() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let document = fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    let named = named_tests(&document);
    assert!(named.len() > 20, "only {} links were found", named.len());
    for (name, file) in named {
        let source = fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(source.contains(&format!("fn {name}(")), "no test {name} in {file}");
    }
}
