//! How much time a request has.

use std::time::Duration;

use lambda_http::Context;

use crate::state::Service;

/// What is left of Lambda's own deadline for saving how far a turn came, and for saying so.
const DEADLINE_MARGIN: Duration = Duration::from_secs(2);

/// How long a turn may take: as configured, and on Lambda until shortly before its deadline. One
/// that has passed already is ignored: Lambda never sends such a one, but `cargo lambda watch`
/// does.
pub(crate) fn time_left(service: &Service, lambda: Option<&Context>) -> Duration {
    let now = service.settings.inbound.clock.now();
    let left = lambda.and_then(|context| context.deadline().duration_since(now).ok());
    left.map_or(service.settings.turns.limit, |left| {
        left.saturating_sub(DEADLINE_MARGIN).min(service.settings.turns.limit)
    })
}
