//! GitHub as a credential provider (GitHub, "Scopes for OAuth apps").

use agent::provider::Provider;
use vault::ProviderName;

/// Which scope includes which others, as far as tools declare them.
const INCLUDES: [(&str, &[&str]); 2] = [("repo", &["public_repo"]), ("user", &["read:user"])];

/// The sets of scopes that are ever asked for.
const SETS: [&[&str]; 3] = [&["read:user"], &["public_repo", "read:user"], &["read:user", "repo"]];

/// GitHub, as AgentCore Identity knows it by `name`.
///
/// # Errors
/// When `name` can't be a credential provider's.
pub fn provider(name: &str) -> Result<Provider, String> {
    let name = ProviderName::parse(name).map_err(|error| error.to_string())?;
    Provider::new(name, "GitHub", &INCLUDES, &SETS).map_err(|error| error.to_string())
}
