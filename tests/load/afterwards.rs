//! What is looked for once all users are done and nothing is disturbed any more.

use std::{fs, path::Path};

use github_local::crowd;
use local::Running;
use reqwest::Method;
use serde_json::Value;

use crate::{
    counts::{Counts, Never},
    person::{Person, Turn, foreign},
    story::to_the_end,
};

/// How often each is tried before a conversation counts as stuck. What a killed service has claimed is held
/// until its turn could not be at work any more.
const ATTEMPTS: usize = 60;

pub(crate) async fn look_afterwards(
    running: &Running,
    people: Vec<Option<Person>>,
    counts: &Counts,
    data: &Path,
) {
    let looks = people.into_iter().enumerate().map(|(number, person)| async move {
        let Some(mut person) = person else {
            counts.never(Never::Unfinished, format!("user {number}"));
            return;
        };
        go_on_talking(&mut person, counts).await;
        lost_turns(&person, counts).await;
        issues(running, &person, counts);
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
fn issues(running: &Running, person: &Person, counts: &Counts) {
    let place = format!("{}/{}", crowd::login(person.number), crowd::mark(person.number));
    let titles = running.github.issue_titles(&place);
    for title in &titles {
        counts.one("issues at GitHub");
        if titles.iter().filter(|it| it == &title).count() > 1 {
            counts.never(Never::DoneTwice, format!("{place}: {title}"));
        }
    }
    for told in person.told.iter().filter(|it| !titles.contains(it)) {
        counts.never(Never::SaidAndNotDone, format!("{place}: {told}"));
    }
}

/// No saved object has the marks of two users.
fn saved_objects(folder: &Path, counts: &Counts) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
            counts.one("saved objects");
            let owner = text.split("octo-crowd-").nth(1).and_then(|it| it.get(..4)?.parse().ok());
            if let Some(mark) = owner.and_then(|owner| foreign(&text, owner)) {
                counts.never(Never::ForeignData, format!("{mark} in {}", path.display()));
            }
        }
    }
}
