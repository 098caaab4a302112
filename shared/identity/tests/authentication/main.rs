//! What `Authenticator` makes of requests, with real key servers on real sockets (rows M1, M2, M15).

#![expect(clippy::panic, clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod cognito;
mod issuer_keys;
mod load_balancer_keys;
mod mismatches;
mod properties;
mod vectors;
mod world;
