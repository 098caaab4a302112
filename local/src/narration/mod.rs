//! Prints what happens to the terminal: one sentence for each step.
//!
//! The steps are the audit events of the services, wherever these run, and what the stand-ins see. No
//! line contains a secret, because no such event does, and of a message only the beginning is shown.
//! Warnings and errors of the workspace's crates are shown, too. `RUST_LOG` shows the log itself
//! instead.

mod sentence;

use std::{collections::BTreeMap, fmt, io};

use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use self::sentence::sentence;

/// The target of the lines that the services' processes print.
pub const PROCESS: &str = "process";

/// The longest line.
const COLUMNS: usize = 100;
/// The crates whose warnings and errors are shown; those of dependencies are shown with `RUST_LOG`.
const OWN: [&str; 22] = [
    "agent",
    "agentcore_local",
    "bedrock_local",
    "bind_session",
    "calendar_local",
    "container",
    "edge",
    "github_local",
    "identity",
    "invoke",
    "lambda_local",
    "load_balancer_local",
    "local",
    "models_bedrock",
    "models_openai",
    "openid_local",
    "s3_local",
    "session",
    "telemetry",
    "tools_github",
    "tools_mcp",
    "vault",
];

/// Prints the sentences to standard error.
#[derive(Debug, Clone, Copy)]
pub struct Narration {
    /// Whether the actor is printed in bold.
    pub colours: bool,
}

/// An event's fields, by name.
#[derive(Debug, Default)]
pub(crate) struct EventFields(BTreeMap<String, String>);

/// A step: the actor (and the one acted on), and what happens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    who: String,
    what: String,
}

impl<S: Subscriber> Layer<S> for Narration {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = match metadata.target() {
            PROCESS => self.line_of_process(fields.get("message")),
            target => self.line(target, *metadata.level(), &fields),
        };
        if let Some(line) = line {
            // The program goes on if the terminal was closed.
            let _closed = io::Write::write_all(&mut io::stderr(), line.as_bytes());
        }
    }
}

impl Narration {
    /// Returns the line for an event. `None` if it is neither a step nor a warning.
    fn line(self, target: &str, level: Level, fields: &EventFields) -> Option<String> {
        if let Some(step) = sentence(target, fields) {
            return Some(self.shown(&step));
        }
        let crate_name = target.split("::").next().unwrap_or_default();
        let is_wrong = level <= Level::WARN && OWN.contains(&crate_name);
        is_wrong.then(|| {
            let causes = ["cause", "error", "payload"].map(|name| fields.get(name));
            let causes = causes.into_iter().filter(|cause| !cause.is_empty());
            let all: Vec<_> = std::iter::once(fields.get("message")).chain(causes).collect();
            format!("! {}\n", cut(&all.join(": "), COLUMNS - 2))
        })
    }

    /// Returns the line for something that a process printed: a line of its log, or other text, such as
    /// that of a panic.
    fn line_of_process(self, printed: &str) -> Option<String> {
        let Some(fields) = self::printed(printed) else {
            return printed.contains(" | ").then(|| format!("{printed}\n"));
        };
        let level = fields.get("level").parse().unwrap_or(Level::ERROR);
        self.line(fields.get("target"), level, &fields)
    }

    fn shown(self, Step { who, what }: &Step) -> String {
        let who = cut(who, COLUMNS / 2);
        let what = cut(what, COLUMNS - columns(&who) - 2);
        let (bold, plain) = if self.colours { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        format!("{bold}{who}{plain}: {what}\n")
    }
}

/// The fields of a line of a process's log; `None` if it printed something else.
pub(crate) fn printed(line: &str) -> Option<EventFields> {
    let (_, line) = line.split_once(" | ")?;
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return None };
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some(EventFields(fields.into_iter().map(|(name, value)| (name, text(value))).collect()))
}

