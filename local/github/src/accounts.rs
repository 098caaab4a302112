//! The accounts of this GitHub and their repositories: two people who have no trouble, in `difficult.rs`
//! what there is besides at the real GitHub, and in `hostile.rs` somebody with bad intentions.

use std::sync::LazyLock;

use super::{crowd, difficult, hostile};

/// A user, or an organization.
pub(super) struct Account {
    pub(super) login: &'static str,
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) kind: AccountKind,
    pub(super) repositories: Vec<Repository>,
    /// Users whom it has blocked.
    pub(super) blocks: &'static [&'static str],
}

/// What an account is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountKind {
    /// A person.
    User,
    /// An organization, its members, and what it demands of their apps.
    Organization { members: &'static [&'static str], demand: Demand },
}

/// What an organization demands before an app may act for its members there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// A single sign-on (SAML) for the app, by each member.
    SingleSignOn,
    /// The approval of the app, by an owner.
    Approval,
}

/// A repository of an account.
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) name: String,
    /// What it was called before.
    pub(super) former_name: Option<&'static str>,
    pub(super) description: Option<&'static str>,
    pub(super) language: Option<&'static str>,
    pub(super) private: bool,
    pub(super) archived: bool,
    pub(super) has_issues: bool,
    pub(super) created_at: &'static str,
    pub(super) pushed_at: &'static str,
}

/// All accounts.
pub(super) static ACCOUNTS: LazyLock<Vec<Account>> = LazyLock::new(|| {
    let others = difficult::accounts().into_iter().chain([hostile::account()]);
    [alice(), bob()].into_iter().chain(others).collect()
});

fn alice() -> Account {
    Account {
        login: "octo-alice",
        id: 1001,
        name: "Octo Alice",
        kind: AccountKind::User,
        blocks: &[],
        repositories: vec![
            Repository {
                description: Some("When to sow what"),
                language: Some("Rust"),
                created_at: "2024-03-02T09:00:00Z",
                pushed_at: "2026-05-11T18:30:00Z",
                ..Repository::new(2001, "garden")
            },
            Repository {
                description: Some("Readings from the roof"),
                language: Some("C"),
                created_at: "2023-11-20T20:15:00Z",
                pushed_at: "2026-09-01T07:45:00Z",
                ..Repository::new(2002, "weather-station")
            },
            Repository {
                description: Some("For nobody else"),
                language: Some("Markdown"),
                private: true,
                created_at: "2025-01-01T00:05:00Z",
                pushed_at: "2026-10-30T22:10:00Z",
                ..Repository::new(2003, "diary")
            },
        ],
    }
}

fn bob() -> Account {
    Account {
        login: "octo-bob",
        id: 1002,
        name: "Octo Bob",
        kind: AccountKind::User,
        blocks: &["octo-carol"],
        repositories: vec![
            Repository {
                description: Some("Plans for a small boat"),
                language: Some("OpenSCAD"),
                created_at: "2022-06-18T12:00:00Z",
                pushed_at: "2026-08-14T16:20:00Z",
                ..Repository::new(2004, "boat")
            },
            Repository {
                description: Some("A chess engine that loses politely"),
                language: Some("Rust"),
                created_at: "2025-02-08T10:40:00Z",
                pushed_at: "2026-07-03T19:05:00Z",
                ..Repository::new(2005, "chess")
            },
            Repository {
                description: Some("Who owes what"),
                language: Some("Python"),
                private: true,
                created_at: "2024-12-24T08:00:00Z",
                pushed_at: "2026-10-02T11:55:00Z",
                ..Repository::new(2006, "ledger")
            },
        ],
    }
}

/// Returns the names of all private repositories.
pub fn private_repositories() -> impl Iterator<Item = &'static str> {
    let all = ACCOUNTS.iter().flat_map(|account| &account.repositories);
    all.filter(|repository| repository.private).map(|repository| repository.name.as_str())
}

impl Repository {
    /// A public repository with issues and without a description.
    pub(super) fn new(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            former_name: None,
            description: None,
            language: None,
            private: false,
            archived: false,
            has_issues: true,
            created_at: "2024-01-01T00:00:00Z",
            pushed_at: "2024-01-01T00:00:00Z",
        }
    }
}

impl Account {
    /// Returns the account with this login.
    pub(super) fn named(login: &str) -> Option<&'static Self> {
        let known = ACCOUNTS.iter().find(|account| account.login.eq_ignore_ascii_case(login));
        known.or_else(|| crowd::named(login))
    }

    /// Returns the person with this login, who can consent.
    pub(super) fn person(login: &str) -> Option<&'static Self> {
        Self::named(login).filter(|it| it.kind == AccountKind::User && it.login == login)
    }

    /// Returns the accounts whose repositories this one may reach: those that everybody knows, and itself.
    pub(super) fn reachable(&'static self) -> impl Iterator<Item = &'static Self> {
        ACCOUNTS.iter().chain(crowd::named(self.login))
    }

    /// Returns the people that pages list.
    pub(super) fn people() -> impl Iterator<Item = &'static Self> {
        ACCOUNTS.iter().filter(|account| account.kind == AccountKind::User)
    }

    /// Returns the repository of this name, which may be a former one.
    pub(super) fn owned(&'static self, name: &str) -> Option<OwnedRepository> {
        let is_it = |it: &&Repository| {
            let names = [Some(it.name.as_str()), it.former_name];
            names.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(name))
        };
        let repository = self.repositories.iter().find(is_it)?;
        Some(OwnedRepository { owner: self, repository })
    }

    /// Returns what an organization demands of an app that acts for `login`: nothing of those who are no
    /// members.
    pub(super) fn demand(&self, login: &str) -> Option<Demand> {
        match self.kind {
            AccountKind::Organization { members, demand } if members.contains(&login) => {
                Some(demand)
            }
            _ => None,
        }
    }
}

/// A repository and whose it is.
#[derive(Clone, Copy)]
pub(super) struct OwnedRepository {
    pub(super) owner: &'static Account,
    pub(super) repository: &'static Repository,
}

impl OwnedRepository {
    /// Returns the repository with this id.
    pub(super) fn with_id(id: u64) -> Option<Self> {
        let accounts = ACCOUNTS.iter().chain(crowd::owner_of(id));
        let all = accounts.flat_map(|owner| {
            owner.repositories.iter().map(move |repository| Self { owner, repository })
        });
        all.into_iter().find(|it| it.repository.id == id)
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner.login, self.repository.name)
    }

    /// Whether `login` owns it, or is a member of the organization that does.
    pub(super) fn is_of(&self, login: &str) -> bool {
        self.owner.login == login || self.owner.demand(login).is_some()
    }
}
