//! What is looked for once all users are done and nothing is disturbed any more.

use std::{collections::BTreeSet, fs, path::Path};

use github_local::crowd;
use reqwest::Method;
use serde_json::Value;

use crate::{
    answer::{Turn, foreign},
    counts::{Counts, Never},
    person::Person,
    story::to_the_end,
};

/// How often each is tried before a conversation counts as stuck. What a killed service has claimed is held
/// until its turn could not be at work any more.
const ATTEMPTS: usize = 60;

/// `titles` are those of the issues that a repository has now, the oldest first.
pub(crate) async fn look_afterwards(
    people: Vec<Option<Person>>,
    counts: &Counts,
    titles: impl Fn(&str) -> Vec<String>,
    data: &Path,
) {
    let titles = &titles;
    let looks = people.into_iter().enumerate().map(|(number, person)| async move {
        let Some(mut person) = person else {
            counts.never(Never::Unfinished, format!("user {number}"));
            return;
        };
        go_on_talking(&mut person, counts).await;
        lost_turns(&person, counts).await;
        let place = format!("{}/{}", crowd::login(person.number), crowd::mark(person.number));
        issues(&titles(&place), &person, counts);
    });
    futures_util::future::join_all(looks).await;
    saved_objects(data, counts);
}

/// The conversation answers, with nothing left open.
async fn go_on_talking(person: &mut Person, counts: &Counts) {
    let mut turn = person.say("Hello!").await;
    for _ in 0..ATTEMPTS {
        turn = match turn {
            Turn::Completed(_) => return,
            Turn::Interrupted(_) => to_the_end(person, turn).await,
            Turn::Broken | Turn::Refused(_) => person.say_again().await,
        };
    }
    counts.never(Never::Stuck, format!("user {}: {turn:?}", person.number));
}

/// Every turn that was answered is in the conversation.
async fn lost_turns(person: &Person, counts: &Counts) {
    let mut said: Vec<String> = Vec::new();
    let mut before = String::new();
    for _ in 0..ATTEMPTS {
        let address = person.site.address(&format!("/sessions/{}{before}", person.session));
        let request = person.site.request(Method::GET, &address, &person.subject());
        let Ok(answer) = request.header("cookie", person.cookie()).send().await else { continue };
        let Ok(text) = answer.text().await else { continue };
        person.look_for_foreign(&text);
        let Ok(page) = serde_json::from_str::<Value>(&text) else { continue };
        let Some(messages) = page["messages"].as_array() else { continue };
        let of_user = messages.iter().filter(|it| it["role"] == "user");
        said.extend(of_user.filter_map(|it| it["text"].as_str()).map(str::to_owned));
        match page["earlier"].as_u64() {
            Some(earlier) => before = format!("?before={earlier}"),
            None => break,
        }
    }
    for answered in person.answered.iter().filter(|it| !said.contains(it)) {
        counts.never(Never::LostTurn, format!("user {}: {answered}", person.number));
    }
}

/// Each issue is there once, and those that the user was told of are.
fn issues(titles: &[String], person: &Person, counts: &Counts) {
    let who = person.number;
    for title in titles {
        counts.one("issues at GitHub");
        if titles.iter().filter(|it| it == &title).count() > 1 {
            counts.never(Never::DoneTwice, format!("user {who}: {title}"));
        }
    }
    for missing in missing(titles, &person.told, &person.issues) {
        counts.never(Never::SaidAndNotDone, format!("user {who}: {missing}"));
    }
}

/// What was `told` as done by number and title, or `mentioned` in any answer, and is not so.
fn missing(
    titles: &[String],
    told: &[(usize, String)],
    mentioned: &BTreeSet<usize>,
) -> Vec<String> {
    let is_there = |number: usize| number.checked_sub(1).and_then(|at| titles.get(at));
    let told = told.iter().filter(|(number, title)| is_there(*number) != Some(title));
    let told = told.map(|(number, title)| format!("issue {number}, {title}"));
    let mentioned = mentioned.iter().filter(|number| is_there(**number).is_none());
    told.chain(mentioned.map(|number| format!("issue {number}"))).collect()
}

/// No saved object has a mark of another user than the one under whose name it is saved.
fn saved_objects(folder: &Path, counts: &Counts) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap_or_default();
            counts.one("saved objects");
            if let Some(why) = misplaced(&String::from_utf8_lossy(&bytes)) {
                counts.never(Never::ForeignData, why);
            }
        }
    }
}

/// What is wrong with an object as the stand-in for S3 saves it: a line that says its key, then its text.
fn misplaced(object: &str) -> Option<String> {
    let (metadata, text) = object.split_once('\n').unwrap_or((object, ""));
    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
    let key = metadata["key"].as_str().unwrap_or_default();
    let owner = key.split_once('/').and_then(|(user, _)| user.strip_prefix("user-"));
    let Some(owner) = owner.and_then(|it| it.parse().ok()) else {
        return Some(format!("an object of no user: {key}"));
    };
    foreign(text, owner).map(|mark| format!("{mark} in {key}"))
}

#[cfg(test)]
mod tests {
    use super::{misplaced, missing};

    fn object(key: &str, text: &str) -> String {
        format!("{}\n{text}", serde_json::json!({ "key": key }))
    }

    #[test]
    fn an_issue_is_there_only_under_its_own_number_and_title() {
        let titles = ["A".to_owned(), "B".to_owned()];
        let told = |number, title: &str| [(number, title.to_owned())];
        assert!(missing(&titles, &told(2, "B"), &[1, 2].into()).is_empty());
        for (number, title) in [(1, "B"), (3, "C"), (0, "A")] {
            assert_eq!(missing(&titles, &told(number, title), &[].into()).len(), 1);
        }
        assert_eq!(missing(&titles, &[], &[2, 3].into()), ["issue 3"]);
    }

    #[test]
    fn an_object_is_judged_by_the_key_under_which_it_is_saved() {
        assert_eq!(misplaced(&object("user-0001/load.json", "octo-crowd-0001/mark-0001")), None);
        assert!(misplaced(&object("user-0001/load.json", "octo-crowd-0002/mark-0002")).is_some());
        assert!(misplaced(&object("user-0001/.segments/load/1", "mark-0001 mark-0002")).is_some());
        assert!(misplaced(&object("load.json", "mark-0001")).is_some());
        assert!(misplaced("").is_some());
    }
}
