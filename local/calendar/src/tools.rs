//! The three tools: how they are described, what they need, and what a call of one asks for.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    events::{Change, Description, Event, Period, parse_time, write_time},
    scopes::Scope,
};

const LIST: &str = "list_events";
const CREATE: &str = "create_event";
const MOVE: &str = "move_event";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    /// Only events that are not over at this time (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    from: Option<String>,
    /// Only events that begin before this time (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    to: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateArguments {
    /// What it is, in one line.
    title: String,
    /// When it begins (RFC 3339, for example 2026-12-01T09:00:00+01:00).
    #[schemars(extend("format" = "date-time"))]
    start: String,
    /// When it ends (RFC 3339), later than it begins.
    #[schemars(extend("format" = "date-time"))]
    end: String,
    /// The mail addresses of those who are invited.
    #[serde(default)]
    guests: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoveArguments {
    /// The id of the event.
    id: String,
    /// When it begins now (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    start: String,
    /// When it ends now (RFC 3339), later than it begins.
    #[schemars(extend("format" = "date-time"))]
    end: String,
}

/// An event as a result has it. Times are in UTC.
#[derive(Serialize, JsonSchema)]
pub(super) struct DescribedEvent {
    id: String,
    title: String,
    #[schemars(extend("format" = "date-time"))]
    start: String,
    #[schemars(extend("format" = "date-time"))]
    end: String,
    guests: Vec<String>,
}

/// The result of `list_events`.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListedEvents {
    pub(super) events: Vec<DescribedEvent>,
}

impl From<Event> for DescribedEvent {
    fn from(event: Event) -> Self {
        let Event { id, title, start, end, guests } = event;
        Self { id, title, start: write_time(start), end: write_time(end), guests }
    }
}

/// Returns the three tools.
pub(super) fn all() -> Vec<Tool> {
    let annotations = |title: &str| ToolAnnotations::with_title(title).open_world(false);
    vec![
        Tool::new(LIST, "Lists the user's events.", JsonObject::new())
            .with_input_schema::<ListArguments>()
            .with_output_schema::<ListedEvents>()
            .with_annotations(annotations("List events").read_only(true)),
        Tool::new(CREATE, "Creates an event in the user's calendar.", JsonObject::new())
            .with_input_schema::<CreateArguments>()
            .with_output_schema::<DescribedEvent>()
            .with_annotations(annotations("Create an event").read_only(false).destructive(false)),
        Tool::new(MOVE, "Moves one of the user's events to another time.", JsonObject::new())
            .with_input_schema::<MoveArguments>()
            .with_output_schema::<DescribedEvent>()
            .with_annotations(
                annotations("Move an event").read_only(false).destructive(true).idempotent(true),
            ),
    ]
}

/// Returns the scope that the tool of this name needs. `None` if there is no such tool.
pub(super) fn scope_of(tool: &str) -> Option<Scope> {
    match tool {
        LIST => Some(Scope::Read),
        CREATE | MOVE => Some(Scope::Write),
        _ => None,
    }
}

/// What a call asks for.
pub(super) enum Call {
    List { from: Option<OffsetDateTime>, to: Option<OffsetDateTime> },
    Change(Change),
}

impl Call {
    /// Parses a call of a tool that exists. The error is for the model, which can do better.
    pub(super) fn parse(tool: &str, arguments: JsonObject) -> Result<Self, String> {
        match tool {
            CREATE => {
                let CreateArguments { title, start, end, guests } = arguments_of(arguments)?;
                let description = Description::parse(&title, guests)?;
                Ok(Self::Change(Change::Create(description, Period::parse(&start, &end)?)))
            }
            MOVE => {
                let MoveArguments { id, start, end } = arguments_of(arguments)?;
                Ok(Self::Change(Change::Move(id, Period::parse(&start, &end)?)))
            }
            _ => {
                let ListArguments { from, to } = arguments_of(arguments)?;
                let from = from.map(|text| parse_time("from", &text)).transpose()?;
                let to = to.map(|text| parse_time("to", &text)).transpose()?;
                match from.zip(to).is_some_and(|(from, to)| from >= to) {
                    true => Err("to has to be later than from.".to_owned()),
                    false => Ok(Self::List { from, to }),
                }
            }
        }
    }
}

fn arguments_of<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, String> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| format!("The arguments are not those of this tool: {error}."))
}
