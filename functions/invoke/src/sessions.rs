//! A user's own conversations: which there are, what was said in one, and deleting it.
//!
//! The user is part of every key, so another user's conversation is simply not found.

use std::{str::FromStr, time::Duration};

use edge::{
    Kind, Problem, Reply, reply,
    request::{self, refuse_cross_site},
};
use http::{Method, StatusCode, header};
use identity::User;
use lambda_http::{Request, RequestExt};
use serde::Serialize;
use session::{Cursor, Excerpt, Listed, SessionError, SessionId, json_bytes};
use telemetry::Audit;
use time::OffsetDateTime;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    deadline,
    state::Service,
    transcript::{ShownMessage, transcript},
    turn_problem::{self, Saved},
};

const DEFAULT_LIMIT: usize = 20;
pub(crate) const MAX_LIMIT: usize = 100;
/// A Lambda function behind a load balancer can answer with 1 MB
/// of JSON, in which the body is text: there every quote and backslash of ours takes two bytes.
const MAX_PAGE_BYTES: usize = 400_000;
const LONGEST: Duration = Duration::from_secs(20);
const MAX_PAGE_MESSAGES: usize = 100;

/// A page of the caller's conversations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The newest first.
    sessions: Vec<SessionEntry>,
    /// Ask for the next page with this as `page`; null on the last one.
    next: Option<String>,
}

/// One conversation of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionEntry {
    /// Names it.
    session_id: String,
    /// Its first words; null in an old one.
    title: Option<String>,
    /// When something was last said in it (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = "date-time")]
    updated_at: OffsetDateTime,
}

/// What was said in a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionDocument {
    /// The conversation.
    session_id: String,
    /// Its newest messages, or those before `before`, in their order.
    messages: Vec<ShownMessage>,
    /// Ask for earlier messages with this as `before`; null if these are the first.
    earlier: Option<usize>,
    /// How many of its oldest turns were removed because it had become too long.
    earlier_turns_removed: u64,
    /// Whether its last turn waits for you; send the `sessionId` to `/invocations` to go on.
    waiting: bool,
}

/// `GET /sessions`.
pub(crate) async fn list(
    service: &Service,
    request: &Request,
    user: &User,
) -> Result<Reply, Problem> {
    let limit = parameter::<usize>(request, "limit")?.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::field("limit", format!("limit has to be from 1 to {MAX_LIMIT}.")));
    }
    let cursor = parameter::<Cursor>(request, "page")?;
    let sessions = &service.clients().await.sessions;
    let page = sessions.list(user.id(), cursor.as_ref(), limit);
    let page = in_time(service, request, page).await?;
    let entry = |listed: Listed| SessionEntry {
        session_id: listed.id.to_string(),
        title: listed.title,
        updated_at: OffsetDateTime::from(listed.updated),
    };
    let sessions = page.sessions.into_iter().map(entry).collect();
    let list = SessionList { sessions, next: page.next.map(|cursor| cursor.to_string()) };
    reply::json(StatusCode::OK, &list)
}

/// `GET` and `DELETE /sessions/{sessionId}`.
pub(crate) async fn one(
    service: &Service,
    request: &Request,
    user: &User,
    id: &SessionId,
) -> Result<Reply, Problem> {
    if request.method() == Method::DELETE {
        return delete(service, request, user, id).await;
    }
    let before = parameter::<u32>(request, "before")?;
    let before = before.map(|before| usize::try_from(before).unwrap_or(usize::MAX));
    let sessions = &service.clients().await.sessions;
    let look = |excerpt: &Excerpt| {
        let conversation = &excerpt.conversation;
        // Indices count from the first message of all.
        let first = conversation.shown_before();
        let before = before.map(|before| before.saturating_sub(first));
        let (messages, earlier) = page(transcript(conversation), before);
        let earlier = earlier.map(|earlier| earlier + first).or((first > 0).then_some(first));
        excerpt.exists.then(|| SessionDocument {
            session_id: id.to_string(),
            messages,
            earlier,
            earlier_turns_removed: conversation.removed_turns,
            waiting: excerpt.waits,
        })
    };
    let look = sessions.look_before(user.id(), id, before, look);
    let document = in_time(service, request, look).await?.ok_or_else(unknown)?;
    Audit::ConversationRead { user: user.id(), session: id.as_str() }.record();
    reply::json(StatusCode::OK, &document)
}

