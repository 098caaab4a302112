//! What agents meet at the real GitHub: `octo-carol` has more repositories than a page, one that is
//! archived, one without issues, one that was renamed and one of which little is known, is blocked by
//! `octo-bob`, and is a member of an organization that demands a single sign-on (`bigcorp`) and of one
//! that lets in approved apps only (`smallcorp`).

use super::{
    accounts::{Account, AccountKind, Demand, Repository},
    content::{Commit, Content, Thread, kept},
};

const CAROL: &[&str] = &["octo-carol"];

/// How many repositories carol has besides. The first holds more of everything than a page of the tools.
const SAMPLES: u64 = 104;
const MANY: usize = 25;

/// Carol and both organizations.
pub(super) fn accounts() -> [Account; 3] {
    [
        Account {
            login: CAROL[0],
            id: 1003,
            name: "Octo Carol",
            kind: AccountKind::User,
            blocks: &[],
            repositories: carols(),
        },
        organization("bigcorp", 1004, "Big Corporation", Demand::SingleSignOn),
        organization("smallcorp", 1005, "Small Corporation", Demand::Approval),
    ]
}

fn carols() -> Vec<Repository> {
    let odd = [
        Repository { archived: true, ..Repository::new(2010, "attic") },
        Repository { has_issues: false, ..Repository::new(2011, "silence") },
        Repository { former_name: Some("caterpillar"), ..Repository::new(2012, "butterfly") },
        Repository::new(2013, "bare"),
    ];
    let samples = (1..=SAMPLES).map(|n| Repository::new(2100 + n, &format!("sample-{n:03}")));
    odd.into_iter().chain(samples).collect()
}

fn organization(login: &'static str, id: u64, name: &'static str, demand: Demand) -> Account {
    let private = format!("{login}-blueprints");
    Account {
        login,
        id,
        name,
        kind: AccountKind::Organization { members: CAROL, demand },
        blocks: &[],
        repositories: vec![
            Repository::new(id + 2000, "handbook"),
            Repository { private: true, ..Repository::new(id + 2500, &private) },
        ],
    }
}

/// More commits, comments and files than a page of the tools holds.
pub(super) fn long() -> Content {
    let day = |n: usize| kept(format!("2024-01-{n:02}T00:00:00Z"));
    let file = |n: usize| {
        let path = kept(format!("samples/{n:02}.md"));
        (path, format!("Sample {n} of a needle.\n").into_bytes())
    };
    let commit = |n: usize| Commit {
        author: CAROL[0],
        at: day(n),
        message: kept(format!("Take sample {n}")),
        files: &["samples/01.md"],
    };
    let comment = |n: usize| (Some(CAROL[0]), day(n), kept(format!("Remark {n}")));
    Content {
        files: (1..=MANY).map(file).collect(),
        commits: (1..=MANY).rev().map(commit).collect(),
        threads: vec![Thread {
            title: "Remarks",
            author: Some(CAROL[0]),
            at: day(1),
            comments: (1..=MANY).map(comment).collect(),
            ..Thread::default()
        }],
    }
}
