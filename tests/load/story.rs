//! What each user does: asks what needs a consent, consents, gets the answer; and lets an issue be created,
//! which has to be approved.

use github_local::crowd;
use serde_json::Value;

use crate::{
    answer::{Turn, issue_told_last, issues_told},
    consent::consent,
    counts::Never,
    person::Person,
};

const CONSENT: &str = "authorization_required";

/// Two turns with a consent, however often they have to be tried.
pub(crate) async fn live(mut person: Person) -> Person {
    read(&mut person).await;
    while !act(&mut person).await {}
    person.site.counts.finished();
    person
}

/// Asks until the answer names the user's own repository.
async fn read(person: &mut Person) {
    let mark = crowd::mark(person.number);
    loop {
        let question =
            format!("Which repositories do I have, private ones too? ({})", person.next());
        let turn = person.say(&question).await;
        if let Turn::Completed(words) = to_the_end(person, turn).await {
            if words.contains(&mark) {
                return;
            }
            person.site.counts.one("answers that tell of a failure");
        }
    }
}

/// Lets an issue be created. Returns whether the user knows that it is there.
async fn act(person: &mut Person) -> bool {
    let number = person.next();
    let title = format!("Issue {}-{number}", person.number);
    let place = format!("{}/{}", crowd::login(person.number), crowd::mark(person.number));
    let turn = person.say(&format!("Please create an issue in {place}: {title}")).await;
    let Turn::Completed(words) = to_the_end(person, turn).await else { return false };
    if let Some(issue) = issue_told_last(&words) {
        person.told.push((issue, title));
        return true;
    }
    person.site.counts.one("answers that tell of a failure");
    if !issues_told(&words).is_empty() {
        person.site.counts.one("... and of what was done for the message before");
    }
    false
}

/// Consents and approves until there is an answer, or until it is not known any more what is open.
pub(crate) async fn to_the_end(person: &mut Person, first: Turn) -> Turn {
    let mut turn = first;
    loop {
        turn = match turn {
            Turn::Completed(_) => return turn,
            Turn::Interrupted(interrupt) if interrupt["reason"] == CONSENT => {
                allow(person, &interrupt).await
            }
            Turn::Interrupted(interrupt) => match approve(person, &interrupt).await {
                // It was answered, and the answer is lost: what it did is not known here.
                Turn::Refused(code) if code == "interrupt_not_open" => return Turn::Refused(code),
                turn => turn,
            },
            Turn::Broken | Turn::Refused(_) => person.say_again().await,
        }
    }
}

async fn allow(person: &mut Person, interrupt: &Value) -> Turn {
    if person.bound.contains(&interrupt["scopes"].to_string()) {
        let why = format!("user {} was connected: {}", person.number, interrupt["scopes"]);
        person.site.counts.never(Never::BoundAndIsNot, why);
        person.bound.clear();
    }
    consent(person, interrupt).await;
    person.go_on().await
}

/// Approves, again if no answer comes. The same yes can't do anything twice.
async fn approve(person: &mut Person, interrupt: &Value) -> Turn {
    loop {
        match person.resolve(interrupt, "resolved").await {
            Turn::Broken => {}
            Turn::Refused(code) if code != "interrupt_not_open" && code != "interrupt_expired" => {}
            turn => return turn,
        }
    }
}
