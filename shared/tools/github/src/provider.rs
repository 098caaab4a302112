//! GitHub as a credential provider (GitHub, "Scopes for OAuth apps").

use agent::provider::{InvalidProvider, Provider};
use vault::ProviderName;

use crate::app::App;

/// Which scope includes which others, as far as tools declare them.
const INCLUDES: [(&str, &[&str]); 2] = [("repo", &["public_repo"]), ("user", &["read:user"])];

/// The sets of scopes that are ever asked for.
const SETS: [&[&str]; 3] = [&["read:user"], &["public_repo", "read:user"], &["read:user", "repo"]];

/// GitHub, as AgentCore Identity knows it by `name`: with an OAuth app, or with this GitHub App.
///
/// A GitHub App's tokens have no scopes, and GitHub ignores those that are asked for. The list is empty then:
/// the service model of `GetResourceOauth2Token` demands one, and no length of it. With a scope in it, a
/// vault that compares what was asked for with what was granted (`"scope": ""`) would find no token and ask
/// for one consent after another.
///
/// # Errors
/// Never: the sets are nested.
pub fn provider(name: ProviderName, app: Option<&App>) -> Result<Provider, InvalidProvider> {
    match app {
        None => Provider::new(name, "GitHub", &INCLUDES, &SETS),
        Some(app) => Ok(Provider::new(name, "GitHub", &[], &[&[]])?.choosing(app.choice())),
    }
}
