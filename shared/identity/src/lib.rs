#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod alb;
mod browser;
mod error;
mod load_balancer;
mod public_keys;
mod token;
mod user;

pub use alb::{AlbSettings, Authenticator, OIDC_DATA_HEADER};
pub use browser::{BrowserHash, BrowserSecret};
pub use error::{AuthenticationError, Refusal};
pub use load_balancer::{LoadBalancerArn, NotALoadBalancer};
pub use user::{InvalidUserId, User, UserId};
