//! Why GitHub refuses, in plain words, with GitHub's own after them as data.
//!
//! One status has many causes, and only the text says which: GitHub, "Troubleshooting the REST API" and
//! "Rate limits for the REST API". What is not known here is passed on as GitHub says it.

use std::time::{SystemTime, UNIX_EPOCH};

use agent::tool::{Failure, TokenVerdict};
use http::StatusCode;
use serde_json::Value;

use crate::{
    answer::GitHubAnswer,
    sso::{self, Sso},
};

/// How much of GitHub's text is passed on, in characters.
const MAX_QUOTED: usize = 300;

/// A cause that GitHub's text tells: in which statuses (none: in all), by which words, in lower case;
/// what it is called in the audit trail, and what the model is told.
type Cause = (&'static [u16], &'static [&'static str], &'static str, &'static str);

const CAUSES: [Cause; 9] = [
    (
        &[403],
        &["oauth app access restrictions", "third-party application"],
        "app_restricted",
        "The organization lets in only apps that its owners have approved: an owner has to approve this \
         one, or the user asks them to.",
    ),
    (
        &[403],
        &["ip allow list"],
        "address_not_allowed",
        "The organization lets in only some addresses, and this service has none of them.",
    ),
    (
        &[403, 422],
        &["archived"],
        "archived",
        "The repository is archived, so that it can only be read.",
    ),
    (
        &[403, 451],
        &["access blocked", "unavailable due to", "dmca"],
        "unavailable",
        "GitHub itself has closed this repository.",
    ),
    (
        &[403, 422],
        &["interaction", "limited the ability"],
        "interactions_limited",
        "The repository's owner lets only some users do this at the moment.",
    ),
    (
        &[403, 404, 422],
        &["blocked"],
        "blocked",
        "The owner there has blocked the user, who can do nothing in this repository.",
    ),
    (
        &[403, 404, 410, 422],
        &["issues has been disabled", "issues are disabled", "issues disabled"],
        "issues_disabled",
        ISSUES_DISABLED,
    ),
    (&[410], &[], "gone", "It was there, and is gone for good."),
    (&[451], &[], "unavailable", "GitHub can't show it for legal reasons."),
];

/// What the model is told of a repository without issues.
pub(crate) const ISSUES_DISABLED: &str =
    "Issues are switched off in this repository, so that there are none and none can be created.";

/// The code of what a GitHub App lacks the right to: a permission, or the repository.
pub(crate) const NOT_ACCESSIBLE: &str = "not_accessible";

/// What the model is told of a redirect that is not followed.
pub(crate) const MOVED: &str = "Not done: this is elsewhere now, under another name.";

/// What went wrong, as an answer that is no success says it, at `now`.
pub(crate) fn failure(answer: &GitHubAnswer, now: SystemTime) -> Failure {
    let said = said(answer);
    let lowercase = said.to_lowercase();
    // A secondary limit says that the user is blocked, for a while.
    let is_limit = answer.status == StatusCode::TOO_MANY_REQUESTS || says_limit(&lowercase);
    let mut failure = match is_limit {
        true => rate_limited(answer, now),
        false => known(answer, &lowercase)
            .or_else(|| has_limit_header(answer).then(|| rate_limited(answer, now)))
            .unwrap_or_else(|| by_status(answer)),
    };
    // That something is not found is all that there is to say of it.
    if answer.status.is_client_error() && !["", "not found"].contains(&lowercase.as_str()) {
        failure.text = format!("{} GitHub says: \"{said}\"", failure.text);
    }
    failure
}

fn known(answer: &GitHubAnswer, lowercase: &str) -> Option<Failure> {
    let is_refusal = answer.status.is_client_error();
    if let Some(Sso::Required(link)) = answer.sso.as_ref().filter(|_| is_refusal) {
        let notice = link.as_ref().map(|link| Box::new(sso::notice(link)));
        return Some(Failure { notice, ..sign_on_required(link.is_some()) });
    }
    if answer.status == StatusCode::FORBIDDEN && lowercase.contains("saml") {
        return Some(sign_on_required(false));
    }
    if answer.status == StatusCode::FORBIDDEN && lowercase.contains("not accessible by integration")
    {
        return Some(not_accessible(answer));
    }
    let is_it = |(statuses, words, ..): &&Cause| {
        statuses.contains(&answer.status.as_u16())
            && (words.is_empty() || words.iter().any(|words| lowercase.contains(words)))
    };
    let (_, _, code, text) = CAUSES.iter().find(is_it)?;
    Some(Failure::new(code, *text))
}

/// A GitHub App says what it lacks ("Troubleshooting the REST API"); no consent of the user's can change that.
fn not_accessible(answer: &GitHubAnswer) -> Failure {
    let needs = answer.header("x-accepted-github-permissions").filter(|it| !it.is_empty());
    let needs = needs.map(|names| format!(" It needs the permission {}.", quotable(names)));
    let text = format!(
        "GitHub does not let the GitHub App do this there.{} The user has to choose the repository for the \
         app, and whose app it is, to give it the permission.",
        needs.unwrap_or_default()
    );
    Failure::new(NOT_ACCESSIBLE, text)
}

fn sign_on_required(has_link: bool) -> Failure {
    let how = if has_link {
        "They are shown the link to it beside your answer; you don't know it."
    } else {
        "They find it at GitHub, in the settings of their applications."
    };
    let text = format!(
        "The organization demands a single sign-on (SAML): the user must authorize it for this app first. \
         {how}"
    );
    Failure::new("sso_required", text)
}

/// Secondary limits come with 403 or 429, and often without a header that says so.
fn says_limit(lowercase: &str) -> bool {
    ["rate limit", "abuse detection"].iter().any(|words| lowercase.contains(words))
}

fn has_limit_header(answer: &GitHubAnswer) -> bool {
    answer.status == StatusCode::FORBIDDEN
        && (answer.header("retry-after").is_some() || is_used_up(answer))
}

fn is_used_up(answer: &GitHubAnswer) -> bool {
    answer.header("x-ratelimit-remaining") == Some("0")
}

fn rate_limited(answer: &GitHubAnswer, now: SystemTime) -> Failure {
    let wait = seconds_to_wait(answer, now).map(|it| format!(" Try again in {it} seconds."));
    let text = format!("GitHub's rate limit is reached.{}", wait.unwrap_or_default());
    Failure::new("rate_limited", text)
}

fn seconds_to_wait(answer: &GitHubAnswer, now: SystemTime) -> Option<u64> {
    if let Some(seconds) = answer.header("retry-after") {
        return seconds.parse().ok();
    }
    let reset: u64 =
        answer.header("x-ratelimit-reset").filter(|_| is_used_up(answer))?.parse().ok()?;
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(reset.saturating_sub(now).max(1))
}

fn by_status(answer: &GitHubAnswer) -> Failure {
    match answer.status {
        StatusCode::UNAUTHORIZED => Failure {
            token: TokenVerdict::NotAccepted,
            ..Failure::new("unauthorized", "GitHub does not accept the user's authorization.")
        },
        StatusCode::FORBIDDEN => Failure {
            token: answer.accepts(),
            ..Failure::new("forbidden", "GitHub does not allow this.")
        },
        StatusCode::NOT_FOUND => Failure {
            token: answer.accepts(),
            ..Failure::new(NOT_FOUND, "GitHub has no such thing, or does not show it to the user.")
        },
        StatusCode::UNPROCESSABLE_ENTITY => {
            Failure::new("invalid", "GitHub does not accept what it was sent.")
        }
        status if status.is_redirection() => Failure::new("moved", MOVED),
        status if status.is_server_error() => {
            Failure::new("server_error", "GitHub is not working at the moment.")
        }
        status => {
            Failure::new("refused", format!("GitHub refused with status {}.", status.as_u16()))
        }
    }
}

/// The code of what GitHub does not show.
pub(crate) const NOT_FOUND: &str = "not_found";

/// GitHub's `message` and `errors`, fit to be quoted.
fn said(answer: &GitHubAnswer) -> String {
    let body: Value =
        answer.body().and_then(|it| serde_json::from_slice(it).ok()).unwrap_or_default();
    let errors = match &body["errors"] {
        Value::Array(errors) => errors.iter().filter_map(error).collect(),
        one => error(one).into_iter().collect::<Vec<_>>(),
    };
    let message = body["message"].as_str().map(str::to_owned);
    quotable(&message.into_iter().chain(errors).collect::<Vec<_>>().join("; "))
}

/// One of `errors`: a text, or an object that says which member is wrong and how.
fn error(error: &Value) -> Option<String> {
    let text = |name: &str| error[name].as_str();
    if let Some(whole) = error.as_str().or_else(|| text("message")) {
        return Some(whole.to_owned());
    }
    let parts: Vec<&str> = ["field", "code"].into_iter().filter_map(text).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A text of GitHub's on one line, shortened, without what can't be seen and without links, which may
/// carry a secret of the user's.
pub(crate) fn quotable(text: &str) -> String {
    let is_space = |c: char| c.is_whitespace();
    let visible: String =
        text.chars().filter(|c| is_space(*c) || !invisible::is_invisible(*c)).collect();
    let is_link = |word: &str| word.contains("://") || (word.contains('/') && word.contains('?'));
    let words =
        visible.split_whitespace().map(|word| if is_link(word) { "(a link)" } else { word });
    let line = words.collect::<Vec<_>>().join(" ").replace('"', "'");
    match line.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
