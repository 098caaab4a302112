//! Who comes with a flow, and why it may not be theirs.

use std::time::SystemTime;

use identity::{BrowserHash, UserId};

/// Who comes with a flow.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// The signed-in user.
    pub user: &'a UserId,
    /// Their browser.
    pub browser: VisitorBrowser,
    /// When they come.
    pub now: SystemTime,
}

/// In which browser a visitor comes.
#[derive(Debug, Clone, Copy)]
pub enum VisitorBrowser {
    /// It has to be the one that asked. `None` if it brought none of our cookies.
    Counts(Option<BrowserHash>),
    /// Any will do (`BROWSER_BINDING=off`).
    Any,
}

/// Why a flow is not the visitor's to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowRefusal {
    /// Someone else asked.
    AnotherUser,
    /// They asked in another browser, or in one without our cookie.
    AnotherBrowser,
    /// A client asked, and nobody has continued the flow in a browser.
    NotContinued,
    /// The flow is over.
    Expired,
}
