//! The two accounts of this GitHub and their repositories, in the JSON of the REST API.
//!
//! Source: GitHub's "REST API endpoints for users" and "… for repositories".

use serde_json::{Value, json};
use url::Url;

/// A user account.
pub(super) struct Account {
    pub(super) login: &'static str,
    pub(super) id: u64,
    name: &'static str,
    pub(super) repositories: [Repository; 3],
}

/// A repository of an account.
pub(super) struct Repository {
    id: u64,
    pub(super) name: &'static str,
    description: &'static str,
    language: &'static str,
    pub(super) private: bool,
    pub(super) created_at: &'static str,
    pub(super) pushed_at: &'static str,
}

/// All accounts.
pub(super) static ACCOUNTS: [Account; 2] = [
    Account {
        login: "octo-alice",
        id: 1001,
        name: "Octo Alice",
        repositories: [
            Repository {
                id: 2001,
                name: "garden",
                description: "When to sow what",
                language: "Rust",
                private: false,
                created_at: "2024-03-02T09:00:00Z",
                pushed_at: "2026-05-11T18:30:00Z",
            },
            Repository {
                id: 2002,
                name: "weather-station",
                description: "Readings from the roof",
                language: "C",
                private: false,
                created_at: "2023-11-20T20:15:00Z",
                pushed_at: "2026-09-01T07:45:00Z",
            },
            Repository {
                id: 2003,
                name: "diary",
                description: "For nobody else",
                language: "Markdown",
                private: true,
                created_at: "2025-01-01T00:05:00Z",
                pushed_at: "2026-10-30T22:10:00Z",
            },
        ],
    },
    Account {
        login: "octo-bob",
        id: 1002,
        name: "Octo Bob",
        repositories: [
            Repository {
                id: 2004,
                name: "boat",
                description: "Plans for a small boat",
                language: "OpenSCAD",
                private: false,
                created_at: "2022-06-18T12:00:00Z",
                pushed_at: "2026-08-14T16:20:00Z",
            },
            Repository {
                id: 2005,
                name: "chess",
                description: "A chess engine that loses politely",
                language: "Rust",
                private: false,
                created_at: "2025-02-08T10:40:00Z",
                pushed_at: "2026-07-03T19:05:00Z",
            },
            Repository {
                id: 2006,
                name: "ledger",
                description: "Who owes what",
                language: "Python",
                private: true,
                created_at: "2024-12-24T08:00:00Z",
                pushed_at: "2026-10-02T11:55:00Z",
            },
        ],
    },
];

/// Returns the names of all private repositories.
pub fn private_repositories() -> impl Iterator<Item = &'static str> {
    let all = ACCOUNTS.iter().flat_map(|account| &account.repositories);
    all.filter(|repository| repository.private).map(|repository| repository.name)
}

impl Account {
    /// Returns the account with this login.
    pub(super) fn named(login: &str) -> Option<&'static Self> {
        ACCOUNTS.iter().find(|account| account.login == login)
    }

    /// The response of `GET /user`; `private` adds the members that only a token of this account gets.
    pub(super) fn profile(&self, base: &Url, private: bool) -> Value {
        let mut profile = self.owner(base);
        let public_repos = self.repositories.iter().filter(|it| !it.private).count();
        add(
            &mut profile,
            json!({
                "name": self.name, "company": null, "blog": "", "location": null, "email": null,
                "hireable": null, "bio": "Made up, for development and tests",
                "twitter_username": null, "public_repos": public_repos, "public_gists": 0,
                "followers": 1, "following": 1,
                "created_at": "2022-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            }),
        );
        if private {
            let private_repos = self.repositories.len() - public_repos;
            add(
                &mut profile,
                json!({
                    "private_gists": 0, "total_private_repos": private_repos,
                    "owned_private_repos": private_repos, "disk_usage": 1024,
                    "collaborators": 0, "two_factor_authentication": true,
                }),
            );
        }
        profile
    }

    /// Returns the repository of this name.
    pub(super) fn owned(&self, name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| repository.name == name)
    }

    /// The account as it appears inside other objects.
    pub(super) fn owner(&self, base: &Url) -> Value {
        let login = self.login;
        let api = |path: &str| format!("{base}users/{login}{path}");
        json!({
            "login": login, "id": self.id, "node_id": format!("U_{}", self.id),
            "avatar_url": format!("{base}avatars/{}", self.id), "gravatar_id": "",
            "url": api(""), "html_url": format!("{base}{login}"),
            "followers_url": api("/followers"),
            "following_url": api("/following{/other_user}"),
            "gists_url": api("/gists{/gist_id}"),
            "starred_url": api("/starred{/owner}{/repo}"),
            "subscriptions_url": api("/subscriptions"), "organizations_url": api("/orgs"),
            "repos_url": api("/repos"), "events_url": api("/events{/privacy}"),
            "received_events_url": api("/received_events"),
            "type": "User", "site_admin": false,
        })
    }

    /// One of the repositories, as the owner sees it.
    pub(super) fn repository(&self, base: &Url, repository: &Repository) -> Value {
        let full_name = format!("{}/{}", self.login, repository.name);
        let visibility = if repository.private { "private" } else { "public" };
        let web = format!("{base}{full_name}");
        json!({
            "id": repository.id, "node_id": format!("R_{}", repository.id),
            "name": repository.name, "full_name": full_name, "owner": self.owner(base),
            "private": repository.private, "visibility": visibility, "html_url": web,
            "description": repository.description, "fork": false,
            "url": format!("{base}repos/{full_name}"),
            "issues_url": format!("{base}repos/{full_name}/issues{{/number}}"),
            "clone_url": format!("{web}.git"), "ssh_url": null, "homepage": null,
            "language": repository.language, "forks_count": 0, "stargazers_count": 0,
            "watchers_count": 0, "size": 128, "default_branch": "main", "open_issues_count": 0,
            "is_template": false, "topics": [], "has_issues": true, "has_projects": false,
            "has_wiki": false, "has_pages": false, "has_downloads": true, "archived": false,
            "disabled": false, "license": null,
            "pushed_at": repository.pushed_at, "created_at": repository.created_at,
            "updated_at": repository.pushed_at,
            "permissions": {
                "admin": true, "maintain": true, "push": true, "triage": true, "pull": true,
            },
        })
    }
}

/// Adds the members of `more` to `object`.
fn add(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
