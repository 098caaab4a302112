//! The authorization endpoint (OpenID Connect Core 1.0, section 3.1.2).

use axum::{
    Form, Router,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use super::{
    IdentityProvider, authentication_request::AuthenticationRequest, codes::SignIn, page,
    people::Person,
};
use stand_in::STEP;

/// The sign-in page and the target of its form.
pub(super) fn routes() -> Router<IdentityProvider> {
    Router::new().route("/authorize", get(ask).post(decide))
}

#[derive(Deserialize)]
struct Decision {
    #[serde(flatten)]
    request: AuthenticationRequest,
    #[serde(default)]
    user: String,
}

async fn ask(
    State(provider): State<IdentityProvider>,
    Query(request): Query<AuthenticationRequest>,
) -> Response {
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
    let AuthenticationRequest { state, nonce, code_challenge, .. } = request;
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
