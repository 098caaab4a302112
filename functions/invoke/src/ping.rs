//! `GET /ping`: health, as the AgentCore Runtime contract wants it.

use std::time::UNIX_EPOCH;

use http::StatusCode;
use serde::Serialize;
use service::{Problem, Reply, reply};
use utoipa::ToSchema;

use crate::state::Service;

/// Whether the agent is running (AgentCore Runtime, "HTTP protocol contract").
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// It is.
    status: HealthStatus,
    /// When that last changed, in seconds since 1970.
    time_of_last_update: u64,
}

/// Whether the agent can work.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum HealthStatus {
    /// It can.
    Healthy,
}

/// Health, as the AgentCore Runtime contract wants it: the time is that of the last change.
pub(crate) fn answer(service: &Service) -> Result<Reply, Problem> {
    let since = service.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let health = Health { status: HealthStatus::Healthy, time_of_last_update: since };
    reply::json(StatusCode::OK, &health)
}
