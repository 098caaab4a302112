//! What agents meet at the real GitHub: `octo-carol` has more repositories than a page, one that is
//! archived, one without issues, one that was renamed and one of which little is known, is blocked by
//! `octo-bob`, and is a member of an organization that demands a single sign-on (`bigcorp`) and of one
//! that lets in approved apps only (`smallcorp`).

use super::accounts::{Account, AccountKind, Demand, Repository};

const CAROL: &[&str] = &["octo-carol"];

/// How many repositories carol has besides.
const SAMPLES: u64 = 104;

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
