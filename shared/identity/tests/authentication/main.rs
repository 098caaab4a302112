//! What `Authenticator` makes of requests, with real key servers on real sockets (rows M1, M2, M15).

mod vectors;
mod world;
