//! The icons of pages: one for each kind of ending, with a text alternative, so that neither colour nor
//! shape alone says what happened (WCAG 2.2, 1.1.1 and 1.4.1).

use crate::{code::Code, problem::Kind};

/// What a page's icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// It is done.
    Done,
    /// There is nothing to do.
    Note,
    /// Nobody is signed in.
    SignIn,
    /// It is another person's.
    AnotherPerson,
    /// It is another browser's.
    AnotherBrowser,
    /// Its time is over.
    TooLate,
    /// The link is incomplete, or not the one that was to be followed.
    WrongLink,
    /// The person said no.
    Declined,
    /// It is not allowed.
    Refused,
    /// There is nothing.
    NotFound,
    /// It may succeed in a moment.
    Busy,
    /// It is not known how it ended.
    Unclear,
    /// A failure of a service.
    Failure,
}

impl Icon {
    /// The icon of a problem.
    pub(crate) fn new(kind: Kind, code: Code) -> Self {
        match code {
            Code::AnotherUser => return Self::AnotherPerson,
            Code::AnotherBrowser | Code::NotContinued => return Self::AnotherBrowser,
            Code::NoFlow | Code::SessionRefused => return Self::TooLate,
            Code::NoState | Code::WrongState => return Self::WrongLink,
            Code::Declined => return Self::Declined,
            Code::Unclear => return Self::Unclear,
            _ => {}
        }
        match kind {
            Kind::Unauthorized => Self::SignIn,
            Kind::InvalidRequest => Self::WrongLink,
            Kind::Gone => Self::TooLate,
            Kind::NotFound => Self::NotFound,
            Kind::Forbidden
            | Kind::MethodNotAllowed
            | Kind::TooLarge
            | Kind::UnsupportedMediaType => Self::Refused,
            Kind::RequestTimeout
            | Kind::Conflict
            | Kind::TooManyRequests
            | Kind::UpstreamUnavailable
            | Kind::Overloaded => Self::Busy,
            Kind::Internal | Kind::UpstreamFailed => Self::Failure,
        }
    }

    /// The icon as HTML.
    pub(crate) fn html(self) -> String {
        let (tone, label, drawing) = self.parts();
        format!(
            "<svg class=\"{tone}\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 24 24\">{drawing}</svg>"
        )
    }

    /// Its colour's class, its text alternative and its shapes.
    fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Done => {
                ("ok", "Done", r#"<circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.5 3 3 6-7"/>"#)
            }
            Self::Note => (
                "note",
                "Note",
                r#"<circle cx="12" cy="12" r="9.5"/><path d="M12 11v5.5M12 7.5v.1"/>"#,
            ),
            Self::SignIn => (
                "warn",
                "Not signed in",
                r#"<rect x="4.5" y="10.5" width="15" height="10" rx="2"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3M12 14.5v2"/>"#,
            ),
            Self::AnotherPerson => (
                "bad",
                "Refused: another person's",
                r#"<circle cx="10" cy="7.5" r="4"/><path d="M3 20.5c0-4 3-6.5 7-6.5 1.5 0 2.8.3 3.9.9M16.5 16.5l5 5m0-5-5 5"/>"#,
            ),
            Self::AnotherBrowser => (
                "bad",
                "Refused: another browser's",
                r#"<rect x="2.5" y="4" width="19" height="16" rx="2"/><path d="M2.5 8.5h19m-12 3.5 5 5m0-5-5 5"/>"#,
            ),
            Self::TooLate => (
                "bad",
                "Refused: too late",
                r#"<circle cx="12" cy="12" r="9.5"/><path d="M12 6.5V12l4 2.5"/>"#,
            ),
            Self::WrongLink => (
                "bad",
                "Refused: wrong link",
                r#"<path d="M10 7.5H7a4.5 4.5 0 0 0 0 9h3m4-9h3a4.5 4.5 0 0 1 0 9h-3M12 2.5v3m0 13v3"/>"#,
            ),
            Self::Declined => {
                ("warn", "Declined", r#"<circle cx="12" cy="12" r="9.5"/><path d="M7.5 12h9"/>"#)
            }
            Self::Refused => {
                ("bad", "Refused", r#"<circle cx="12" cy="12" r="9.5"/><path d="m5.5 5.5 13 13"/>"#)
            }
            Self::NotFound => (
                "warn",
                "Not found",
                r#"<circle cx="10.5" cy="10.5" r="7"/><path d="m15.5 15.5 6 6"/>"#,
            ),
            Self::Busy => (
                "warn",
                "Busy",
                r#"<path d="M6 2.5h12m-12 19h12M7 2.5V6c0 3 5 4.5 5 6s-5 3-5 6v3.5m10-19V6c0 3-5 4.5-5 6s5 3 5 6v3.5"/>"#,
            ),
            Self::Unclear => (
                "warn",
                "Not known",
                r#"<circle cx="12" cy="12" r="9.5"/><path d="M9.2 9.5a2.8 2.8 0 1 1 4 2.5c-.8.4-1.2 1-1.2 2m0 3v.1"/>"#,
            ),
            Self::Failure => ("bad", "Failure", r#"<path d="M12 3 1.5 21h21zM12 10v5m0 3v.1"/>"#),
        }
    }
}
