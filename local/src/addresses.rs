//! Where each stand-in listens.
//!
//! The application is on `localhost` and everything else on `127.0.0.1`: two different sites to a
//! browser, as on AWS, so that SameSite cookies and Fetch Metadata mean something here.

use std::{io, net::Ipv4Addr};

use tokio::net::TcpListener;
use url::Url;

use crate::StartError;

/// The application's port, if none is chosen.
pub const DEFAULT_PORT: u16 = 8080;
/// How many ports after the application's are taken.
pub const STAND_INS: u16 = 9;
const PARTS: usize = 1 + STAND_INS as usize;

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

impl Addresses {
    /// With the application on `port`, and everything else on the ports after it.
    ///
    /// # Errors
    /// Never for a port that leaves room for them.
    pub fn on_ports_from(port: u16) -> Result<Self, url::ParseError> {
        let mut ports = [0; PARTS];
        for (offset, it) in (0..).zip(&mut ports) {
            *it = port.saturating_add(offset);
        }
        Self::on(ports)
    }

    /// With one port each, in the order of the members.
    fn on(ports: [u16; PARTS]) -> Result<Self, url::ParseError> {
        let mut ports = ports.into_iter();
        let mut origin =
            |host: &str| Url::parse(&format!("http://{host}:{}", ports.next().unwrap_or_default()));
        Ok(Self {
            application: origin("localhost")?,
            identity_provider: origin("127.0.0.1")?,
            agentcore: origin("127.0.0.1")?,
            github: origin("127.0.0.1")?,
            s3: origin("127.0.0.1")?,
            bedrock: origin("127.0.0.1")?,
            public_keys: origin("127.0.0.1")?,
            invoke: origin("127.0.0.1")?,
            bind_session: origin("127.0.0.1")?,
            lambda: origin("127.0.0.1")?,
        })
    }
}

/// A listener of each part, bound before anything is served, so that every address is known.
pub(crate) struct Listeners {
    pub(crate) application: TcpListener,
    pub(crate) identity_provider: TcpListener,
    pub(crate) agentcore: TcpListener,
    pub(crate) github: TcpListener,
    pub(crate) s3: TcpListener,
    pub(crate) bedrock: TcpListener,
    pub(crate) public_keys: TcpListener,
    pub(crate) invoke: TcpListener,
    pub(crate) bind_session: TcpListener,
    pub(crate) lambda: TcpListener,
}

impl Listeners {
    /// The application on `port` and the others on the ports after it; any free ones for 0.
    pub(crate) async fn bind(port: u16) -> Result<Self, StartError> {
        let at = |offset: u16| if port == 0 { 0 } else { port + offset };
        Ok(Self {
            application: listen(at(0), "the application").await?,
            identity_provider: listen(at(1), "the identity provider").await?,
            agentcore: listen(at(2), "AgentCore Identity").await?,
            github: listen(at(3), "GitHub").await?,
            s3: listen(at(4), "S3").await?,
            bedrock: listen(at(5), "Bedrock").await?,
            public_keys: listen(at(6), "the load balancer's public keys").await?,
            invoke: listen(at(7), "the agentic workload").await?,
            bind_session: listen(at(8), "the Session Binding Service").await?,
            lambda: listen(at(STAND_INS), "Lambda").await?,
        })
    }

    pub(crate) fn addresses(&self) -> Result<Addresses, StartError> {
        let listeners = [
            &self.application,
            &self.identity_provider,
            &self.agentcore,
            &self.github,
            &self.s3,
            &self.bedrock,
            &self.public_keys,
            &self.invoke,
            &self.bind_session,
            &self.lambda,
        ];
        let mut ports = [0; PARTS];
        for (port, listener) in ports.iter_mut().zip(listeners) {
            *port = listener.local_addr().map_err(StartError::Io)?.port();
        }
        Addresses::on(ports).map_err(|error| StartError::Io(io::Error::other(error)))
    }
}

async fn listen(port: u16, what: &'static str) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port, what },
        _ => StartError::Listen { port, what, error },
    })
}
