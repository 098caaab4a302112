//! The one table, printed as it grows.

use std::{fmt::Display, time::Duration};

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    has_head: bool,
}

impl Table {
    /// What takes so long, and the least that the same takes.
    pub(crate) fn beside(&mut self, what: impl Display, ours: Duration, least: Duration) {
        let ratio = ours.as_secs_f64() / least.as_secs_f64();
        self.row(what, time(ours), time(least), format!("{ratio:.2}"));
    }

    /// A figure with nothing beside it.
    pub(crate) fn alone(&mut self, what: impl Display, figure: impl Display) {
        self.row(what, figure, "", "");
    }

    fn row(
        &mut self,
        what: impl Display,
        ours: impl Display,
        least: impl Display,
        ratio: impl Display,
    ) {
        if !self.has_head {
            println!("| {:58} | {:>10} | {:>10} | {:>5} |", "", "here", "bare", "ratio");
            println!("|{:-<60}|{:->12}|{:->12}|{:->7}|", "", ":", ":", ":");
            self.has_head = true;
        }
        println!("| {what:58} | {ours:>10} | {least:>10} | {ratio:>5} |");
    }
}

/// In microseconds or milliseconds.
pub(crate) fn time(it: Duration) -> String {
    let micros = it.as_secs_f64() * 1e6;
    if micros < 1_000.0 { format!("{micros:.1} µs") } else { format!("{:.2} ms", micros / 1e3) }
}

/// The median.
pub(crate) fn median<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort();
    all.get(all.len() / 2).copied().expect("a measurement")
}
