//! The authorization endpoint (OpenID Connect Core 1.0, section 3.1.2).

use axum::{
    Form, Router,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use super::{IdentityProvider, codes::SignIn, page, people::Person};
use stand_in::STEP;

/// The sign-in page and the target of its form.
pub(super) fn routes() -> Router<IdentityProvider> {
    Router::new().route("/authorize", get(ask).post(decide))
}

/// An authentication request.
#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

#[derive(Deserialize)]
struct Decision {
    #[serde(flatten)]
    request: Request,
    #[serde(default)]
    user: String,
}

impl Request {
    /// The parameters that the form sends again.
    pub(super) fn parameters(&self) -> [(&'static str, Option<&String>); 8] {
        [
            ("client_id", Some(&self.client_id)),
            ("redirect_uri", Some(&self.redirect_uri)),
            ("response_type", Some(&self.response_type)),
            ("scope", Some(&self.scope)),
            ("state", self.state.as_ref()),
            ("nonce", self.nonce.as_ref()),
            ("code_challenge", self.code_challenge.as_ref()),
            ("code_challenge_method", self.code_challenge_method.as_ref()),
        ]
    }

    fn check(&self, provider: &IdentityProvider) -> Result<(), &'static str> {
        let provider = &provider.0;
        if self.client_id != provider.client_id {
            return Err("The application is not known here.");
        }
        if self.redirect_uri != provider.redirect.as_str() {
            return Err("The application has not registered the page that it wants you sent to.");
        }
        if self.response_type != "code" {
            return Err("Only the authorization code flow is supported here.");
        }
        if !self.scope.split(' ').any(|scope| scope == "openid") {
            return Err("The application does not ask for OpenID Connect.");
        }
        let method = self.code_challenge_method.as_deref();
        if self.code_challenge.is_some() && method != Some("S256") {
            return Err("The application's code challenge is not S256.");
        }
        Ok(())
    }
}

async fn ask(State(provider): State<IdentityProvider>, Query(request): Query<Request>) -> Response {
    match request.check(&provider) {
        Ok(()) => page::sign_in(&request),
        Err(why) => page::wrong_request(why),
    }
}

async fn decide(
    State(provider): State<IdentityProvider>,
    Form(decision): Form<Decision>,
) -> Response {
    let Decision { request, user } = decision;
    if let Err(why) = request.check(&provider) {
        return page::wrong_request(why);
    }
    let Some(person) = Person::named(&user) else {
        return page::wrong_request("Nobody here has that name.");
    };
    let Request { state, nonce, code_challenge, .. } = request;
    let now = provider.0.clock.now();
    let code = provider.codes().issue_code(SignIn { person, nonce, code_challenge }, now);
    let mut target = provider.0.redirect.clone();
    target.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = state {
        target.query_pairs_mut().append_pair("state", &state);
    }
    tracing::info!(target: STEP, step = "signed_in", user = person.id, "somebody signs in");
    Redirect::to(target.as_str()).into_response()
}
