//! The benchmarks run: a few of everything, whose figures say nothing.

use std::process::Command;

#[test]
fn every_row_of_the_table_is_measured() {
    let run = Command::new(env!("CARGO_BIN_EXE_benches")).arg("--quick").output().unwrap();
    let table = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{table}{}", String::from_utf8_lossy(&run.stderr));
    for row in [
        "CPU of a token",
        "CPU of a plain turn",
        "CPU of a streamed turn",
        "CPU of a turn that calls a tool",
        "the first word",
        "load and commit at turn 5000",
        "plain turns a second",
        "clients that connect at once",
        "the first turn of a process",
        "idle connections",
        "turns whose model is silent",
        "streams of 64 KiB that nobody reads",
    ] {
        assert!(table.contains(row), "no row for {row}: {table}");
    }
}