impl EventFields {
    /// The field of this name; empty if it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl Visit for EventFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

/// Cuts `text` to one line of at most `limit` columns, without control characters.
fn cut(text: &str, limit: usize) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if columns(&line) <= limit {
        return line;
    }
    let mut room = limit.saturating_sub(1);
    let fits = |c: &char| {
        let width = width(*c);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    let mut line: String = line.chars().take_while(fits).collect();
    line.push('…');
    line
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// An upper bound: from Hangul on, a character may be two columns wide.
fn width(c: char) -> usize {
    let may_be_wide = c >= '\u{1100}' && !('\u{2000}'..='\u{22ff}').contains(&c);
    if may_be_wide { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tracing::Level;

    use super::{COLUMNS, EventFields, Narration, OWN, columns, cut};

    const PLAIN: Narration = Narration { colours: false };

    fn fields(fields: &[(&str, &str)]) -> EventFields {
        EventFields(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn a_line_fits_the_terminal_and_has_no_control_characters() {
        for text in ["word ".repeat(80), "宽".repeat(80), "\x1b[2J\n\u{9b}2J".repeat(40)] {
            let line = PLAIN.line(
                "private_step",
                Level::INFO,
                &fields(&[("step", "model_asked"), ("text", &text)]),
            );
            let line = line.unwrap();
            let line = line.strip_suffix('\n').unwrap();
            assert!(columns(line) <= COLUMNS && !line.contains(char::is_control), "{line}");
        }
        assert_eq!(cut("as it is", 8), "as it is");
    }

    #[test]
    fn a_process_is_narrated_as_a_handler_in_this_process_is() {
        let line = r#"{"level":"INFO","event":"bound","user":"alice","target":"audit"}"#;
        let here =
            PLAIN.line("audit", Level::INFO, &fields(&[("event", "bound"), ("user", "alice")]));
        assert_eq!(PLAIN.line_of_process(&format!("bind-session | {line}")), here);
        assert!(here.unwrap().contains("alice"));
    }

    #[test]
    fn own_errors_are_shown_and_lines_of_dependencies_are_not() {
        let fields = fields(&[("message", "request failed"), ("cause", "no route")]);
        let line = PLAIN.line("edge::problem", Level::ERROR, &fields);
        assert_eq!(line.as_deref(), Some("! request failed: no route\n"));
        assert_eq!(PLAIN.line("s3s::ops", Level::ERROR, &fields), None);
        assert_eq!(PLAIN.line("edge::request", Level::INFO, &fields), None);
        let printed = "invoke | the configuration can't be used";
        assert_eq!(PLAIN.line_of_process(printed), Some(format!("{printed}\n")));
    }

    /// Whether a source file in `folder` or below logs a warning or an error.
    fn warns(folder: &Path) -> bool {
        fs::read_dir(folder).into_iter().flatten().any(|entry| {
            let path = entry.unwrap().path();
            let text = || fs::read_to_string(&path).unwrap();
            let is_source = path.extension().is_some_and(|extension| extension == "rs");
            (path.is_dir() && warns(&path))
                || (is_source
                    && ["tracing::warn!", "tracing::error!"].iter().any(|it| text().contains(it)))
        })
    }

    #[test]
    fn every_crate_of_the_workspace_that_logs_a_warning_is_known() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let (members, _) = manifest.split_once("\n]").unwrap();
        let folders: Vec<_> = members.lines().filter_map(|line| line.split('"').nth(1)).collect();
        let warning = folders.into_iter().filter(|folder| warns(&root.join(folder).join("src")));
        let unknown: Vec<String> = warning
            .map(|folder| {
                let manifest = root.join(folder).join("Cargo.toml");
                let manifest = fs::read_to_string(manifest).unwrap();
                let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap();
                name.trim_matches('"').replace('-', "_")
            })
            .filter(|name| !OWN.contains(&name.as_str()))
            .collect();
        assert_eq!(unknown, [""; 0], "add these to OWN");
    }
}
