//! The table of tokens (`../vectors.json`), each as its request would bring it.

use std::time::{Duration, UNIX_EPOCH};

use identity_vectors::{Kind, World, all};

use crate::world::{NOW, at, authenticator, word};

#[tokio::test]
async fn m2_every_vector_is_accepted_or_refused_by_the_rule_that_it_names() {
    let world = World::start().await;
    let of_kind = [Kind::Alb, Kind::Bearer, Kind::Entra].map(|kind| authenticator(kind, &world));
    let mut wrong = Vec::new();
    let vectors = all();
    for vector in &vectors {
        let headers = vector.headers(&world, NOW);
        let verdict = of_kind[vector.kind as usize].authenticate(&headers, at(NOW)).await;
        if word(&verdict) != vector.expect {
            wrong.push(format!("{}: {} instead of {}", vector.name, word(&verdict), vector.expect));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_clock_before_1970_refuses_every_token() {
    let world = World::start().await;
    let vectors = all();
    for name in ["alb/as-aws-writes-it", "bearer/es256"] {
        let vector = vectors.iter().find(|vector| vector.name == name).unwrap();
        let headers = vector.headers(&world, NOW);
        let before = UNIX_EPOCH - Duration::from_secs(1);
        let authenticator = authenticator(vector.kind, &world);
        assert_eq!(word(&authenticator.authenticate(&headers, before).await), "Expired");
    }
}

#[test]
fn every_vector_has_a_name_of_its_own_and_says_why() {
    let vectors = all();
    let names: std::collections::BTreeSet<_> = vectors.iter().map(|of| &of.name).collect();
    assert_eq!(names.len(), vectors.len());
    assert!(vectors.iter().all(|vector| vector.why.ends_with('.')));
    assert!(vectors.len() >= 80);
}

#[test]
fn the_listed_differences_from_the_reference_match_the_vectors() {
    let vectors = all();
    let lines = include_str!("../../DIFFERENCES.md").lines();
    let rows = lines.filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let mut count = 0;
    for (name, verdict) in rows {
        let vector = vectors.iter().find(|vector| vector.name == name).unwrap();
        let ours = if vector.expect == "User" {
            "accepted | refused |".to_owned()
        } else {
            format!("refused: `{}` | accepted |", vector.expect)
        };
        assert_eq!(verdict, ours, "{name}");
        count += 1;
    }
    assert!(count > 50);
}
