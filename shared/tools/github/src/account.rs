//! Whose token it is, and taking it back: GitHub REST API, "Get the authenticated user" and "Revoke a
//! list of credentials".

use agent::account::{Account, AccountApi, AccountUnknown, Revocation};
use agent::tool::TokenVerdict;
use futures_util::future::{BoxFuture, FutureExt, join_all};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use vault::AccessToken;

use crate::client::GitHub;

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Serialize)]
struct Credentials<'a> {
    credentials: Vec<&'a str>,
}

impl AccountApi for GitHub {
    fn account<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<Account, AccountUnknown>> {
        async move {
            let reply = self.get::<User>("/user", token).await;
            match reply.outcome {
                Ok(User { login }) => {
                    Ok(Account { name: format!("@{login}"), scopes: reply.allows })
                }
                Err(failure) if failure.token == TokenVerdict::NotAccepted => {
                    Err(AccountUnknown::Refused)
                }
                Err(_) => Err(AccountUnknown::NoAnswer),
            }
        }
        .boxed()
    }

    /// One request, which is sent once and has to be anonymous: GitHub answers 403 otherwise. It counts
    /// 60 an hour for each address. What any answer but 202 means for the tokens is asked for: 422
    /// is said of malformed ones, of unknown ones and of too many requests.
    fn revoke<'a>(&'a self, tokens: &'a [&'a AccessToken]) -> BoxFuture<'a, Revocation> {
        async move {
            let credentials = tokens.iter().map(|token| token.expose()).collect();
            let body = Credentials { credentials };
            let status = match self.post_anonymously("/credentials/revoke", &body).await {
                Ok(StatusCode::ACCEPTED) => return Revocation::Revoked,
                Ok(status) => Some(status),
                Err(error) => {
                    error.log();
                    None
                }
            };
            let accounts = join_all(tokens.iter().map(|token| self.account(token))).await;
            if accounts.iter().all(|account| *account == Err(AccountUnknown::Refused)) {
                return Revocation::AlreadyGone;
            }
            let status = status.map(|status| status.as_u16());
            tracing::warn!(status, "GitHub has not revoked a user's token");
            Revocation::Failed(match status {
                Some(403 | 429) => "GitHub's limit of such requests is reached.",
                None | Some(500..) => "GitHub is not working at the moment, or can't be reached.",
                Some(_) => "GitHub refused.",
            })
        }
        .boxed()
    }
}
