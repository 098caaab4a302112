//! A process that dies at any moment leaves every conversation readable, and repeats no action
//! (M12, M5).

use std::{collections::BTreeMap, time::Instant};

use reqwest::Method;
use serde_json::Value;
use tests::{Fate, Gate, Setup, Workload, World};

const DEATHS: usize = 200;
/// How long a process lives at most, so that a death hits any part of a turn.
const LONGEST_LIFE_IN_TURNS: usize = 4;
const SESSION: &str = "crashes";

#[tokio::test(flavor = "multi_thread")]
async fn m12_two_hundred_deaths_lose_no_turn_that_was_answered_and_tear_none() {
    let world = World::in_process().await;
    let variables = Workload::variables(&world);
    let mut random = fastrand::Rng::new();
    println!("seed {}", random.get_seed());

    let workload = Workload::start(&variables).await;
    let started = Instant::now();
    // What the user said and was answered, and what they said when the process died.
    let (mut answered, mut cut_off): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for number in 0..LONGEST_LIFE_IN_TURNS {
        let message = format!("before any death {number}");
        workload.say(SESSION, &message).await.expect("an answer");
        answered.push(message);
    }
    let longest_life = started.elapsed();
    drop(workload);

    let mut number = 0;
    for _ in 0..DEATHS {
        let workload = Workload::start(&variables).await;
        let life = longest_life.mul_f64(random.f64());
        let turns = async {
            loop {
                number += 1;
                let message = format!("message {number}");
                cut_off.push(message.clone());
                if workload.say(SESSION, &message).await.is_some() {
                    answered.extend(cut_off.pop());
                }
            }
        };
        let _died = tokio::time::timeout(life, turns).await;
        drop(workload);
    }
    let said = Workload::start(&variables).await.said(SESSION).await;
    let kept: Vec<_> = said.iter().filter(|message| answered.contains(message)).cloned().collect();
    assert_eq!(kept, answered, "every turn that was answered is there, once and in its place");
    let others = said.iter().filter(|message| !answered.contains(message));
    assert!(others.clone().all(|message| cut_off.contains(message)));
    println!(
        "{} answered, {} of {} cut off are there",
        answered.len(),
        others.count(),
        cut_off.len()
    );
    assert!(!answered.is_empty() && cut_off.len() <= DEATHS);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_two_hundred_deaths_of_a_process_that_acts_do_nothing_twice() {
    let (world, proxies) = World::proxied(Setup::default().with("CONFIRM_ACTIONS", "off")).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "consent", "octo-alice").await;
    let variables = Workload::variables(&world);
    let mut random = fastrand::Rng::new();
    println!("seed {}", random.get_seed());

    let workload = Workload::start(&variables).await;
    let started = Instant::now();
    let mut answered: Vec<String> = Vec::new();
    act(&workload, "before", &mut answered, 2).await;
    let longest_life = started.elapsed();
    drop(workload);
    for life in 0..DEATHS {
        let workload = Workload::start(&variables).await;
        let life_time = longest_life.mul_f64(random.f64());
        let session = format!("life-{life}");
        let acting = act(&workload, &session, &mut answered, usize::MAX);
        if life % 25 == 0 {
            // Some die when GitHub has the issue and they have no answer yet.
            let gate = Gate::closed();
            let at = gate.clone();
            proxies.github.rule(move |seen| match seen.is(&Method::POST, "/issues") {
                true => Fate::Waits(at.clone()),
                false => Fate::Arrives,
            });
            tokio::select! { () = acting => {} () = gate.reached() => {} }
            drop(workload);
            proxies.github.rule(|_| Fate::Arrives);
            gate.open();
            continue;
        }
        let _died = tokio::time::timeout(life_time, acting).await;
        drop(workload);
    }

    let workload = Workload::start(&variables).await;
    for life in 0..DEATHS {
        let session = format!("life-{life}");
        let shown = workload.shown(&session).await.map_or_else(String::new, |it| it.to_string());
        let of_this_life =
            answered.iter().filter(|title| title.starts_with(&format!("{session} ")));
        for title in of_this_life {
            assert!(shown.contains(title.as_str()), "{title} was answered and is gone: {shown}");
        }
    }
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    for seen in proxies.github.seen().iter().filter(|it| it.is(&Method::POST, "/issues")) {
        let issue: Value = serde_json::from_str(&seen.body).expect("JSON");
        *made.entry(issue["title"].as_str().expect("a title").to_owned()).or_default() += 1;
    }
    assert!(made.values().all(|times| *times == 1), "done twice: {made:?}");
    assert!(answered.iter().all(|title| made.contains_key(title)), "said and not done");
    println!("{} answered, {} made", answered.len(), made.len());
    assert!(made.len() > answered.len(), "no process died after it had acted");
}

/// Creates issues in a conversation of its own, one after the other, and notes those that it was
/// told of.
async fn act(workload: &Workload, session: &str, answered: &mut Vec<String>, most: usize) {
    for number in 0..most {
        let title = format!("{session} issue {number}.");
        let message = format!("Please create an issue in octo-alice/garden: {title}");
        if workload.say(session, &message).await.is_some() {
            answered.push(title);
        }
    }
}
