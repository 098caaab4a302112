//! Memory of what waits: connections without a request, turns whose model thinks, streams that nobody reads.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use http_body_util::BodyExt;
use tokio::time::sleep;

use crate::{
    Effort,
    client::Line,
    table::Table,
    turns::PLAIN,
    upstream::Upstream,
    workload::{AT_ONCE, Program, Workload},
};

pub(crate) async fn measure(
    table: &mut Table,
    upstream: &Upstream,
    program: &Program,
    effort: Effort,
) {
    let idle = effort.of(5_000);
    let workload = warm(upstream, program, effort).await;
    let before = workload.process.resident();
    let lines = stream::iter(0..idle).map(|_| async {
        let mut line = Line::open(workload.port).await;
        line.get("/ping").await;
        line
    });
    let lines: Vec<Line> = lines.buffer_unordered(AT_ONCE).collect().await;
    table.alone(
        format!("memory of each of {idle} idle connections"),
        each(&workload, before, idle).await,
    );
    drop(lines);

    for (what, message, count) in [
        ("turns whose model is silent", "bench:wait", effort.of(1_000)),
        ("streams of 64 KiB that nobody reads", "bench:long", effort.of(500)),
    ] {
        let workload = warm(upstream, program, effort).await;
        let before = workload.process.resident();
        let opened = stream::iter(0..count).map(|number| {
            let workload = &workload;
            async move {
                let mut line = Line::open(workload.port).await;
                let session = format!("held-{number}");
                let mut answer = workload.ask(&mut line, &session, message).await.into_body();
                answer.frame().await.expect("an event").expect("a stream");
                (line, answer)
            }
        });
        let open: Vec<_> = opened.buffer_unordered(AT_ONCE).collect().await;
        table.alone(
            format!("memory of each of {count} {what}"),
            each(&workload, before, count).await,
        );
        drop(open);
    }
}

/// A workload that has its first turns behind it.
async fn warm(upstream: &Upstream, program: &Program, effort: Effort) -> Workload {
    let workload = program.start(upstream);
    workload.take(PLAIN, "warm", effort.of(1_000), AT_ONCE).await;
    workload
}

/// What each of `count` holds, once it stands still: nothing else says that all buffers are full.
async fn each(workload: &Workload, before: u64, count: usize) -> String {
    let mut held = workload.process.resident();
    loop {
        sleep(Duration::from_secs(1)).await;
        let now = workload.process.resident();
        if now.abs_diff(held) < 256 {
            break;
        }
        held = now;
    }
    let kib = u32::try_from(held.saturating_sub(before)).expect("a number");
    format!("{:.1} KiB", f64::from(kib) / f64::from(u32::try_from(count).expect("a number")))
}
