//! Whether agents of others may use the tools ([`OTHER_AGENTS`](super::OTHER_AGENTS)).

use edge::{Inbound, Problem, Reader, environment::text, sign_in};
use http::{HeaderMap, header};
use identity::{Authenticator, User};

use super::MCP_AUDIENCE;

/// The path of the door.
pub(crate) const PATH: &str = "/mcp";
/// Where its description is (RFC 9728, section 3.1: the resource's path comes after the well-known one).
pub(crate) const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

/// Who is believed at `POST /mcp`.
#[derive(Debug)]
pub(crate) struct OtherAgents {
    tokens: Authenticator,
    /// Whose tokens.
    pub(crate) issuer: String,
}

impl OtherAgents {
    /// Nothing if it is not configured, or can't be: then the mistake is with `reader`.
    pub(super) fn read(reader: &mut Reader<'_>, inbound: Option<&Inbound>) -> Option<Self> {
        let audience = reader.optional(&MCP_AUDIENCE, text)?;
        if inbound.is_some_and(|it| it.bearer) && sign_in::is_own_client(&audience, reader) {
            let why = "the value of OIDC_CLIENT_ID: a client's token would sign it in to the pages on \
                       which a person approves what it does";
            reader.mistake(&MCP_AUDIENCE, why);
            return None;
        }
        if inbound.is_some_and(|inbound| !inbound.names_users_by_id()) {
            let why = "is for VAULT_IDENTITY=user-id only: a client's consent is completed with another \
                       token than the one it was begun with";
            reader.mistake(&MCP_AUDIENCE, why);
            return None;
        }
        let (tokens, issuer) = sign_in::access_tokens(audience, reader)?;
        Some(Self { tokens, issuer })
    }

    /// The user whose access token `headers` bring.
    ///
    /// # Errors
    /// As [`Inbound::user_of_token`].
    pub(crate) async fn user(
        &self,
        inbound: &Inbound,
        headers: &HeaderMap,
    ) -> Result<User, Problem> {
        // RFC 6750, section 3.1: who has sent no token has made no mistake.
        let error = match headers.contains_key(header::AUTHORIZATION) {
            true => "error=\"invalid_token\", ",
            false => "",
        };
        let metadata = inbound.site.address(METADATA);
        let challenge = format!("Bearer {error}resource_metadata=\"{metadata}\"");
        inbound.user_of_token(&self.tokens, headers, &challenge).await
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::read;

    #[test]
    fn other_agents_may_call_only_if_an_audience_is_named() {
        assert!(read(&[]).unwrap().other_agents.is_none());
        let open = read(&[("MCP_AUDIENCE", "https://app.example/mcp")]).unwrap();
        assert_eq!(open.other_agents.unwrap().issuer, "https://issuer.example");
    }

    #[test]
    fn a_client_that_could_approve_for_its_user_is_refused_at_start() {
        let wrong = |more: &[(&str, &str)]| read(more).err().unwrap().to_string();
        let same = [("INBOUND_AUTH", "bearer"), ("MCP_AUDIENCE", "client")];
        let told = wrong(&same);
        assert!(told.contains("MCP_AUDIENCE: the value of OIDC_CLIENT_ID"), "{told}");
        // Where a load balancer signs people in, a token signs nobody in.
        assert!(read(&same[1..]).is_ok());
        let token = [("INBOUND_AUTH", "bearer"), ("VAULT_IDENTITY", "user-token")];
        let token = wrong(&[&token[..], &[("MCP_AUDIENCE", "agents")]].concat());
        assert!(token.contains("MCP_AUDIENCE: is for VAULT_IDENTITY=user-id"), "{token}");
        let issuer = wrong(&[("MCP_AUDIENCE", "agents"), ("OIDC_ISSUER", "http://issuer.example")]);
        assert!(issuer.contains("OIDC_ISSUER: not an https URL"), "{issuer}");
    }
}
