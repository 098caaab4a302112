//! Everything that a document links to exists.

use std::{fs, path::Path};

use super::markdown::{Document, documents, root};

/// Where a link that is relative leads, and its anchor.
fn relative(target: &str) -> Option<(&str, Option<&str>)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    Some(match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    })
}

#[test]
fn every_relative_link_and_anchor_resolves() {
    let (root, mut followed) = (root(), 0);
    for document in documents() {
        let place = root.join(&document.path);
        for link in document.links() {
            let Some((path, anchor)) = relative(&link.target) else { continue };
            let from = &document.path;
            let folder = place.parent().expect("a folder");
            let there = if path.is_empty() { place.clone() } else { folder.join(path) };
            assert!(there.exists(), "{from} links to {path}, which is not there");
            let Some(anchor) = anchor else { continue };
            let text = fs::read_to_string(&there).unwrap_or_default();
            let anchors = Document { path: path.to_owned(), text }.anchors();
            assert!(anchors.iter().any(|it| it == anchor), "{from}: {path} has no #{anchor}");
            followed += 1;
        }
        followed += document.links().len();
    }
    assert!(followed > 100, "only {followed} links were found");
}

/// The parts of the repository that a path in a document can begin with.
const PARTS: [&str; 9] = [
    ".ci/",
    "container/",
    "docs/",
    "events/",
    "functions/",
    "local/",
    "shared/",
    "terraform/",
    "tests/",
];

#[test]
fn every_path_that_a_document_names_is_there() {
    let (root, mut found) = (root(), 0);
    for document in documents() {
        let place = root.join(&document.path);
        let folder = place.parent().expect("a folder");
        let is_path = |span: &&str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
            PARTS.iter().any(|part| span.starts_with(part)) && span.bytes().all(is_plain)
        };
        for path in document.text.split('`').filter(is_path) {
            let is_there = root.join(path).exists() || folder.join(path).exists();
            assert!(is_there, "{} names {path}, which is not there", document.path);
            found += 1;
        }
    }
    assert!(found > 60, "only {found} paths were found");
}

#[test]
fn a_function_or_type_that_a_link_names_is_in_the_file_that_it_leads_to() {
    let (root, mut found) = (root(), 0);
    for document in documents() {
        let place = root.join(&document.path);
        let folder = place.parent().expect("a folder");
        for link in document.links() {
            if Path::new(&link.target).extension().is_none_or(|it| it != "rs") {
                continue;
            }
            let source = fs::read_to_string(folder.join(&link.target)).unwrap_or_default();
            for name in link.names() {
                let (from, file) = (&document.path, &link.target);
                assert!(declares(&source, name), "{from}: {file} has no {name}");
                found += 1;
            }
        }
    }
    assert!(found > 50, "only {found} names were found");
}

/// Whether `source` has an item called `name`.
fn declares(source: &str, name: &str) -> bool {
    let (kinds, name): (&[&str], _) = match name.strip_suffix('!') {
        Some(name) => (&["macro_rules!"], name),
        None => (&["fn", "struct", "enum", "trait", "const", "type", "mod"], name),
    };
    let follows = |(at, found): (usize, &str)| {
        let next = source[at + found.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
    };
    kinds.iter().any(|kind| source.match_indices(&format!("{kind} {name}")).any(follows))
}
