//! The processor's time of turns, beside the bare SDK calls of the same turn: the very requests that it was
//! seen to make, by the same SDKs in the same build, in a process of their own.

use std::time::Duration;

use http_body_util::BodyExt;

use crate::{
    Effort,
    bare::bare,
    client::Line,
    process::monotonic,
    table::{Table, median, time},
    upstream::Upstream,
    workload::{AT_ONCE, Program, Turn, Workload},
};

/// An answer in ten pieces.
pub(crate) const PLAIN: Turn =
    Turn { name: "a plain turn", message: "bench:words=10", as_events: false };
/// The model calls a tool, which reads at GitHub.
const TOOL: Turn =
    Turn { name: "a turn that calls a tool", message: "bench:tool", as_events: false };
/// An answer in 300 pieces, as events.
const STREAMED: Turn =
    Turn { name: "a streamed turn of 300 deltas", message: "bench:words=300", as_events: true };

pub(crate) async fn measure(
    table: &mut Table,
    upstream: &Upstream,
    program: &Program,
    effort: Effort,
) {
    let workload = program.start(upstream);
    for turn in [PLAIN, STREAMED, TOOL] {
        let count = effort.of(1_000);
        let kind = turn.message.replace([':', '='], "-");
        workload.take(turn, &format!("{kind}-warm"), count, AT_ONCE).await;
        upstream.forget().await;
        workload.take(turn, &format!("{kind}-seen"), 1, 1).await;
        let requests = upstream.requests().await;
        let (mut ours, mut least) = (Vec::new(), Vec::new());
        for round in 0..effort.rounds() {
            let name = format!("{kind}-{round}");
            ours.push(workload.cpu(turn, &name, count).await);
            // Another binary was not built like the bare calls.
            if program.is_this() {
                least.push(bare(upstream, &name, &requests, count));
            }
        }
        let what = format!("CPU of {}", turn.name);
        if program.is_this() {
            table.beside(what, median(ours), median(least));
        } else {
            table.alone(what, time(median(ours)));
        }
    }
    let first = first_word(&workload, effort.of(300)).await;
    table.alone("the first word, from the model to the reader", time(first));
}

/// How long a word takes from the model to a reader of events.
async fn first_word(workload: &Workload, count: usize) -> Duration {
    let mut times = Vec::new();
    let mut line = Line::open(workload.port).await;
    for number in 0..count {
        let session = format!("first-{number}");
        let mut body = workload.ask(&mut line, &session, "bench:first").await.into_body();
        let mut events = String::new();
        let said = loop {
            let frame = body.frame().await.expect("an event").expect("a stream");
            let now = monotonic();
            events.push_str(&String::from_utf8_lossy(frame.data_ref().expect("an event")));
            if let Some(said) = said(&events) {
                break now.saturating_sub(said);
            }
        };
        times.push(said);
        body.collect().await.expect("the rest");
    }
    median(times)
}

/// When the model said its word, which is that time.
fn said(events: &str) -> Option<Duration> {
    let (_, said) = events.split_once("at=")?;
    let (said, _) = said.split_once(';')?;
    said.parse().map(Duration::from_nanos).ok()
}
