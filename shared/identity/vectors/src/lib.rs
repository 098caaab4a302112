#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod build;
mod key_server;
mod keys;
mod vector;
mod world;

pub use key_server::{Answer, KeyServer};
pub use keys::SigningKey;
pub use vector::{Kind, Vector, all};
pub use world::{
    CLIENT, DISCOVERY_PATH, ENTRA_CLIENT, ENTRA_ISSUER, ENTRA_KEYS_PATH, KEY_ID, KEYS_PATH,
    LOAD_BALANCER, SECOND_LOAD_BALANCER, World,
};
