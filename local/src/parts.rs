//! The parts that run in this process: one row for each says where it listens and what it is called.
//!
//! The application is on `localhost` and everything else on `127.0.0.1`: two different sites to a
//! browser, as on AWS, so that SameSite cookies and Fetch Metadata mean something here.

use std::{io, net::Ipv4Addr};

use tokio::net::TcpListener;
use url::Url;

use crate::start_error::StartError;

/// The application's port, if none is chosen.
pub const DEFAULT_PORT: u16 = 8080;

/// Generates from the rows the enum of the parts, and the structs of all addresses and all listeners.
macro_rules! parts {
    ($($(#[$doc:meta])+ $part:ident $member:ident: $host:literal, $name:literal, $greeted:expr;)+) => {
        /// A part, in the order of the ports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Part { $($(#[$doc])+ $part,)+ }

        impl Part {
            /// All parts.
            pub const ALL: &[Self] = &[$(Self::$part),+];

            /// Its name in an error about its port.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$part => $name,)+ }
            }

            /// Its name in the greeting; `None` if it is not mentioned there.
            #[must_use]
            pub const fn greeted(self) -> Option<&'static str> {
                match self { $(Self::$part => $greeted,)+ }
            }

            const fn host(self) -> &'static str {
                match self { $(Self::$part => $host,)+ }
            }

            /// The distance of its port from the application's.
            const fn offset(self) -> u16 {
                self as u16
            }
        }

        /// The base address of every part; each is an origin with no path.
        #[derive(Debug, Clone)]
        pub struct Addresses { $($(#[$doc])+ pub $member: Url,)+ }

        impl Addresses {
            /// Returns the address of one part.
            #[must_use]
            pub const fn get(&self, part: Part) -> &Url {
                match part { $(Part::$part => &self.$member,)+ }
            }

            /// The addresses with the ports that `port` returns.
            fn new<E>(port: impl Fn(Part) -> Result<u16, E>) -> Result<Self, E>
            where
                E: From<url::ParseError>,
            {
                Ok(Self { $($member: origin(Part::$part, port(Part::$part)?)?,)+ })
            }
        }

        /// A listener for each part. All are bound before anything is served, so that every address is known.
        pub(crate) struct Listeners { $(pub(crate) $member: TcpListener,)+ }

        impl Listeners {
            /// The application on `port` and the others on the ports after it; any free ones for 0.
            pub(crate) async fn bind(port: u16) -> Result<Self, StartError> {
                Ok(Self { $($member: listen(Part::$part, port).await?,)+ })
            }

            const fn get(&self, part: Part) -> &TcpListener {
                match part { $(Part::$part => &self.$member,)+ }
            }
        }
    };
}

parts! {
    /// The load balancer, which a browser sees as the application: `http://localhost:{port}`.
    Application application: "localhost", "the application", Some("load balancer");
    /// The OpenID provider where alice and bob sign in.
    IdentityProvider identity_provider: "127.0.0.1", "the identity provider", Some("identity provider");
    /// AgentCore Identity: both planes, and the addresses that a browser visits.
    AgentCore agentcore: "127.0.0.1", "AgentCore Identity", Some("AgentCore Identity");
    /// GitHub: OAuth pages, token endpoint and REST API.
    GitHub github: "127.0.0.1", "GitHub", Some("GitHub");
    /// S3, path style.
    S3 s3: "127.0.0.1", "S3", Some("S3");
    /// Bedrock's runtime.
    Bedrock bedrock: "127.0.0.1", "Bedrock", Some("Bedrock");
    /// The load balancer's public keys, one at `/{kid}`.
    PublicKeys public_keys: "127.0.0.1", "the load balancer's public keys", None;
    /// The agentic workload behind the load balancer (not on `--platform lambda`).
    Invoke invoke: "127.0.0.1", "the agentic workload", None;
    /// The Session Binding Service behind the load balancer (not on `--platform lambda`).
    BindSession bind_session: "127.0.0.1", "the Session Binding Service", None;
    /// The Lambda service: its Runtime API and its Invoke API (only on `--platform lambda`).
    Lambda lambda: "127.0.0.1", "Lambda", None;
    /// What happens, as a page for the person who runs this.
    Inspector inspector: "127.0.0.1", "the inspector", None;
    /// The calendar, a second provider: OAuth pages, token endpoint and MCP server.
    Calendar calendar: "127.0.0.1", "the calendar", Some("calendar");
}

impl Addresses {
    /// The addresses with the application on `port`, and every other part on the ports after it.
    ///
    /// # Errors
    /// Never: every port is valid.
    pub fn on_ports_from(port: u16) -> Result<Self, url::ParseError> {
        Self::new(|part| Ok(port.saturating_add(part.offset())))
    }
}

impl Listeners {
    pub(crate) fn addresses(&self) -> Result<Addresses, StartError> {
        Addresses::new(|part| {
            let address = self.get(part).local_addr();
            address.map(|address| address.port()).map_err(StartError::Io)
        })
    }
}

/// Returns the last port for the application that leaves room for all other parts.
#[must_use]
pub fn last_port() -> u16 {
    let offsets = Part::ALL.iter().map(|part| part.offset());
    u16::MAX - offsets.max().unwrap_or_default()
}

fn origin(part: Part, port: u16) -> Result<Url, url::ParseError> {
    Url::parse(&format!("http://{}:{port}", part.host()))
}

async fn listen(part: Part, first: u16) -> Result<TcpListener, StartError> {
    let port = if first == 0 { 0 } else { first + part.offset() };
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let what = part.name();
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port, what },
        _ => StartError::Listen { port, what, error },
    })
}
