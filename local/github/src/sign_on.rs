//! Single sign-on (SAML) for an app at an organization: GitHub, "Authenticating to the REST API". A member
//! whose app lacks it is sent a link; who opens it allows the app.

use std::collections::{HashMap, HashSet};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderName, HeaderValue},
    response::Response,
    routing::get,
};
use serde::Deserialize;
use stand_in::random_token;
use url::Url;

use super::{GitHub, accounts::Account, page};

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-github-sso");

/// The page at which the user signs on.
pub(super) fn routes() -> Router<GitHub> {
    Router::new().route("/orgs/{organization}/sso", get(sign_on))
}

/// Which tokens have been allowed where, and what was asked for.
#[derive(Default)]
pub(super) struct SignOns {
    asked: HashMap<String, (String, u64)>,
    allowed: HashSet<(String, u64)>,
}

impl SignOns {
    pub(super) fn has(&self, token: &str, organization: &Account) -> bool {
        self.allowed.contains(&(token.to_owned(), organization.id))
    }

    /// Returns the header with the link by which the user allows `token` at `organization`.
    pub(super) fn ask(
        &mut self,
        token: &str,
        organization: &Account,
        base: &Url,
    ) -> Option<HeaderValue> {
        let request = random_token();
        let link = format!("{base}orgs/{}/sso?authorization_request={request}", organization.login);
        self.asked.insert(request, (token.to_owned(), organization.id));
        format!("required; url={link}").parse().ok()
    }
}

#[derive(Deserialize)]
struct SignOn {
    authorization_request: String,
}

async fn sign_on(
    State(github): State<GitHub>,
    Path(organization): Path<String>,
    Query(SignOn { authorization_request }): Query<SignOn>,
) -> Response {
    let Some(account) = Account::named(&organization) else { return page::no_sign_on() };
    let mut sign_ons = github.sign_ons();
    match sign_ons.asked.remove(&authorization_request) {
        Some(asked) if asked.1 == account.id => {
            sign_ons.allowed.insert(asked);
            page::signed_on(account.login)
        }
        _ => page::no_sign_on(),
    }
}