/// Bounds `work` by [`LONGEST`], and by the time that is left for the request.
async fn in_time<T>(
    service: &Service,
    request: &Request,
    work: impl Future<Output = Result<T, SessionError>>,
) -> Result<T, Problem> {
    let time = deadline::time_left(service, request.lambda_context_ref()).min(LONGEST);
    timeout(time, work).await.unwrap_or_else(|slow| Err(slow.into())).map_err(problem)
}

async fn delete(
    service: &Service,
    request: &Request,
    user: &User,
    id: &SessionId,
) -> Result<Reply, Problem> {
    refuse_cross_site(request.method(), request.headers(), &service.settings.inbound.site)?;
    let sessions = &service.clients().await.sessions;
    if !in_time(service, request, sessions.delete(user.id(), id)).await? {
        return Err(unknown());
    }
    Audit::ConversationDeleted { user: user.id(), session: id.as_str() }.record();
    let mut reply = reply::body(StatusCode::NO_CONTENT, "text/plain", "");
    reply.headers_mut().remove(header::CONTENT_TYPE);
    Ok(reply)
}

fn parameter<T: FromStr>(request: &Request, name: &'static str) -> Result<Option<T>, Problem> {
    let value = request::query(request, name).next();
    let parsed = value.map(|text| text.parse()).transpose();
    parsed.map_err(|_| Problem::field(name, format!("{name} is malformed.")))
}

fn problem(error: SessionError) -> Problem {
    turn_problem::problem(error.into(), Saved::NotAsked)
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "You have no such conversation.")
}

/// Returns the newest messages before the index `before`, as many as fit an answer, and the index
/// at which the page before them ends.
fn page(
    mut messages: Vec<ShownMessage>,
    before: Option<usize>,
) -> (Vec<ShownMessage>, Option<usize>) {
    let end = before.map_or(messages.len(), |before| before.min(messages.len()));
    messages.truncate(end);
    let sizes = messages.iter().rev().scan(0, |sum, message| {
        *sum += json_bytes(message);
        Some(*sum)
    });
    let fitting = sizes.take(MAX_PAGE_MESSAGES).take_while(|sum| *sum <= MAX_PAGE_BYTES).count();
    // A message that is longer than a page is still returned, because otherwise no page would lead
    // past it.
    let start = end - fitting.max(1).min(end);
    let mut page = messages.split_off(start);
    if let ([message], 0) = (page.as_mut_slice(), fitting) {
        message.shorten(MAX_PAGE_BYTES);
    }
    (page, (start > 0).then_some(start))
}

#[cfg(test)]
mod tests {
    use super::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, ShownMessage, page};

    fn messages(count: usize, length: usize) -> Vec<ShownMessage> {
        let words = |n: usize| format!("{}{n:03}", "x".repeat(length.saturating_sub(3)));
        let message = |n: usize| ShownMessage::said(words(n));
        (0..count).map(message).collect()
    }

    #[test]
    fn pages_lead_back_to_the_first_message_whatever_their_sizes() {
        for (count, length) in
            [(0, 1), (1, 1), (250, 1), (40, MAX_PAGE_BYTES / 7), (3, 2 * MAX_PAGE_BYTES)]
        {
            let (mut before, mut seen) = (None, Vec::new());
            loop {
                let (page, earlier) = page(messages(count, length), before);
                assert!(page.len() <= MAX_PAGE_MESSAGES);
                assert!(session::json_bytes(&page) <= MAX_PAGE_BYTES + MAX_PAGE_MESSAGES);
                seen.splice(0..0, page);
                before = earlier;
                if before.is_none() {
                    break;
                }
            }
            let whole = messages(count, length);
            assert_eq!(seen.len(), whole.len(), "{count} of {length}");
            let is_shortened = length > MAX_PAGE_BYTES;
            assert!(is_shortened || seen == whole, "{count} of {length}");
            let says_so = |message: &ShownMessage| message.text().ends_with(" bytes.]");
            assert!(!is_shortened || seen.iter().all(says_so), "{count} of {length}");
        }
        assert_eq!(page(messages(3, 1), Some(0)), (Vec::new(), None));
        assert_eq!(page(messages(3, 1), Some(9)).0.len(), 3);
    }
}
