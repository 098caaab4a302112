//! Every way a visit to the page after consent can end: its status, its page, its audit event, and
//! whether anything was bound (M8, M9, M14).

mod agentcore;
mod not_a_visit;
mod ready;
mod visits;

const BINDING: &str = "/oauth2/session-binding";
const COMPLETE: &str = "/CompleteResourceTokenAuth";
