//! Every crate says what it is for, and the map of the crates is as the manifests are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::markdown::root;

/// Crates so small that the map does without them; its text names them.
const NOT_DRAWN: [&str; 3] = ["clock", "https", "invisible"];
const DEPLOYED: [&str; 4] =
    ["invoke", "bind-session", "invoke-container", "bind-session-container"];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The folders of the workspace's crates.
fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let (_, rest) = manifest.split_once("members = [").expect("members");
    let (list, _) = rest.split_once("\n]").expect("their end");
    list.lines().filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
}

/// What each crate depends on, among the workspace's crates.
fn dependencies() -> Graph {
    let mut graph = Graph::new();
    for member in members() {
        let manifest = fs::read_to_string(root().join(&member).join("Cargo.toml"));
        let manifest = manifest.expect("a manifest");
        let name = manifest.split("name = \"").nth(1).and_then(|rest| rest.split('"').next());
        let of_it = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
        let lines = of_it.lines().take_while(|line| !line.starts_with('['));
        let names = lines.filter_map(|line| Some(line.split(['.', ' ']).next()?.to_owned()));
        graph.insert(name.expect("a name").to_owned(), names.collect());
    }
    let ours: BTreeSet<String> = graph.keys().cloned().collect();
    for names in graph.values_mut() {
        names.retain(|name| ours.contains(name));
    }
    graph
}

/// The arrows of the map.
fn arrows() -> Graph {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let map = page.split("```").find(|block| block.starts_with("mermaid\nflowchart"));
    let mut graph = Graph::new();
    for (from, to) in map.expect("the map").lines().filter_map(|line| line.split_once(" --> ")) {
        graph.entry(from.trim().to_owned()).or_default().insert(to.trim().to_owned());
    }
    graph
}

/// Everything that can be reached from `start`.
fn reached(graph: &Graph, start: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(from) = next.pop() {
        for to in graph.get(from).into_iter().flatten() {
            if reached.insert(to.clone()) {
                next.push(to);
            }
        }
    }
    reached
}

#[test]
fn every_crate_has_a_readme() {
    let members = members();
    assert!(members.len() > 20, "{members:?}");
    for member in members {
        let readme = fs::read_to_string(root().join(&member).join("README.md"));
        let words = readme.unwrap_or_default().split_whitespace().count();
        assert!(words > 10, "{member}/README.md does not say what the crate is for");
    }
}

#[test]
fn the_map_of_the_crates_matches_the_manifests() {
    let (dependencies, arrows) = (dependencies(), arrows());
    for (from, targets) in &arrows {
        for to in targets {
            let is_so = dependencies.get(from).is_some_and(|names| names.contains(to));
            assert!(is_so, "the map says that {from} depends on {to}");
        }
    }
    let needed = |name: &&str| reached(&dependencies, name);
    let mut drawn: BTreeSet<String> = DEPLOYED.iter().flat_map(needed).collect();
    drawn.extend(DEPLOYED.map(str::to_owned));
    drawn.retain(|name| !NOT_DRAWN.contains(&name.as_str()));
    for from in &drawn {
        let shown = reached(&arrows, from);
        for to in dependencies[from].intersection(&drawn) {
            assert!(shown.contains(to), "the map does not show that {from} depends on {to}");
        }
    }
}
