//! What a container takes: turns a second, health checks a second, and a burst of clients.

use futures_util::future::join_all;

use crate::{
    Effort,
    client::Line,
    process::monotonic,
    table::{Table, time},
    turns::PLAIN,
    upstream::Upstream,
    workload::Program,
};

const LINES: usize = 32;

pub(crate) async fn measure(
    table: &mut Table,
    upstream: &Upstream,
    program: &Program,
    effort: Effort,
) {
    let workload = program.start(upstream);
    let turns = effort.of(5_000);
    workload.take(PLAIN, "warm", effort.of(1_000), LINES).await;
    let began = monotonic();
    let times = workload.take(PLAIN, "rate", turns, LINES).await;
    let took = (monotonic() - began).as_secs_f64();
    let slow = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    let rate = f64::from(u32::try_from(turns).expect("a number")) / took;
    table.alone(format!("plain turns a second, {LINES} at once"), format!("{rate:.0}"));
    table.alone("… 99 of 100 take at most", time(slow));

    let pings = effort.of(20_000);
    let before = (monotonic(), workload.process.cpu());
    join_all((0..LINES).map(|line| ping(workload.port, (line..pings).step_by(LINES).count())))
        .await;
    let took = (monotonic() - before.0).as_secs_f64();
    let pings = u32::try_from(pings).expect("a number");
    table.alone("/ping a second", format!("{:.0}", f64::from(pings) / took));
    table.alone("CPU of a /ping", time((workload.process.cpu() - before.1) / pings));

    let clients = effort.of(1_000);
    let began = monotonic();
    join_all((0..clients).map(|_| ping(workload.port, 1))).await;
    let took = monotonic() - began;
    table.alone(format!("{clients} clients that connect at once are answered in"), time(took));
}

async fn ping(port: u16, count: usize) {
    let mut line = Line::open(port).await;
    for _ in 0..count {
        line.get("/ping").await;
    }
}
