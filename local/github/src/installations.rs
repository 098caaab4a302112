//! Installations of GitHub Apps: on which repositories of an account, and what that lets a token do.
//!
//! Source: GitHub's "Choosing permissions for a GitHub App" (what is public is read without any),
//! "Permissions required for GitHub Apps", "Troubleshooting the REST API" (404 for a private repository that
//! the app is not installed on, 403 for a permission that it lacks, which `x-accepted-github-permissions`
//! names) and "Installing a GitHub App from a third party". Here a person installs an app on their own
//! account alone.

use std::collections::{BTreeSet, HashMap};

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stand_in::STEP;

use super::{
    GitHub,
    accounts::{Account, OwnedRepository},
    page,
    paging::Paging,
    rest::{Caller, describe, refuse},
};

/// What the tools of this project need.
pub(super) const PERMISSIONS: [&str; 4] =
    ["contents=read", "issues=write", "metadata=read", "pull_requests=read"];

/// The page on which an app is installed, and the calls that list where it is.
pub(super) fn routes() -> Router<GitHub> {
    Router::new()
        .route("/apps/{app}/installations/new", get(ask).post(install))
        .route("/user/installations", get(list))
        .route("/user/installations/{id}/repositories", get(repositories))
}

/// The repositories of one account that an app is installed on.
#[derive(Clone)]
pub(super) enum Chosen {
    All,
    Selected(BTreeSet<u64>),
}

/// Where an app is installed: the repositories by the account's id.
pub(super) type Installations = HashMap<u64, Chosen>;

/// What a person chooses in a form.
#[derive(Deserialize)]
pub(super) struct Choice {
    /// `all`, `selected`, `none`, or empty: as it was.
    #[serde(default)]
    repositories: String,
    /// With `selected`: their names, with spaces between them.
    #[serde(default)]
    names: String,
}

impl Choice {
    /// Changes where the app is installed on the person's `account`. `None` if there is no such choice.
    pub(super) fn apply(&self, account: &Account, to: &mut Installations) -> Option<()> {
        let chosen = match self.repositories.as_str() {
            "" => return Some(()),
            "none" => {
                to.remove(&account.id);
                return Some(());
            }
            "all" => Chosen::All,
            "selected" => {
                let id = |name| account.repositories.iter().find(|it| it.name == name);
                let ids = self.names.split_whitespace().map(|name| Some(id(name)?.id));
                Chosen::Selected(ids.collect::<Option<_>>()?)
            }
            _ => return None,
        };
        tracing::info!(
            target: STEP,
            step = "installed",
            account = account.login,
            repositories = self.repositories,
            "installed"
        );
        to.insert(account.id, chosen);
        Some(())
    }
}

/// What a GitHub App's token may do.
#[derive(Clone)]
pub(super) struct AppRights {
    pub(super) permissions: Vec<String>,
    pub(super) installations: Installations,
    /// One of these is needed for the call that is made; none if empty.
    pub(super) needed: &'static [&'static str],
}

impl AppRights {
    /// Whether the app is installed on a repository.
    pub(super) fn has_chosen(&self, it: &OwnedRepository) -> bool {
        match self.installations.get(&it.owner.id) {
            Some(Chosen::All) => true,
            Some(Chosen::Selected(ids)) => ids.contains(&it.repository.id),
            None => false,
        }
    }

    /// Whether the call may be made for a repository that the user reads.
    pub(super) fn allow(&self, it: &OwnedRepository, method: &Method) -> bool {
        let is_public_reading = !it.repository.private && *method == Method::GET;
        let has = |needed: &&str| {
            let stronger = needed.replace("=read", "=write");
            self.permissions.iter().any(|own| own == needed || *own == stronger)
        };
        is_public_reading || (self.has_chosen(it) && self.needed.iter().any(has))
    }
}

