//! What a container is configured with.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use edge::{ConfigError, Reader, Source, environment::parsed};

edge::variables! {
    /// Where a container listens, how much it takes on, and how it stops.
    pub CONTAINERS = "Containers", read by "the containers of both services":
    LISTEN_ADDRESS: Or("127.0.0.1"), "an address of this machine; `0.0.0.0` in the images (`::` where there is IPv6 alone)";
    PORT: Or("8080"), "its port; 0 for any free one, which the log names";
    MAX_CONNECTIONS: Or("3000"), "how many connections are open at once. Those above are answered 503 with `Retry-After`, but `/ping` as ever; one that only waits for a request gives its place to a new one";
    MAX_REQUESTS: Or("500"), "how many requests are at work at once, `/ping` not counted. Those above are answered 503 with `Retry-After`";
    SHUTDOWN_SECONDS: Or("25"), "how long requests may go on after SIGTERM; give the platform some seconds more";
}

/// Where a container listens, and how much it takes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// `LISTEN_ADDRESS` and `PORT`.
    pub(crate) address: SocketAddr,
    pub(crate) limits: Limits,
}

/// How much is taken on at once. What is above is answered 503 with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections (`MAX_CONNECTIONS`).
    pub connections: usize,
    /// Requests at work, `/ping` not counted (`MAX_REQUESTS`).
    pub requests: usize,
    /// How long requests may go on once it is to stop (`SHUTDOWN_SECONDS`).
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 3_000, requests: 500, shutdown: Duration::from_secs(25) }
    }
}

impl Settings {
    /// # Errors
    /// When variables are malformed; the error names all of them.
    pub(crate) fn read(source: &dyn Source) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let address = reader.or(&LISTEN_ADDRESS, parsed::<IpAddr>);
        let port = reader.or(&PORT, parsed::<u16>);
        let connections = reader.or(&MAX_CONNECTIONS, at_least_one);
        let requests = reader.or(&MAX_REQUESTS, at_least_one);
        let shutdown = reader.or(&SHUTDOWN_SECONDS, parsed::<u32>);
        let limits = || {
            let shutdown = Duration::from_secs(shutdown?.into());
            Some(Limits { connections: connections?, requests: requests?, shutdown })
        };
        let limits = limits();
        let address = address.zip(port).map(SocketAddr::from);
        reader.finish(address.zip(limits).map(|(address, limits)| Self { address, limits }))
    }
}

fn at_least_one(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
    number.ok_or("must be a number from 1 to 1000000")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{CONTAINERS, Limits, Settings};

    #[test]
    fn the_defaults_are_the_same_in_both_places_and_every_mistake_is_named() {
        let settings = Settings::read(&BTreeMap::new()).unwrap();
        assert_eq!(settings.limits, Limits::default());
        assert!(settings.address.ip().is_loopback());
        let names =
            ["LISTEN_ADDRESS", "PORT", "MAX_CONNECTIONS", "MAX_REQUESTS", "SHUTDOWN_SECONDS"];
        assert_eq!(CONTAINERS.rows.iter().map(|row| row.name).collect::<Vec<_>>(), names);
        let source: BTreeMap<_, _> =
            names.map(|name| (name.to_owned(), "-1".to_owned())).into_iter().collect();
        let error = Settings::read(&source).unwrap_err().to_string();
        assert!(names.iter().all(|name| error.contains(name)), "{error}");
    }
}
