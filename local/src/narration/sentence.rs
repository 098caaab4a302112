//! A sentence for each step.

use stand_in::{SAID, STEP};

use super::{EventFields, Step, cut};

/// How many columns of a message are shown.
const WORDS: usize = 60;

/// The step that an event of `target` stands for. `None` if it is not a step.
pub(super) fn sentence(target: &str, told: &EventFields) -> Option<Step> {
    match target {
        "audit" => from_services(told),
        STEP | SAID => from_stand_ins(told),
        _ => None,
    }
}

fn step(who: impl Into<String>, what: impl Into<String>) -> Option<Step> {
    Some(Step { who: who.into(), what: what.into() })
}

/// The audit trail (`telemetry::Audit`).
fn from_services(told: &EventFields) -> Option<Step> {
    let user = Some(told.get("user")).filter(|user| !user.is_empty()).unwrap_or("somebody");
    let (tool, reason) = (told.get("tool"), told.get("reason"));
    match told.get("event") {
        "sign_in_refused" => step("a service", format!("refuses a request: {reason}")),
        "consent_required" => {
            let (provider, scopes) = (told.get("provider"), scopes(told));
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
            let answer = match told.get("answer") {
                "resolved" => "says yes",
                "cancelled" => "says no",
                other => other,
            };
            step(format!("{user} → assistant"), answer)
        }
        "conversation_deleted" => step(format!("{user} → assistant"), "deletes a conversation"),
        "tool_called" => {
            let outcome = match told.get("outcome") {
                "ok" => "done",
                other => other,
            };
            let scopes = scopes(told);
            step("assistant → GitHub", format!("{tool} for {user}{scopes}: {outcome}"))
        }
        _ => None,
    }
}

/// Steps that only the stand-ins see.
fn from_stand_ins(told: &EventFields) -> Option<Step> {
    let user = told.get("user");
    let account = told.get("account");
    match told.get("step") {
        "signed_in" => step(user, "signs in"),
        "asks" => step(format!("{user} → assistant"), "sends a message"),
        "answers" => {
            let (status, milliseconds) = (told.get("status"), told.get("milliseconds"));
            let what = match status {
                "200" => format!("answers after {milliseconds} ms"),
                _ => format!("answers with status {status} after {milliseconds} ms"),
            };
            step(format!("assistant → {user}"), what)
        }
        "asked" => step("assistant → model", quoted(told.get("text"))),
        "results" => step("assistant → model", "hands over what the tool answered"),
        "said" => step("model → assistant", quoted(told.get("text"))),
        "calls" => step("model → assistant", format!("wants {}", told.get("tools"))),
        "authorized" => {
            let (app, scopes) = (told.get("app"), scopes(told));
            step(format!("{account} → GitHub"), format!("lets {app} use the account{scopes}"))
        }
        "declined" => step("GitHub", "nobody lets the app use an account"),
        "issue_created" => {
            let (repository, number) = (told.get("repository"), told.get("number"));
            step("GitHub", format!("{account} has opened issue {number} in {repository}"))
        }
        _ => None,
    }
}

/// ` (repo)`, or nothing where no scope is needed.
fn scopes(told: &EventFields) -> String {
    let scopes = told.get("scopes");
    if scopes.is_empty() { String::new() } else { format!(" ({scopes})") }
}

fn quoted(text: &str) -> String {
    format!("“{}”", cut(text, WORDS))
}
