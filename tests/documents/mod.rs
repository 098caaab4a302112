//! What the documents say of the code and of each other is so.

mod configuration;
mod crates;
mod links;
mod markdown;

use std::fs;

use self::markdown::{Document, documents, root};

const README_LINES: usize = 180;

/// Every test of the repository, by name: what follows `fn` and names a row.
fn tests() -> Vec<String> {
    let mut names = Vec::new();
    for source in markdown::files(&root(), "rs") {
        let source = fs::read_to_string(&source).expect("a source file");
        let declared = source.split("fn ").skip(1);
        let names_of = |text: &str| text.split('(').next().map(str::to_owned);
        names.extend(declared.filter_map(names_of).filter(|name| row(name).is_some()));
    }
    names
}

/// The row of the table in CONTRIBUTING that a test called `name` proves.
fn row(name: &str) -> Option<u32> {
    let (row, rest) = name.strip_prefix('m')?.split_once('_')?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = !rest.is_empty() && rest.bytes().all(is_part);
    row.parse().ok().filter(|_| is_name)
}

#[test]
fn the_readme_has_at_most_180_lines() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let lines = readme.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines, more than {README_LINES}");
}

#[test]
fn every_test_that_a_document_names_exists() {
    let tests = tests();
    let mut found = 0;
    for Document { path, text } in documents() {
        for name in text.split('`').filter(|span| row(span).is_some()) {
            assert!(tests.iter().any(|test| test == name), "{path} names {name}, which is no test");
            found += 1;
        }
    }
    assert!(found > 20, "only {found} tests were found in the documents");
}

#[test]
fn every_claim_of_security_md_links_to_a_test_in_the_file_where_it_is() {
    let document = documents().into_iter().find(|document| document.path == "SECURITY.md");
    let links = document.expect("SECURITY.md").links();
    let named: Vec<_> = links.iter().filter(|link| row(link.code()).is_some()).collect();
    assert!(named.len() > 20, "only {} links were found", named.len());
    for link in named {
        let source = fs::read_to_string(root().join(&link.target)).unwrap_or_default();
        let name = link.code();
        assert!(source.contains(&format!("fn {name}(")), "no test {name} in {}", link.target);
    }
}

#[test]
fn every_test_names_a_row_that_the_table_has() {
    let table = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    for name in tests() {
        let row = row(&name).expect("a row");
        assert!(
            table.contains(&format!("\n| M{row} | ")),
            "{name} names row M{row}, which is not there"
        );
    }
}
