//! A process that dies at any moment leaves every conversation readable (M12).
#![expect(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::time::Instant;

use tests::{Workload, World};

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
    // What the user said and was answered, and what he said when the process died.
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
