//! The sentence for each step.

use stand_in::{PRIVATE_STEP, STEP};

use super::{EventFields, Step, cut};

/// How many columns of a message are shown.
const WORDS: usize = 60;

/// Returns the step for an event of `target`. `None` if it is not a step.
pub(super) fn sentence(target: &str, fields: &EventFields) -> Option<Step> {
    match target {
        "audit" => from_services(fields),
        STEP | PRIVATE_STEP => from_stand_ins(fields),
        _ => None,
    }
}

fn step(who: impl Into<String>, what: impl Into<String>) -> Option<Step> {
    Some(Step { who: who.into(), what: what.into() })
}

/// The audit trail (`telemetry::Audit`).
fn from_services(fields: &EventFields) -> Option<Step> {
    let user = Some(fields.get("user")).filter(|user| !user.is_empty()).unwrap_or("somebody");
    let (tool, reason) = (fields.get("tool"), fields.get("reason"));
    match fields.get("event") {
        "sign_in_refused" => step("a service", format!("refuses a request: {reason}")),
        "consent_required" => {
            let (provider, scopes) = (fields.get("provider"), scopes(fields));
            step(
                "assistant → vault",
                format!("no token for {provider} that {user} consented to{scopes}: asks {user}"),
            )
        }
        "consent_started" => step(format!("{user} → assistant"), "follows the link to consent"),
        "consent_refused" => {
            step("assistant", format!("does not let {user} follow a link to consent: {reason}"))
        }
        "bound" => step("binder → vault", format!("{user} asked and {user} consented: keep it")),
        "bound_before" => step("binder", format!("{user} is connected already")),
        "binding_unclear" => {
            step("binder → vault", format!("asks to keep {user}'s token, and gets no answer"))
        }
        "binding_refused" => step("binder", format!("connects nothing for {user}: {reason}")),
        "confirmation_required" => {
            step(format!("assistant → {user}"), format!("asks for approval of {tool}"))
        }
        "interrupt_answered" => {
            let answer = match fields.get("answer") {
                "resolved" => "says yes",
                "cancelled" => "says no",
                "new_message" => "goes on with something else, which is a no",
                other => other,
            };
            step(format!("{user} → assistant"), answer)
        }
        "conversation_deleted" => step(format!("{user} → assistant"), "deletes a conversation"),
        "connection_removed" => {
            let (provider, revoked) = (fields.get("provider"), fields.get("revoked"));
            let revoked = revoked.replace('_', " ");
            step(format!("{user} → assistant"), format!("disconnects {provider}: token {revoked}"))
        }
        "tool_called" => {
            let outcome = match fields.get("outcome") {
                "ok" => "done",
                other => other,
            };
            let scopes = scopes(fields);
            let place = format!("assistant → {}", place(tool));
            step(place, format!("{tool} for {user}{scopes}: {outcome}"))
        }
        _ => None,
    }
}

/// Steps that only the stand-ins see.
fn from_stand_ins(fields: &EventFields) -> Option<Step> {
    let user = fields.get("user");
    let account = fields.get("account");
    match fields.get("step") {
        "signed_in" => step(user, "signs in"),
        "turn_begins" => step(format!("{user} → assistant"), "sends a message"),
        "turn_ends" => {
            let (status, milliseconds) = (fields.get("status"), fields.get("milliseconds"));
            let what = match status {
                "200" => format!("answers after {milliseconds} ms"),
                _ => format!("answers with status {status} after {milliseconds} ms"),
            };
            step(format!("assistant → {user}"), what)
        }
        "model_asked" => step("assistant → model", quoted(fields.get("text"))),
        "tool_results" => step("assistant → model", "hands over what the tool answered"),
        "model_answered" => step("model → assistant", quoted(fields.get("text"))),
        "tools_requested" => step("model → assistant", format!("wants {}", fields.get("tools"))),
        "authorized" => {
            let (app, scopes) = (fields.get("app"), scopes(fields));
            step(format!("{account} → GitHub"), format!("lets {app} use the account{scopes}"))
        }
        "calendar_authorized" => {
            let (app, scopes) = (fields.get("app"), scopes(fields));
            step(format!("{account} → calendar"), format!("lets {app} use the calendar{scopes}"))
        }
        "calendar_declined" => step("calendar", "nobody lets the app use a calendar"),
        "installed" => step(
            format!("{account} → GitHub"),
            format!("chooses repositories for the app: {}", fields.get("repositories")),
        ),
        "declined" => step("GitHub", "nobody lets the app use an account"),
        "credential_revoked" => {
            step("GitHub", format!("revokes {} of {account}", fields.get("kind")))
        }
        "issue_created" => {
            let (repository, number) = (fields.get("repository"), fields.get("number"));
            step("GitHub", format!("{account} has opened issue {number} in {repository}"))
        }
        _ => None,
    }
}

/// Where `tool` does something: GitHub, or the server that begins its name.
fn place(tool: &str) -> &str {
    let tool = tool.strip_prefix("connect_").unwrap_or(tool);
    match tool.split('_').next() {
        None | Some("github") => "GitHub",
        Some(server) => server,
    }
}

/// ` (repo)`, or nothing where no scope is needed.
fn scopes(fields: &EventFields) -> String {
    let scopes = fields.get("scopes");
    if scopes.is_empty() { String::new() } else { format!(" ({scopes})") }
}

fn quoted(text: &str) -> String {
    format!("“{}”", cut(text, WORDS))
}
