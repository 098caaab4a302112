//! Which check a refusal comes from, by the code that the services give it.

/// A check of the services.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check {
    /// What is checked, in a word.
    pub(super) name: &'static str,
    /// Why it stops the attack.
    pub(super) sentence: &'static str,
}

/// The check of the person for whom a page was made.
pub(super) const MARK: Check = Check {
    name: "page",
    sentence: "A page brings a mark of the person for whom it was made, and another one is signed in now.",
};

/// The check of the browser in which a sign-in began; the load balancer's.
pub(super) const SIGN_IN: Check = Check {
    name: "sign-in",
    sentence: "A sign-in ends in the browser in which it began, which the load balancer has given a cookie.",
};

/// The check of whose conversation it is.
pub(super) const OWNER: Check = Check {
    name: "owner",
    sentence: "A conversation is looked for among those of the person who is signed in, and nowhere else.",
};

/// Returns the check that refuses with `code`.
pub(super) fn check(code: &str) -> Option<Check> {
    let (name, sentence) = match code {
        "another_user" => (
            "person",
            "A flow belongs to the person who asked, and another one is signed in in this browser.",
        ),
        "another_browser" => (
            "browser",
            "A flow belongs to the browser in which it was asked for, and this is another one, although \
             the right person is signed in in it.",
        ),
        "not_continued" => (
            "click",
            "A client asked for this flow, and it belongs to no browser until the person who asked continues \
             it in theirs.",
        ),
        "no_flow" => (
            "session",
            "Only the browser that asked was given the sealed flow of this session, and this one does not \
             have it.",
        ),
        "no_state" | "wrong_state" => (
            "state",
            "Only the browser that consented was given this flow's state, so that knowing the session is \
             not enough.",
        ),
        "session_refused" => {
            ("single use", "A consent is bound once: AgentCore Identity has closed its session.")
        }
        "not_a_visit" => {
            ("visit", "Only a person who opens the page binds, and the browser says that none did.")
        }
        "cross_site" => {
            ("site", "The browser says that the request comes from a page of another site.")
        }
        "unauthorized" => (
            "signature",
            "Nobody is believed to be carol without the load balancer's signature, and no reason is told.",
        ),
        "confirmation_required" => (
            "approval",
            "Only the user approves, by an answer that the model can't give: it is told that there is no \
             such tool.",
        ),
        _ => return None,
    };
    Some(Check { name, sentence })
}