/// Of which permissions a call needs one.
pub(super) fn needed(method: &Method, path: &str) -> &'static [&'static str] {
    let mut parts = path.split('/').skip(1);
    let inside = match parts.next() {
        Some("repos") => parts.nth(2),
        Some("repositories") => parts.nth(1),
        Some("user") if parts.next() == Some("repos") => None,
        _ => return &[],
    };
    match (inside, *method == Method::GET) {
        (Some("contents" | "commits"), _) => &["contents=read"],
        (Some("issues"), true) => &["issues=read"],
        (Some("issues"), false) if path.ends_with("/comments") => {
            &["issues=write", "pull_requests=write"]
        }
        (Some("issues"), false) => &["issues=write"],
        (Some("pulls"), _) => &["pull_requests=read"],
        _ => &["metadata=read"],
    }
}

async fn ask(State(github): State<GitHub>, Path(app): Path<String>) -> Response {
    match github.grants().installations(&app) {
        Some(_) => page::installation(&app),
        None => page::wrong_request(),
    }
}

/// The form of the page: which account installs the app, and where.
#[derive(Deserialize)]
struct Installation {
    account: String,
    #[serde(flatten)]
    choice: Choice,
}

async fn install(
    State(github): State<GitHub>,
    Path(app): Path<String>,
    Form(Installation { account, choice }): Form<Installation>,
) -> Response {
    let mut grants = github.grants();
    let person = Account::people().find(|it| it.login == account);
    let installed = person
        .zip(grants.installations(&app))
        .and_then(|(account, installations)| choice.apply(account, installations));
    match installed {
        Some(()) => page::installed(&app),
        None => page::wrong_request(),
    }
}

/// `GET /user/installations`: of the user's own account, whose id an installation has here.
async fn list(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Query(paging): Query<Paging>,
) -> Response {
    let mut headers = describe(&usage, "");
    let Some(app) = &usage.app else { return no_app(headers) };
    let (account, base) = (usage.consent.account, &github.base);
    let permissions = app.permissions.iter().filter_map(|it| it.split_once('='));
    let permissions: Map<String, Value> =
        permissions.map(|(name, level)| (name.to_owned(), level.into())).collect();
    let body = |chosen: &Chosen| {
        let selection = if matches!(chosen, Chosen::All) { "all" } else { "selected" };
        json!({
            "id": account.id, "app_id": 1, "app_slug": "app", "target_id": account.id,
            "target_type": "User", "single_file_name": null, "repository_selection": selection,
            "access_tokens_url": format!("{base}app/installations/{}/access_tokens", account.id),
            "html_url": format!("{base}settings/installations/{}", account.id),
            "repositories_url": format!("{base}installation/repositories"), "events": [],
            "account": account.owner(base), "permissions": permissions,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "suspended_by": null, "suspended_at": null,
        })
    };
    let all: Vec<Value> = app.installations.get(&account.id).map(body).into_iter().collect();
    let total = all.len();
    let mut address = base.clone();
    address.set_path("user/installations");
    let shown = paging.page(all, address, &mut headers);
    (headers, Json(json!({ "total_count": total, "installations": shown }))).into_response()
}

/// `GET /user/installations/{id}/repositories`.
async fn repositories(
    State(github): State<GitHub>,
    Caller(usage): Caller,
    Path(id): Path<u64>,
    Query(paging): Query<Paging>,
) -> Response {
    let mut headers = describe(&usage, "");
    let Some(app) = &usage.app else { return no_app(headers) };
    let (owner, base) = (usage.consent.account, &github.base);
    if id != owner.id || !app.installations.contains_key(&id) {
        return refuse(StatusCode::NOT_FOUND, headers, "Not Found");
    }
    let all = owner.repositories.iter().map(|repository| OwnedRepository { owner, repository });
    let all: Vec<OwnedRepository> = all.filter(|it| app.has_chosen(it)).collect();
    let total = all.len();
    let mut address = base.clone();
    address.set_path(&format!("user/installations/{id}/repositories"));
    let shown = paging.page(all, address, &mut headers);
    let shown: Vec<Value> = shown.iter().map(|it| it.body(base, owner.login)).collect();
    (headers, Json(json!({ "total_count": total, "repositories": shown }))).into_response()
}

fn no_app(headers: HeaderMap) -> Response {
    let text = "You must authenticate with an access token authorized to a GitHub App in order to list \
                installations";
    refuse(StatusCode::FORBIDDEN, headers, text)
}
