//! The question whether a change is made although it overlaps with something.
//!
//! Source: MCP 2026-07-28, "Multi Round-Trip Requests" (a result asks, and the call is made again with the answer)
//! and "Elicitation" (a form). `requestState` comes back from a client, which may send anything: here it is the name
//! of a question that is kept, is of one person and one change, and is answered once, within 10 minutes.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use rmcp::model::{
    BooleanSchema, ElicitRequest, ElicitRequestParams, ElicitationSchema, InputRequest,
    InputRequests, InputRequiredResult, InputResponses,
};
use stand_in::random_token;

use super::{
    events::{Change, Event, write_time},
    people::Person,
};

const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// The name of the question in `inputRequests` and `inputResponses`.
const NAME: &str = "overlap";
/// The one field of its form.
const FIELD: &str = "although_it_overlaps";

/// A question that was asked.
struct Question {
    person: Person,
    change: Change,
    overlapping: Vec<String>,
    expires: SystemTime,
}

/// All questions that are open.
#[derive(Default)]
pub(super) struct Questions(HashMap<String, Question>);

/// What the person has said.
pub(super) enum Answer {
    /// The change is made although it overlaps with the events of these ids.
    Yes(Vec<String>),
    No,
}

impl Questions {
    /// Returns the question whether `change` is made although it overlaps with these events.
    pub(super) fn ask(
        &mut self,
        person: Person,
        change: Change,
        overlapping: &[Event],
        now: SystemTime,
    ) -> Option<InputRequiredResult> {
        self.0.retain(|_, question| now < question.expires);
        let what = if matches!(change, Change::Create(..)) { "Create" } else { "Move" };
        let question = format!("{what} it although it overlaps with {}", named(overlapping));
        let title = question.clone();
        let field = |field: BooleanSchema| field.title(title).with_default(false);
        let schema = ElicitationSchema::builder().required_bool_property(FIELD, field);
        let form = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: format!("{question}?"),
            requested_schema: schema.build().ok()?,
        };
        let request = InputRequest::Elicitation(ElicitRequest::new(form));
        let state = random_token();
        let overlapping = overlapping.iter().map(|event| event.id.clone()).collect();
        let expires = now + LIFETIME;
        self.0.insert(state.clone(), Question { person, change, overlapping, expires });
        let requests = InputRequests::from([(NAME.to_owned(), request)]);
        Some(InputRequiredResult::new(Some(requests), Some(state)))
    }

    /// Returns what the person has said to the question of this state, which is then answered. `None` if it was not
    /// asked, or of another person, or about another change.
    pub(super) fn answer(
        &mut self,
        state: &str,
        person: Person,
        change: &Change,
        responses: Option<&InputResponses>,
        now: SystemTime,
    ) -> Option<Answer> {
        let is_it = |question: &Question| {
            question.person == person && question.change == *change && now < question.expires
        };
        self.0.get(state).filter(|question| is_it(question))?;
        let Question { overlapping, .. } = self.0.remove(state)?;
        let response = responses.and_then(|responses| responses.get(NAME));
        let is_yes = response.is_some_and(|response| {
            response["action"] == "accept" && response["content"][FIELD] == true
        });
        Some(if is_yes { Answer::Yes(overlapping) } else { Answer::No })
    }
}

/// Returns the titles and times of events.
pub(super) fn named(events: &[Event]) -> String {
    let named = |event: &Event| {
        format!("“{}” ({} to {})", event.title, write_time(event.start), write_time(event.end))
    };
    events.iter().map(named).collect::<Vec<_>>().join(" and ")
}
