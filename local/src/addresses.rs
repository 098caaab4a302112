//! Where each stand-in listens.
//!
//! The application is on `localhost` and everything else on `127.0.0.1`: two different sites to a
//! browser, as on AWS, so that SameSite cookies and Fetch Metadata mean something here.

use url::Url;

/// The base address of every part; each is an origin with no path.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The load balancer, which is the application to a browser: `http://localhost:{port}`.
    pub application: Url,
    /// The OpenID provider where alice and bob sign in.
    pub identity_provider: Url,
    /// AgentCore Identity: data plane, control plane and the pages a browser passes through.
    pub agentcore: Url,
    /// GitHub: OAuth pages, token endpoint and REST API.
    pub github: Url,
    /// S3, path style.
    pub s3: Url,
    /// Bedrock's runtime.
    pub bedrock: Url,
    /// The load balancer's public keys, one at `/{kid}`.
    pub public_keys: Url,
    /// The agentic workload behind the load balancer (not on `--platform lambda`).
    pub invoke: Url,
    /// The Session Binding Service behind the load balancer (not on `--platform lambda`).
    pub bind_session: Url,
    /// The Lambda service: its Runtime API and its Invoke API (only on `--platform lambda`).
    pub lambda: Url,
}
