//! The listener's rules: which paths exist, which service each belongs to, and what happens to a
//! browser without a session.
//!
//! A page redirects it to sign in. A request of a script is refused instead, because a `fetch` that is
//! redirected to another origin fails.

/// The load balancer's own path.
pub(super) const CALLBACK: &str = "/oauth2/idpresponse";

/// Which service a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Invoke,
    BindSession,
}

/// `OnUnauthenticatedRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unauthenticated {
    /// `authenticate`
    SignIn,
    /// `deny`
    Deny,
    /// No sign-in at all: what is public, and what programs call with tokens of their own.
    Allow,
}

/// One rule's actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) service: Service,
    pub(super) unauthenticated: Unauthenticated,
}

/// The rule for `path`. Health checks go straight to the targets, so `/ping` has none.
pub(super) fn rule(path: &str) -> Option<Rule> {
    let (service, unauthenticated) = match path {
        "/" | "/docs" | "/consent" | "/confirm" => (Service::Invoke, Unauthenticated::SignIn),
        "/invocations" | "/sessions" | "/connections" | "/sign-out" => {
            (Service::Invoke, Unauthenticated::Deny)
        }
        "/openapi.json" | "/mcp" => (Service::Invoke, Unauthenticated::Allow),
        _ if path.starts_with("/.well-known/oauth-protected-resource") => {
            (Service::Invoke, Unauthenticated::Allow)
        }
        "/oauth2/session-binding" => (Service::BindSession, Unauthenticated::SignIn),
        _ if ["/sessions/", "/connections/"].iter().any(|it| path.starts_with(it)) => {
            (Service::Invoke, Unauthenticated::Deny)
        }
        _ if ["/docs/", "/c/", "/assets/"].iter().any(|page| path.starts_with(page)) => {
            (Service::Invoke, Unauthenticated::SignIn)
        }
        _ => return None,
    };
    Some(Rule { service, unauthenticated })
}

#[cfg(test)]
mod tests {
    use super::{Rule, Service, Unauthenticated, rule};

    #[test]
    fn only_the_callback_after_consent_belongs_to_the_binder() {
        let service = |path| rule(path).map(|Rule { service, .. }| service);
        assert_eq!(service("/oauth2/session-binding"), Some(Service::BindSession));
        assert_eq!(service("/docs/swagger-ui.css"), Some(Service::Invoke));
        assert_eq!(service("/oauth2/session-binding/"), None);
        assert_eq!(service("/ping"), None);
    }

    #[test]
    fn a_script_is_refused_and_a_person_is_sent_to_sign_in() {
        let unauthenticated = |path| rule(path).map(|rule| rule.unauthenticated);
        assert_eq!(unauthenticated("/invocations"), Some(Unauthenticated::Deny));
        assert_eq!(unauthenticated("/sessions/s"), Some(Unauthenticated::Deny));
        for path in ["/connections", "/connections/github"] {
            assert_eq!(unauthenticated(path), Some(Unauthenticated::Deny), "{path}");
        }
        assert_eq!(unauthenticated("/"), Some(Unauthenticated::SignIn));
        assert_eq!(unauthenticated("/confirm"), Some(Unauthenticated::SignIn));
        let metadata = "/.well-known/oauth-protected-resource";
        for path in ["/openapi.json", "/mcp", metadata, &format!("{metadata}/mcp")] {
            assert_eq!(unauthenticated(path), Some(Unauthenticated::Allow), "{path}");
        }
    }
}
