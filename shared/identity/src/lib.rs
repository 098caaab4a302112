#![doc = include_str!("../README.md")]
#![doc = include_str!("../DIFFERENCES.md")]
#![warn(missing_docs)]

mod alb;
mod algorithm;
mod allow_claim;
mod authenticator;
mod bearer;
mod browser;
mod cached;
mod error;
mod fetch;
mod header;
mod issuer;
pub mod json;
mod key_set;
mod load_balancer;
mod mismatch;
mod public_keys;
mod time;
mod token;
mod user;
mod user_token;

pub use alb::{AlbSettings, OIDC_DATA_HEADER};
pub use allow_claim::{AllowClaim, InvalidAllowClaim};
pub use authenticator::Authenticator;
pub use bearer::{AudienceClaim, BearerSettings};
pub use browser::{BrowserHash, BrowserSecret};
pub use error::{AuthenticationError, Refusal};
pub use issuer::KeySetPlace;
pub use load_balancer::{LoadBalancerArn, NotALoadBalancer};
pub use mismatch::Mismatch;
pub use user::{InvalidUserId, User, UserId};
pub use user_token::UserToken;
