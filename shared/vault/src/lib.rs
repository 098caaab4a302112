#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod client;
mod consent_key;
mod ended;
mod endpoint;
mod error;
mod flow;
mod names;
mod principal;
mod sealed;
mod secret;
mod session_binder;
mod session_uri;
mod state;
mod token_vault;
mod visitor;
mod workload_tokens;

pub use client::{ClientName, ClientRequest};
pub use consent_key::{ConsentKeys, InvalidConsentKey};
pub use ended::{Bound, Ended};
pub use endpoint::{InvalidEndpoint, endpoint};
pub use error::{Cause, VaultError};
pub use flow::Flow;
pub use names::{InvalidName, ProviderName, Scope, WorkloadName};
pub use principal::{Naming, Principal};
pub use sealed::SealError;
pub use secret::{AccessToken, AuthorizationUrl, TokenFingerprint};
pub use session_binder::{BindError, SessionBinder};
pub use session_uri::{InvalidSessionUri, SessionUri};
pub use state::{FlowState, StateHash};
pub use token_vault::{Access, AccessRequest, ConsentRequired, NewFlow, TokenVault};
pub use visitor::{FlowRefusal, Visitor, VisitorBrowser};
