//! `POST /sign-out`: ends the load balancer's session in this browser.
//!
//! That session is all in the load balancer's cookies, which the application is to let expire (AWS,
//! "Authenticate users using an Application Load Balancer", "Authentication logout").

use http::StatusCode;
use identity::User;
use lambda_http::Request;
use serde::Serialize;
use service::{Problem, Reply, browser, reply, request::refuse_cross_site};
use telemetry::Audit;
use utoipa::ToSchema;

use crate::state::Service;

/// What a sign-out has ended, and what it has not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedOut {
    /// For a person.
    #[schema(example = "You are signed out here.")]
    message: &'static str,
}

const SIGNED_OUT: SignedOut = SignedOut {
    message: "You are signed out in this browser. That does not end your session at the identity \
              provider, which may sign you in again without a question; it does not sign you out in \
              other browsers; and what you have allowed at GitHub stays allowed until you revoke it \
              there.",
};

pub(crate) fn answer(service: &Service, request: &Request, user: &User) -> Result<Reply, Problem> {
    let inbound = &service.settings.inbound;
    refuse_cross_site(request.method(), request.headers(), &inbound.site)?;
    // Only the caller can discard a bearer token.
    if inbound.bearer {
        return Err(Problem::no_such_route());
    }
    let mut reply = reply::json(StatusCode::OK, &SIGNED_OUT)?;
    browser::end_session(&mut reply, &inbound.site)?;
    Audit::SignedOut { user: user.id() }.record();
    Ok(reply)
}
