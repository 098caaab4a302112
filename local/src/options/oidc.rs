//! The options for an external OpenID provider.

use clap::Args;
use load_balancer_local::OidcClient;

use super::Secret;

/// An OpenID provider of your own. Issuer, client and secret are given together; a secret alone, which
/// may be in the environment for something else, is ignored.
#[derive(Debug, Clone, Default, Args)]
pub struct Oidc {
    /// Issuer of the OpenID provider at which people sign in; register the redirect URI
    /// http://localhost:PORT/oauth2/idpresponse there.
    #[arg(long = "oidc-issuer", value_name = "URL", requires = "client_id")]
    issuer: Option<String>,

    /// The client's id at that provider.
    #[arg(long = "oidc-client-id", value_name = "ID", requires_all = ["issuer", "client_secret"])]
    client_id: Option<String>,

    /// The client's secret at that provider; better given in the environment.
    #[arg(
        long = "oidc-client-secret",
        value_name = "SECRET",
        env = "OIDC_CLIENT_SECRET",
        hide_env_values = true
    )]
    client_secret: Option<Secret>,
}

impl Oidc {
    /// Returns the provider that replaces the stand-in. `None` if none is given.
    #[must_use]
    pub fn client(&self) -> Option<OidcClient> {
        Some(OidcClient {
            issuer: self.issuer.clone()?,
            client_id: self.client_id.clone()?,
            client_secret: self.client_secret.as_ref()?.expose().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::options::Options;

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("local").chain(line.split_whitespace()))
    }

    #[test]
    fn an_own_provider_needs_issuer_client_and_secret_and_shows_no_secret() {
        let all = "--oidc-issuer https://i.example --oidc-client-id c --oidc-client-secret hunter2";
        let options = parse(all).unwrap();
        assert_eq!(options.oidc.client().unwrap().issuer, "https://i.example");
        assert!(!format!("{options:?}").contains("hunter2"));
        assert!(parse("--oidc-issuer https://i.example").is_err());
        assert!(parse("--oidc-client-id c").is_err());
        assert!(parse("--oidc-issuer https://i.example --oidc-client-id c").is_err());
        // As from an environment in which it is set for something else.
        assert!(parse("--oidc-client-secret hunter2").unwrap().oidc.client().is_none());
    }
}
