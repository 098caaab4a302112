//! The first turn of a process beside its second.

use std::time::Duration;

use crate::{
    Effort,
    table::{Table, median, time},
    turns::PLAIN,
    upstream::Upstream,
    workload::Program,
};

pub(crate) async fn measure(
    table: &mut Table,
    upstream: &Upstream,
    program: &Program,
    effort: Effort,
) {
    let (mut wall, mut cpu) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..effort.of(2_000).min(20) {
        let workload = program.start(upstream);
        // What a process prepares, it prepares after it listens.
        tokio::time::sleep(Duration::from_millis(500)).await;
        for (number, (wall, cpu)) in wall.iter_mut().zip(&mut cpu).enumerate() {
            let before = workload.process.cpu();
            let name = format!("start-{round}-{number}");
            wall.extend(workload.take(PLAIN, &name, 1, 1).await);
            cpu.push(workload.process.cpu() - before);
        }
    }
    let [first, second] = wall.map(median);
    table.alone("the first turn of a process", time(first));
    table.alone("… and its second", time(second));
    let [first, second] = cpu.map(median);
    table.alone("CPU of the first turn of a process", time(first));
    table.alone("… and of its second", time(second));
}
