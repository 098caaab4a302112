//! Disconnecting a provider: remembered here, revoked there, and told to the user.

use std::sync::Arc;

use agent::{account::Revocation, error::TurnError, provider::Provider};
use edge::Problem;
use session::{Connection, SessionError};
use tokio::time::timeout;
use vault::AccessToken;

use super::{Connections, RevocationResult, STORAGE, UPSTREAM};
use crate::turn_problem::{self, Saved};

impl Connections<'_> {
    /// Disconnects `provider`. What the vault has is asked for first, because it can't be revoked
    /// otherwise: all of it, also what was disconnected before and could not be revoked then. Without
    /// that, and without the provider, the disconnect still counts.
    pub(super) async fn disconnect(
        &self,
        provider: &Arc<Provider>,
    ) -> Result<(RevocationResult, String), Problem> {
        let everything = Connection::default();
        let tokens = timeout(self.at_most(UPSTREAM), self.tokens(provider, &everything)).await;
        let tokens = tokens.unwrap_or(Err(TurnError::TooSlow)).map_err(|error| {
            tracing::warn!(cause = %error, "a user's token can't be revoked: the vault gives none");
        });
        let had: Vec<&AccessToken> = tokens.iter().flatten().map(|stored| &stored.token).collect();
        let fingerprints: Vec<String> =
            had.iter().map(|token| token.fingerprint().as_str().to_owned()).collect();
        let (sessions, user) = (self.authorizer.sessions, self.authorizer.asker.user);
        let now = self.authorizer.clock.now();
        let saved = sessions.disconnect(user, provider.name().as_str(), &fingerprints, now);
        let saved = timeout(self.at_most(STORAGE), saved).await.unwrap_or_else(|it| Err(it.into()));
        saved.map_err(|error| not_saved(error, provider))?;
        let revocation = match (self.api(provider), tokens.is_ok()) {
            (None, _) => Revocation::NotPossible,
            (Some(_), false) => Revocation::Failed("It could not be had from the vault."),
            (Some(_), true) if had.is_empty() => return Ok(nothing_to_revoke(provider)),
            (Some(api), true) => timeout(self.at_most(UPSTREAM), api.revoke(&had))
                .await
                .unwrap_or(Revocation::Failed("The provider gives no answer.")),
        };
        Ok(told_to_the_user(revocation, provider))
    }
}

fn not_saved(error: SessionError, provider: &Provider) -> Problem {
    turn_problem::problem(error.into(), Saved::NotAsked).saying(format!(
        "It can't be saved that you disconnect {}, so that you may still be connected. Nothing was \
         revoked. Try again.",
        provider.label(),
    ))
}

fn nothing_to_revoke(provider: &Provider) -> (RevocationResult, String) {
    let label = provider.label();
    let message =
        format!("You are not connected to {label}. There is no token that could be revoked.");
    (RevocationResult::AlreadyGone, message)
}

/// What was done, in words.
fn told_to_the_user(revocation: Revocation, provider: &Provider) -> (RevocationResult, String) {
    let label = provider.label();
    let (result, what) = match revocation {
        Revocation::Revoked => {
            (RevocationResult::Revoked, format!("{label} has accepted to revoke the token."))
        }
        Revocation::AlreadyGone => {
            (RevocationResult::AlreadyGone, format!("{label} did not take the token any more."))
        }
        Revocation::NotPossible => (
            RevocationResult::NotPossible,
            format!(
                "{label} can't be asked from here to revoke the token, which may still be good there."
            ),
        ),
        Revocation::Failed(why) => (
            RevocationResult::Failed,
            format!("The token was not revoked, and may still be good at {label}: {why}"),
        ),
    };
    let message = format!(
        "{label} is disconnected: no token of before is used here any more. {what} In the settings of \
         your account at {label}, among the applications, you can also remove what you have allowed \
         this application there."
    );
    (result, message)
}
