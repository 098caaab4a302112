//! Users, repositories and issues in the JSON of the REST API, whole as GitHub's OpenAPI description has
//! them (`.ci/conformance-github`).
//!
//! Source: "REST API endpoints for users", "… for repositories" and "… for issues".

use serde_json::{Map, Value, json};
use url::Url;

use super::accounts::{Account, AccountKind, OwnedRepository};

/// The links of a repository to what belongs to it.
const REPOSITORY_LINKS: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

impl Account {
    /// The response of `GET /user`; `private` adds the members that only a token of this account gets.
    pub(super) fn profile(&self, base: &Url, private: bool) -> Value {
        let mut profile = self.owner(base);
        profile["user_view_type"] = if private { "private" } else { "public" }.into();
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

    /// The account as it appears inside other objects.
    pub(super) fn owner(&self, base: &Url) -> Value {
        let login = self.login;
        let kind = if self.kind == AccountKind::User { "User" } else { "Organization" };
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
            "type": kind, "site_admin": false,
        })
    }
}

impl OwnedRepository {
    /// The repository as `login` sees it.
    pub(super) fn body(&self, base: &Url, login: &str) -> Value {
        let Self { owner, repository } = self;
        let full_name = self.full_name();
        let visibility = if repository.private { "private" } else { "public" };
        let (web, api) = (format!("{base}{full_name}"), format!("{base}repos/{full_name}"));
        let host = base.host_str().unwrap_or_default();
        let mut body = json!({
            "id": repository.id, "node_id": format!("R_{}", repository.id),
            "name": repository.name, "full_name": full_name, "owner": owner.owner(base),
            "private": repository.private, "visibility": visibility, "html_url": web,
            "description": repository.description, "fork": false,
            "clone_url": format!("{web}.git"), "git_url": format!("git://{host}/{full_name}.git"),
            "ssh_url": format!("git@{host}:{full_name}.git"), "svn_url": web, "mirror_url": null,
            "homepage": null, "language": repository.language, "license": null,
            "has_issues": repository.has_issues, "archived": repository.archived, "pushed_at": repository.pushed_at,
            "created_at": repository.created_at, "updated_at": repository.pushed_at,
        });
        // Of some repositories GitHub does not say what the user may do.
        if repository.name != "bare" {
            let is_own = self.is_of(login);
            body["permissions"] = json!({
                "admin": is_own, "maintain": is_own, "push": is_own, "triage": is_own, "pull": true,
            });
        }
        add(&mut body, the_same_for_all());
        let links = REPOSITORY_LINKS.iter();
        let links = links.map(|(name, path)| ((*name).to_owned(), format!("{api}{path}").into()));
        add(&mut body, links.collect::<Map<_, _>>().into());
        body
    }

    /// The same where it stands alone: with what a list leaves out.
    pub(super) fn whole_body(&self, base: &Url, login: &str) -> Value {
        let mut body = self.body(base, login);
        add(&mut body, json!({ "network_count": 0, "subscribers_count": 1 }));
        body
    }

    /// A label of its issues.
    pub(super) fn label(&self, base: &Url, name: &str) -> Value {
        json!({
            "id": 4_000, "node_id": format!("LA_{}", self.repository.id), "name": name,
            "url": format!("{base}repos/{}/labels/{name}", self.full_name()),
            "description": null, "color": "ededed", "default": false,
        })
    }

    /// Issue `number` by `author`, who may be gone; of them GitHub keeps nothing.
    pub(super) fn issue(
        &self,
        base: &Url,
        number: usize,
        author: Option<&Account>,
        (title, text, now): (&str, Option<&str>, &str),
    ) -> Value {
        let full_name = self.full_name();
        let api = format!("{base}repos/{full_name}");
        let url = format!("{api}/issues/{number}");
        json!({
            "id": 3_000 + number, "node_id": format!("I_{number}"), "number": number,
            "repository_url": api, "url": url, "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
            "html_url": format!("{base}{full_name}/issues/{number}"),
            "state": "open", "locked": false, "title": title, "body": text,
            "user": author.map(|author| author.owner(base)), "labels": [], "assignee": null,
            "assignees": [], "milestone": null, "comments": 0, "closed_at": null,
            "created_at": now, "updated_at": now, "author_association": "NONE",
        })
    }
}

/// What this GitHub does not tell apart.
fn the_same_for_all() -> Value {
    json!({
        "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
        "size": 128, "default_branch": "main", "open_issues": 0, "open_issues_count": 0,
        "is_template": false, "topics": [], "has_projects": false, "has_wiki": false,
        "has_pages": false, "has_downloads": true, "has_discussions": false, "disabled": false,
        "allow_forking": true, "web_commit_signoff_required": false,
    })
}

/// Adds the members of `more` to `object`.
pub(super) fn add(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
