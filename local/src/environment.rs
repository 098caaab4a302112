//! The functions' environment: the same variables on every platform.

use std::collections::BTreeMap;

use crate::addresses::Addresses;

/// The region that everything here claims to be in.
pub const REGION: &str = "eu-central-1";
/// The bucket of the conversations.
pub const BUCKET: &str = "countersign-local";
/// This agent in AgentCore Identity.
pub const WORKLOAD_IDENTITY: &str = "countersign-local";
/// The credential provider.
pub const GITHUB_PROVIDER: &str = "github";
/// The load balancer's name.
pub const LOAD_BALANCER_ARN: &str = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/countersign-local/0000000000000000";
/// The load balancer's client id at the identity provider.
pub const OIDC_CLIENT_ID: &str = "countersign-local";
/// … and its secret.
pub const OIDC_CLIENT_SECRET: &str = "for-development-only";
/// Static credentials that only the stand-ins accept.
pub const ACCESS_KEY_ID: &str = "LOCALDEVELOPMENTONLY";
/// … and their secret.
pub const SECRET_ACCESS_KEY: &str = "for-development-only";

/// The variables of both functions for stand-ins at `addresses`.
#[must_use]
pub fn functions(_addresses: &Addresses) -> BTreeMap<String, String> {
    BTreeMap::new()
}
