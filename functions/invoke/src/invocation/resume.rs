//! What a user says to interrupts: as it is sent, and as the turn takes it.

use agent::turn::{Answers, Verdict};
use edge::Problem;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many answers a request may bring; a turn never has as many interrupts.
const MAX_ANSWERS: usize = 64;

/// Your answer to one interrupt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResumeEntry {
    /// The interrupt's `id`. One that is not open here is refused with 409.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) interrupt_id: Uuid,
    /// What you say to it.
    pub(crate) status: ResumeStatus,
    /// As AG-UI sends it: the values that a tool's server has asked for. If you decline, why is read from
    /// its `reason`, for the model. Otherwise it is not read: an approval is for the action as it was
    /// shown.
    pub(crate) payload: Option<Value>,
}

/// What you say to an interrupt.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResumeStatus {
    /// You have consented, or you approve the action: this one, as it was shown, once.
    Resolved,
    /// You do not want it.
    Cancelled,
}

/// Reads the answers to interrupts.
pub(crate) fn answers(entries: Vec<ResumeEntry>) -> Result<Answers, Problem> {
    if entries.len() > MAX_ANSWERS {
        return Err(Problem::field("resume", "resume has too many entries."));
    }
    let mut answers = Answers::new();
    for ResumeEntry { interrupt_id, status, payload } in entries {
        let reason = payload.as_ref().and_then(|payload| payload["reason"].as_str());
        let reason = reason.map(str::to_owned);
        let verdict = match (status, reason) {
            (ResumeStatus::Resolved, _) => match payload {
                Some(values @ Value::Object(_)) => Verdict::Answered(values),
                _ => Verdict::Resolved,
            },
            (ResumeStatus::Cancelled, None) => Verdict::Cancelled,
            (ResumeStatus::Cancelled, Some(why)) => Verdict::CancelledBecause(why),
        };
        if answers.insert(interrupt_id.to_string(), verdict).is_some() {
            return Err(Problem::field("resume", "resume answers an interrupt twice."));
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use agent::turn::Verdict;

    use super::super::tests::parse;

    const A: &str = "01234567-89ab-4cde-8f01-23456789abcd";
    const B: &str = "11234567-89ab-4cde-8f01-23456789abcd";

    #[test]
    fn answers_are_read_by_interrupt() {
        let body = format!(
            r#"{{"sessionId":"s","resume":[{{"interruptId":"{A}","status":"resolved"}},
            {{"interruptId":"{B}","status":"cancelled","payload":{{"x":1}}}}]}}"#
        );
        let resume = parse(body.as_bytes()).unwrap().resume;
        assert_eq!(resume[A], Verdict::Resolved);
        assert_eq!(resume[B], Verdict::Cancelled);
        assert!(parse(br#"{"sessionId":"s","resume":[]}"#).unwrap().resume.is_empty());
    }

    #[test]
    fn an_ambiguous_or_malformed_resume_is_refused() {
        for resume in [
            "{}",
            "7",
            "[7]",
            r#"[{"interruptId":"what the user wrote","status":"resolved"}]"#,
            r#"[{"interruptId":"a"}]"#,
            r#"[{"status":"resolved"}]"#,
            r#"[{"interruptId":"a","status":"approved"}]"#,
            r#"[{"interruptId":"a","status":"resolved","input":{}}]"#,
            r#"[{"interruptId":"a","status":"cancelled"},{"interruptId":"a","status":"resolved"}]"#,
        ] {
            let resume = resume.replace("\"a\"", &format!("\"{A}\""));
            let body = format!(r#"{{"sessionId":"s","resume":{resume}}}"#);
            assert!(parse(body.as_bytes()).is_err(), "{resume}");
        }
    }
}
