//! Faults in every upstream, keys that are replaced, and kills and restarts of both services.
//!
//! Between two kills users get some answers, however slow the machine is.
//! When four fifths of the users are through, the agent is killed no more: each kill can make the last ones wait for as
//! long as a turn may take.

use std::{sync::Arc, time::Duration};

use local::{
    Running,
    faults::{Fault, Faults},
};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    counts::Counts,
    services::{Services, Which},
};

/// What happens to requests to each upstream, in hundredths.
const EVERYWHERE: [&str; 8] = [
    "slow-down:4%",
    "error:3%",
    "reset:3%",
    "lost:3%",
    "cut:2%",
    "garbage:2%",
    "trickle:20ms:2%",
    "latency:150ms:15%",
];
/// The upstreams that the services ask.
const UPSTREAMS: [&str; 4] = ["agentcore", "bedrock", "github", "s3"];
/// What is besides.
const BESIDES: [&str; 5] = [
    "agentcore=expired:4%",
    "load-balancer=reset:20%",
    "load-balancer=latency:300ms:20%",
    "issuer=error:20%",
    "issuer=latency:300ms:20%",
];

/// How long users may get no answers before they are disturbed again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(50);

/// A disturbance that goes on until it is ended.
#[derive(Debug)]
pub(crate) struct Disturbance {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
    faults: Faults,
}

/// Begins to disturb `running` and `services`; more users give more time in between.
pub(crate) fn begin(
    running: &Running,
    services: &Services,
    users: u16,
    counts: &Arc<Counts>,
) -> Disturbance {
    running.faults.set(all());
    let (end, mut ended) = oneshot::channel();
    let (keys, services, counts) = (running.keys.clone(), services.clone(), Arc::clone(counts));
    let most = usize::from(users) * 4 / 5;
    let least = usize::from(users) / 6;
    let pause = Duration::from_millis(2_000 + u64::from(users) * 20);
    let task = tokio::spawn(async move {
        for round in 0_usize.. {
            let answers = counts.answers();
            if timeout(pause, &mut ended).await.is_ok() {
                break;
            }
            // On a machine that has much else to do, nothing else would be done.
            let progress = async {
                while counts.answers() < answers + least {
                    sleep(TICK).await
                }
            };
            if counts.through() <= most {
                let _or_not_at_all = timeout(LONGEST_PAUSE, progress).await;
            }
            keys.load_balancer.rotate().expect("a key");
            keys.issuer.rotate().expect("a key");
            let is_late = counts.through() > most;
            match round % 4 {
                0 if !is_late => services.kill(Which::Invoke).await,
                1 => services.restart(Which::BindSession).await,
                0 | 2 => services.restart(Which::Invoke).await,
                _ => services.kill(Which::BindSession).await,
            }
        }
    });
    Disturbance { end, task, faults: running.faults.clone() }
}

impl Disturbance {
    /// Ends it; both services run.
    pub(crate) async fn end(self, running: &Running) {
        let _over = self.end.send(());
        self.task.await.expect("no panic");
        self.faults.set(Vec::new());
        assert!(running.faults.is_empty());
    }
}

fn all() -> Vec<Fault> {
    let everywhere = UPSTREAMS
        .iter()
        .flat_map(|part| EVERYWHERE.iter().map(move |kind| format!("{part}={kind}")));
    let all = everywhere.chain(BESIDES.iter().map(|it| (*it).to_owned()));
    all.map(|text| text.parse().expect("a fault")).collect()
}
