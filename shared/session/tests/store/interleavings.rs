//! Three writers of one long conversation, in any order and with any failing write: every turn that was saved is
//! there once, and every segment that the head names.

use std::collections::BTreeMap;

use http::Method;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use session::Loaded;
use tokio::runtime::Runtime;

use crate::{World, s3::Fault, segments};

const WRITERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Open(usize),
    /// Saves one turn; the writes of it fail so, one after the other.
    Save(usize, Vec<Failing>),
}

#[derive(Debug, Clone, Copy)]
enum Failing {
    Not,
    Throttled,
    Lost,
    LostWhenDone,
    Refused,
}

impl Failing {
    fn fault(self) -> Fault {
        match self {
            Self::Not => Fault::After(Box::pin(std::future::ready(()))),
            Self::Throttled => Fault::Refused(503, "SlowDown"),
            Self::Lost => Fault::Cut,
            Self::LostWhenDone => Fault::DoneButCut,
            Self::Refused => Fault::Refused(403, "AccessDenied"),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let failing = prop_oneof![
        4 => Just(Failing::Not),
        1 => Just(Failing::Throttled),
        1 => Just(Failing::Lost),
        2 => Just(Failing::LostWhenDone),
        1 => Just(Failing::Refused),
    ];
    let step = prop_oneof![
        1 => (0..WRITERS).prop_map(Step::Open),
        2 => (0..WRITERS, vec(failing, 0..3)).prop_map(|(writer, fails)| Step::Save(writer, fails)),
    ];
    vec(step, 10..40)
}

async fn run(steps: Vec<Step>) {
    let world = World::new().await;
    // Which turns are certainly saved, and which may be.
    let mut saved: BTreeMap<usize, bool> = BTreeMap::new();
    let mut writers: [Option<Loaded>; WRITERS] = [None, None, None];
    let mut number = 0;
    for step in steps {
        match step {
            Step::Open(writer) => writers[writer] = Some(segments::open(&world.sessions).await),
            Step::Save(writer, fails) => {
                let mut loaded = match writers[writer].take() {
                    Some(loaded) => loaded,
                    None => segments::open(&world.sessions).await,
                };
                fails.into_iter().for_each(|it| world.s3.fail(Method::PUT, it.fault()));
                let turn = segments::longest(number);
                let result = world.sessions.commit(&mut loaded, &turn, None).await;
                world.s3.forget_faults();
                saved.insert(number, result.is_ok());
                writers[writer] = Some(loaded);
                number += 1;
            }
        }
    }
    let mut there = world.numbers().await;
    there.sort_unstable();
    let mut once = there.clone();
    once.dedup();
    assert_eq!(there, once, "each once");
    for (number, is_certain) in &saved {
        assert!(!is_certain || there.contains(number), "{number} of {there:?}");
    }
    let (named, segments) = (world.named().await, world.segments().await);
    assert!(named.is_subset(&segments), "{named:?} {segments:?}");
}

#[test]
fn no_turn_is_lost_or_there_twice_in_any_interleaving_of_writers_that_seal_and_fail() {
    let config = Config { cases: 24, max_shrink_iters: 60, ..Config::default() };
    let runtime = Runtime::new().unwrap();
    let world = |steps| {
        runtime.block_on(run(steps));
        Ok(())
    };
    TestRunner::new(config).run(&steps(), world).unwrap();
}
