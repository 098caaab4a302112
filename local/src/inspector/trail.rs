//! What the services write to the audit trail, and what the stand-ins tell, put to the hop in which it
//! happened: which checks were made, and how they ended.

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use stand_in::{PRIVATE_STEP, STEP};

use super::{
    hop::{Check, Hop, Kind, Place},
    layer::joined,
    recorder::Recorder,
    redaction::cut,
};
use crate::narration::{EventFields, PROCESS, printed};

/// The fields of a line that are shown, in this order. No audit event has a secret in it.
const FIELDS: [&str; 16] = [
    "event",
    "user",
    "by",
    "session",
    "provider",
    "scopes",
    "flow",
    "client",
    "tool",
    "outcome",
    "provider_request",
    "interrupt",
    "about",
    "answer",
    "revoked",
    "reason",
];
/// The binder's checks in the order in which they are made, and the outcomes in which each fails.
const CHECKS: [(&str, &[&str], &str); 5] = [
    ("session", &["no_session", "malformed", "no_flow"], "the flow is of this session"),
    ("person", &["another_user", "not_signed_in"], "who asked is who consented"),
    (
        "browser",
        &["another_browser", "not_continued"],
        "the browser that asked is the one that consented",
    ),
    ("age", &["expired"], "at most ten minutes old"),
    ("state", &["no_state", "wrong_state"], "this browser brought back what only it was given"),
];

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        match event.metadata().target() {
            "audit" => self.audit(&fields),
            STEP | PRIVATE_STEP => self.step(&fields),
            PROCESS => {
                let line = printed(fields.get("message"));
                let line = line.filter(|line| line.get("target") == "audit");
                line.iter().for_each(|line| self.audit(line));
            }
            _ => {}
        }
    }
}

impl Recorder {
    fn audit(&self, fields: &EventFields) {
        let named = FIELDS.map(|name| (name, fields.get(name)));
        let named = named.iter().filter(|(_, value)| !value.is_empty());
        let line =
            named.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
        let (event, reason) = (fields.get("event"), fields.get("reason"));
        let text = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
        let is_binders = event.starts_with("bound") || event.starts_with("binding_");
        let places: &[Place] = match (is_binders, event) {
            (true, _) => &[Place::Binder],
            (false, "sign_in_refused" | "not_allowed") => &[Place::Agent, Place::Binder],
            (false, _) => &[Place::Agent],
        };
        self.change_latest(places, |hop: &mut Hop| {
            hop.audit.push(line);
            hop.person = hop.person.take().or_else(|| text("user"));
            hop.flow = hop.flow.take().or_else(|| text("flow"));
            match event {
                "bound" => hop.checks.extend(checks("")),
                "binding_refused" => hop.checks.extend(checks(reason)),
                "consent_started" => hop.checks.extend(link_checks("")),
                "consent_refused" => hop.checks.extend(link_checks(reason)),
                _ => {}
            }
            if event.ends_with("_refused") {
                hop.kind = Kind::Refused;
                hop.note = joined(&hop.note, reason);
            } else if !hop.checks.is_empty() && hop.checks.iter().all(|it| it.passed == Some(true))
            {
                let passed = hop.checks.iter().map(|check| format!("{} ✓", check.name));
                hop.note = passed.collect::<Vec<_>>().join(" ");
            }
        });
    }

    fn step(&self, fields: &EventFields) {
        let text = |name: &str| cut(fields.get(name), 60);
        let (place, note) = match fields.get("step") {
            "turn_begins" => {
                return self.change_latest(&[Place::Agent], |hop| hop.person = Some(text("user")));
            }
            "tools_requested" => (Place::Bedrock, format!("wants {}", text("tools"))),
            "model_answered" => (Place::Bedrock, format!("“{}”", text("text"))),
            "authorized" => {
                (Place::Github, format!("{} allows {}", text("account"), text("scopes")))
            }
            "declined" => (Place::Github, "the person says no".to_owned()),
            "calendar_authorized" => {
                (Place::Calendar, format!("{} allows {}", text("account"), text("scopes")))
            }
            "calendar_declined" => (Place::Calendar, "the person says no".to_owned()),
            "signed_in" => (Place::IdentityProvider, format!("{} signs in", text("user"))),
            "issue_created" | "comment_created" => (Place::Github, "created".to_owned()),
            _ => return,
        };
        self.change_latest(&[place], |hop| hop.note = joined(&hop.note, &note));
    }
}

/// The binder's checks, if it refused for `reason`; all passed if that is empty.
fn checks(reason: &str) -> Vec<Check> {
    let failed = CHECKS.iter().position(|(_, reasons, _)| reasons.contains(&reason));
    let check = |(at, (name, _, detail)): (usize, &(&'static str, &[&str], &str))| Check {
        name,
        passed: failed.map_or(Some(true), |failed| (at <= failed).then_some(at < failed)),
        detail: (*detail).to_owned(),
    };
    let mut all: Vec<Check> = CHECKS.iter().enumerate().map(check).collect();
    if !reason.is_empty() && failed.is_none() {
        // The visit was right, and something else was not.
        let detail = format!("refused for another reason: {reason}");
        all.push(Check { name: "vault", passed: Some(false), detail });
    }
    all
}

/// The checks of a link to consent: those of the binder's that can be made before.
fn link_checks(reason: &str) -> Vec<Check> {
    let before = ["session", "person", "browser", "age"];
    checks(reason).into_iter().filter(|check| before.contains(&check.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{checks, link_checks};

    fn marks(reason: &str) -> String {
        let mark = |passed: Option<bool>| match passed {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '–',
        };
        checks(reason).iter().map(|check| mark(check.passed)).collect()
    }

    #[test]
    fn a_refusal_shows_which_check_failed_and_which_were_not_reached() {
        for (reason, expected) in [
            ("", "✓✓✓✓✓"),
            ("no_flow", "✗––––"),
            ("another_user", "✓✗–––"),
            ("another_browser", "✓✓✗––"),
            ("expired", "✓✓✓✗–"),
            ("wrong_state", "✓✓✓✓✗"),
            ("session_refused", "✓✓✓✓✓✗"),
        ] {
            assert_eq!(marks(reason), expected, "{reason}");
        }
        assert_eq!(link_checks("").len(), 4);
    }
}
