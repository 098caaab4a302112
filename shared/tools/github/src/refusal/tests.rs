//! What is told of each refusal, and what of it reaches nobody.

use std::time::{Duration, SystemTime};

use agent::tool::{Failure, TokenVerdict};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::quotable;
use crate::answer::GitHubAnswer;

fn refused(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Failure {
    let pair = |(name, value): &(&'static str, &str)| {
        (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    let headers: HeaderMap = headers.iter().map(pair).collect();
    let (status, body) = (StatusCode::from_u16(status).unwrap(), body.to_string().into());
    let api = "https://api.github.com".parse().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    GitHubAnswer::new((status, headers), Some(body), None, &api, now).failure().unwrap()
}

/// Real texts of GitHub's, of the kinds that users of other agents report.
#[test]
fn each_refusal_is_called_by_its_cause_and_quoted() {
    let restricted = "Although you appear to have the correct authorization credentials, the \
         `bigcorp` organization has enabled OAuth App access restrictions, meaning that data \
         access to third-parties is limited. For more information, visit \
         https://docs.github.com/articles/restricting-access-to-your-organization-s-data/";
    let saml = "Resource protected by organization SAML enforcement. You must grant your OAuth \
         token access to this organization.";
    for (status, message, code) in [
        (403, restricted, "app_restricted"),
        (403, "The `x` organization has an IP allow list enabled", "address_not_allowed"),
        (403, "Repository was archived so is read-only.", "archived"),
        (403, "Repository access blocked", "unavailable"),
        (451, "Repository access blocked", "unavailable"),
        (451, "Unavailable For Legal Reasons", "unavailable"),
        (403, "Blocked", "blocked"),
        (422, "User is blocked", "blocked"),
        (403, "An owner has limited the ability to open an issue", "interactions_limited"),
        (410, "Issues has been disabled in this repository.", "issues_disabled"),
        (410, "Issues are disabled for this repo", "issues_disabled"),
        (410, "This issue was deleted", "gone"),
        (403, saml, "sso_required"),
        (403, "You have exceeded a secondary rate limit and are blocked.", "rate_limited"),
        (403, "You have triggered an abuse detection mechanism.", "rate_limited"),
        (429, "Slow down", "rate_limited"),
        (403, "Must have admin rights to Repository.", "forbidden"),
        (422, "Validation Failed", "invalid"),
        (400, "Problems parsing JSON", "refused"),
        (404, "Not Found", "not_found"),
    ] {
        let failure = refused(status, &[], &json!({ "message": message }));
        assert_eq!(failure.code, code, "{status} {message}");
        let is_quoted = failure.text.contains(&format!("GitHub says: \"{}", &message[..7]));
        assert_eq!(is_quoted, status != 404, "{}", failure.text);
    }
}

#[test]
fn a_known_cause_never_leads_to_another_consent() {
    let accepted = [("x-accepted-oauth-scopes", "repo")];
    let archived = json!({ "message": "Repository was archived so is read-only." });
    assert_eq!(refused(403, &accepted, &archived).token, TokenVerdict::Fine);
    let unknown = json!({ "message": "Must have admin rights to Repository." });
    assert!(matches!(refused(403, &accepted, &unknown).token, TokenVerdict::Accepts(_)));
}

#[test]
fn the_errors_of_a_validation_are_told() {
    let object = json!({ "resource": "Issue", "field": "title", "code": "missing_field" });
    let own = json!({ "resource": "Issue", "code": "custom", "message": "too many labels" });
    for (errors, told) in [
        (json!([object, own]), "Validation Failed; title missing_field; too many labels"),
        (json!(["Body is too long"]), "Validation Failed; Body is too long"),
        (json!("No commit found"), "Validation Failed; No commit found"),
        (json!([null, 1, {}]), "Validation Failed"),
    ] {
        let body = json!({ "message": "Validation Failed", "errors": errors });
        let text = refused(422, &[], &body).text;
        assert!(text.ends_with(&format!("GitHub says: \"{told}\"")), "{text}");
    }
    for body in [json!("<html>"), json!({ "message": null }), json!([])] {
        assert!(!refused(422, &[], &body).text.contains("GitHub says"));
    }
}

#[test]
fn the_link_to_sign_on_is_the_users_and_not_the_models() {
    let link = "https://github.com/orgs/bigcorp/sso?authorization_request=AZSCKL";
    let header = format!("required; url={link}");
    let body = json!({ "message": format!("Resource protected by SAML, see {link}") });
    let failure = refused(403, &[("x-github-sso", &header)], &body);
    assert!(failure.notice.unwrap().text.contains(link));
    assert!(failure.text.contains("single sign-on") && !failure.text.contains("AZSCKL"));
    // A link that is none of GitHub's reaches nobody.
    let header = "required; url=https://mallory.example/orgs/bigcorp/sso";
    let failure = refused(403, &[("x-github-sso", header)], &body);
    assert_eq!((failure.code, failure.notice), ("sso_required", None));
}

#[test]
fn the_wait_is_said_where_it_is_known() {
    let secondary = json!({ "message": "You have exceeded a secondary rate limit." });
    let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1042")];
    let left = [("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1042")];
    for (headers, wait) in [
        (&[("retry-after", "60")][..], Some("in 60 seconds")),
        (&used_up, Some("in 42 seconds")),
        (&left, None),
        (&[], None),
    ] {
        let text = refused(403, headers, &secondary).text;
        assert_eq!(text.contains("Try again"), wait.is_some(), "{text}");
        assert!(wait.is_none_or(|wait| text.contains(wait)), "{text}");
    }
    assert_eq!(refused(403, &used_up, &json!({})).code, "rate_limited");
}

#[test]
fn a_quoted_text_is_one_short_line_without_links_and_hidden_characters() {
    let text = "Say \"yes\"\n\tto\u{200b} h\u{200b}ttps://x.example/?token=1 (github.com/a?b=c) \u{202e}now";
    assert_eq!(quotable(text), "Say 'yes' to (a link) (a link) now");
    assert_eq!(quotable(&"ä".repeat(301)), format!("{}…", "ä".repeat(300)));
}
