//! `GET /ping`: health, as the AgentCore Runtime contract wants it.

use std::time::UNIX_EPOCH;

use edge::{Problem, Reply, reply};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Service;

/// Whether the agent is running (AgentCore Runtime, "HTTP protocol contract").
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// It is, and this is what it does.
    status: HealthStatus,
    /// When that last changed, in seconds since 1970.
    time_of_last_update: u64,
}

/// What the agent does.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum HealthStatus {
    /// It waits for work.
    Healthy,
    /// Turns are at work, also such whose caller has gone: it must not be stopped now.
    HealthyBusy,
}

/// Health, as the AgentCore Runtime contract wants it: the time is that of the last change, and a
/// platform takes a later one for a sign of work.
pub(crate) fn answer(service: &Service) -> Result<Reply, Problem> {
    let (is_busy, changed) = service.limits.at_work();
    let status = if is_busy { HealthStatus::HealthyBusy } else { HealthStatus::Healthy };
    let since = changed.unwrap_or(service.started).duration_since(UNIX_EPOCH);
    let time_of_last_update = since.unwrap_or_default().as_secs();
    reply::json(StatusCode::OK, &Health { status, time_of_last_update })
}
