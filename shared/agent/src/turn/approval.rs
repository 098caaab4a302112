//! What an approval covers: one action, exactly as it was shown, of one user, once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use identity::UserId;
use serde_json::json;
use session::{Approved, Confirmation, ToolUse};

use crate::tool::Preview;

/// How long a confirmation stays valid. After that the call is previewed and shown again.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The user has approved what has this digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approval {
    interrupt: String,
    digest: String,
}

impl Approval {
    pub(super) fn from_confirmation(confirmation: &Confirmation) -> Self {
        Self { interrupt: confirmation.interrupt.clone(), digest: confirmation.digest.clone() }
    }

    pub(super) fn from_saved(saved: &Approved) -> Self {
        let Approved { interrupt, digest } = saved.clone();
        Self { interrupt, digest }
    }

    pub(super) fn to_saved(&self) -> Approved {
        let Self { interrupt, digest } = self.clone();
        Approved { interrupt, digest }
    }

    /// Whether it is this action, as it is previewed now, that was approved.
    pub(super) fn covers(&self, user: &UserId, call: &ToolUse, preview: &Preview) -> bool {
        self.digest == digest_of(user, &self.interrupt, call, preview)
    }
}

/// Asks `user` to approve `call` as it is previewed; `interrupt` is fresh and random.
pub(super) fn ask(
    user: &UserId,
    interrupt: String,
    call: &ToolUse,
    preview: &Preview,
    now: SystemTime,
) -> Confirmation {
    Confirmation {
        digest: digest_of(user, &interrupt, call, preview),
        interrupt,
        account: preview.account.clone(),
        details: preview.details.clone(),
        expires: seconds(now + LIFETIME),
    }
}

pub(super) fn has_expired(confirmation: &Confirmation, now: SystemTime) -> bool {
    seconds(now) >= confirmation.expires
}

/// Seconds since the Unix epoch.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// SHA-256 over JSON in one form: no white space, members sorted (as RFC 8785 has it; both sides
/// are this program, so its rules for numbers are not needed).
fn digest_of(user: &UserId, interrupt: &str, call: &ToolUse, preview: &Preview) -> String {
    let action = json!({
        "user": user, "interrupt": interrupt, "account": preview.account,
        "details": preview.details, "tool": call.name, "input": call.input,
    });
    let hash = digest::digest(&digest::SHA256, action.to_string().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use identity::UserId;
    use serde_json::{Value, json};
    use session::ToolUse;

    use super::{Approval, LIFETIME, Preview, ask, has_expired};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn call(tool: &str, input: Value) -> ToolUse {
        ToolUse { tool_use_id: "a".into(), name: tool.into(), input }
    }

    #[test]
    fn an_approval_covers_the_action_as_it_was_shown_and_nothing_else() {
        let shown = call("create", json!({ "title": "Water", "repo": "garden" }));
        let confirmation = ask(&user("alice"), "i".into(), &shown, &"octo-alice".into(), NOW);
        let approval = Approval::from_confirmation(&confirmation);
        assert!(approval.covers(&user("alice"), &shown, &"octo-alice".into()));

        let reordered = call("create", json!({ "repo": "garden", "title": "Water" }));
        assert!(
            approval.covers(&user("alice"), &reordered, &"octo-alice".into()),
            "the same input"
        );
        for other in [
            call("create", json!({ "title": "Water!", "repo": "garden" })),
            call("create", json!({ "title": "Water", "repo": "garden", "body": "" })),
            call("delete", json!({ "title": "Water", "repo": "garden" })),
        ] {
            assert!(!approval.covers(&user("alice"), &other, &"octo-alice".into()), "{other:?}");
        }
        assert!(!approval.covers(&user("alice"), &shown, &"octo-bob".into()), "another account");
        let details = [("visibility".to_owned(), "public".to_owned())].into();
        let elsewhere = Preview { details, ..Preview::from("octo-alice") };
        assert!(!approval.covers(&user("alice"), &shown, &elsewhere), "another repository");
        assert!(!approval.covers(&user("bob"), &shown, &"octo-alice".into()), "another user");
    }

    #[test]
    fn two_confirmations_of_the_same_action_are_not_the_same() {
        let action = call("create", json!({}));
        let one = ask(&user("alice"), "one".into(), &action, &"octo-alice".into(), NOW);
        let two = ask(&user("alice"), "two".into(), &action, &"octo-alice".into(), NOW);
        assert_ne!(one.digest, two.digest);
    }

    #[test]
    fn an_approval_counts_for_an_hour() {
        let confirmation =
            ask(&user("alice"), "i".into(), &call("create", json!({})), &"o".into(), NOW);
        assert!(!has_expired(&confirmation, NOW + LIFETIME - Duration::from_secs(1)));
        assert!(has_expired(&confirmation, NOW + LIFETIME));
    }
}
