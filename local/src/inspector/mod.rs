//! The inspector: every request between the browser, the load balancer, the two services and everything
//! around them, as it happens. For development only; it is part of no deployment.
//!
//! A `layer` where each part is served records what passes, the audit `trail` says what
//! was checked, and the page of `routes` draws both. No secret gets into it (`redaction`).

mod hop;
mod layer;
mod mermaid;
mod recorder;
mod redaction;
mod request;
mod routes;
mod trail;

pub use self::recorder::Recorder;
pub(crate) use self::{hop::Place, layer::recorded, routes::router};
