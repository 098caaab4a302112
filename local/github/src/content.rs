//! What is in the repositories: files, commits, and what people write to each other. Only a few have
//! anything; the others are empty.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use super::{difficult, hostile};

/// What is in one repository.
#[derive(Default)]
pub(super) struct Content {
    /// Its files, by path.
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
    /// The latest first.
    pub(super) commits: Vec<Commit>,
    /// Number 1 first.
    pub(super) threads: Vec<Thread>,
}

/// A commit: who, when, why, and which files it changed.
pub(super) struct Commit {
    pub(super) author: &'static str,
    pub(super) at: &'static str,
    pub(super) message: &'static str,
    pub(super) files: &'static [&'static str],
}

/// An issue, or a pull request, which is one, too.
#[derive(Default)]
pub(super) struct Thread {
    pub(super) title: &'static str,
    pub(super) body: Option<&'static str>,
    /// `None` if the account is gone.
    pub(super) author: Option<&'static str>,
    pub(super) at: &'static str,
    pub(super) closed: bool,
    pub(super) locked: bool,
    pub(super) labels: Vec<&'static str>,
    pub(super) change: Option<Change>,
    /// Who, when, what.
    pub(super) comments: Vec<(Option<&'static str>, &'static str, &'static str)>,
}

/// What a pull request would change.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) branch: &'static str,
    /// `None` if it has more lines than GitHub makes a diff of.
    pub(super) diff: Option<&'static str>,
    pub(super) merged: bool,
}

static EMPTY: LazyLock<Content> = LazyLock::new(Content::default);
static CONTENTS: LazyLock<HashMap<&'static str, Content>> = LazyLock::new(|| {
    HashMap::from([
        ("octo-alice/garden", garden()),
        ("octo-alice/weather-station", weather_station()),
        ("octo-alice/diary", diary()),
        ("octo-bob/boat", boat()),
        ("octo-bob/chess", chess()),
        ("octo-bob/ledger", ledger()),
        ("octo-carol/bare", bare()),
        ("octo-carol/sample-001", difficult::long()),
        ("octo-mallory/trap", hostile::trap()),
    ])
});

/// What is in the repository `full_name`.
pub(super) fn of(full_name: &str) -> &'static Content {
    CONTENTS.get(full_name).unwrap_or(&EMPTY)
}

/// A text that is made once and kept.
pub(super) fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn file(path: &'static str, text: &str) -> (&'static str, Vec<u8>) {
    (path, text.as_bytes().to_vec())
}

fn garden() -> Content {
    Content {
        files: vec![
            file("README.md", "# Garden\n\nWhen to sow what, and what became ripe.\n"),
            file("beds.toml", "[north]\nsown = \"peas\"\n\n[south]\nsown = \"tomatoes\"\n"),
            file("src/main.rs", "fn main() {\n    println!(\"Sow the peas in March.\");\n}\n"),
        ],
        commits: vec![
            Commit {
                author: "octo-alice",
                at: "2026-05-11T18:30:00Z",
                message: "Move the tomatoes to the south bed\n\nIt is too cold in the north.",
                files: &["beds.toml"],
            },
            Commit {
                author: "octo-alice",
                at: "2024-03-02T09:00:00Z",
                message: "Begin",
                files: &["README.md", "beds.toml", "src/main.rs"],
            },
        ],
        threads: Vec::new(),
    }
}

const CLAMP: &str = "diff --git a/src/sensor.c b/src/sensor.c\n--- a/src/sensor.c\n+++ b/src/sensor.c\n\
     @@ -1,3 +1,4 @@\n int humidity(int raw) {\n-    return raw / 10;\n+    int percent = raw / 10;\n\
     +    return percent > 100 ? 100 : percent;\n }\n";

fn weather_station() -> Content {
    Content {
        files: vec![
            file("README.md", "# Weather station\n\nReadings from the roof, every ten minutes.\n"),
            file("data/archive.csv", &readings(100_000)),
            file("data/readings.csv", &readings(2_000)),
            ("docs/roof.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
            file("src/main.c", "int main(void) {\n    return read_all();\n}\n"),
            file("src/sensor.c", "int humidity(int raw) {\n    return raw / 10;\n}\n"),
        ],
        commits: vec![Commit {
            author: "octo-alice",
            at: "2026-09-01T07:45:00Z",
            message: "Read the humidity, too",
            files: &["src/main.c", "src/sensor.c"],
        }],
        threads: about_the_weather_station(),
    }
}

fn about_the_weather_station() -> Vec<Thread> {
    vec![
        Thread {
            title: "Humidity is 120 % when it rains",
            body: Some("It rained all night.\n\nThe station says 120 %, which can't be."),
            author: Some("octo-bob"),
            at: "2026-08-20T06:00:00Z",
            comments: vec![
                (Some("octo-alice"), "2026-08-20T07:10:00Z", "The sensor is wet. I look at it."),
                (None, "2026-08-21T12:00:00Z", "Mine says 104 %."),
            ],
            ..Thread::default()
        },
        Thread {
            title: "Never say more than 100 %",
            body: Some("For #1."),
            author: Some("octo-bob"),
            at: "2026-08-22T19:30:00Z",
            change: Some(Change { branch: "clamp", diff: Some(CLAMP), merged: false }),
            comments: vec![(
                Some("octo-alice"),
                "2026-08-23T08:00:00Z",
                "Thanks! Is there a test?",
            )],
            ..Thread::default()
        },
        Thread {
            title: "Which way is north?",
            author: Some("octo-carol"),
            at: "2026-07-01T10:00:00Z",
            closed: true,
            locked: true,
            ..Thread::default()
        },
        Thread {
            title: "Say what the columns mean",
            author: Some("octo-alice"),
            at: "2026-07-02T10:00:00Z",
            closed: true,
            change: Some(Change { branch: "columns", diff: Some(""), merged: true }),
            ..Thread::default()
        },
    ]
}

/// A table of this many lines.
fn readings(lines: usize) -> String {
    (1..=lines).fold(String::new(), |mut all, n| {
        // A string takes everything.
        let _ = writeln!(all, "{n},{}.{},{}", n % 30, n % 10, n % 100);
        all
    })
}

fn diary() -> Content {
    Content {
        files: vec![file("2026-10.md", "The first frost came early.\n")],
        commits: vec![Commit {
            author: "octo-alice",
            at: "2026-10-30T22:10:00Z",
            message: "October",
            files: &["2026-10.md"],
        }],
        threads: Vec::new(),
    }
}

fn chess() -> Content {
    Content {
        files: vec![
            file("README.md", "# Chess\n\nAn engine that loses politely.\n"),
            file("src/search.rs", "/// Looks for a move that loses.\nfn search() {}\n"),
        ],
        commits: vec![Commit {
            author: "octo-bob",
            at: "2026-07-03T19:05:00Z",
            message: "Lose more politely",
            files: &["src/search.rs"],
        }],
        threads: vec![Thread {
            title: "Take in a book of openings",
            author: Some("octo-alice"),
            at: "2026-07-04T09:00:00Z",
            change: Some(Change { branch: "openings", diff: None, merged: false }),
            ..Thread::default()
        }],
    }
}

const KEEL: &str = "diff --git a/hull.scad b/hull.scad\n--- a/hull.scad\n+++ b/hull.scad\n\
     @@ -1,2 +1,2 @@\n length = 4200;\n-keel = 300;\n+keel = 450;\n";

fn boat() -> Content {
    Content {
        files: vec![
            file("README.md", "# Boat\n\nPlans for a small boat of plywood, 4.2 m long.\n"),
            file("hull.scad", "length = 4200;\nkeel = 300;\n\nhull(length, keel);\n"),
            file(
                "parts/list.md",
                "- 6 sheets of plywood, 9 mm\n- 2 l of epoxy\n- TODO: the mast\n",
            ),
        ],
        commits: vec![
            Commit {
                author: "octo-bob",
                at: "2026-08-14T16:20:00Z",
                message: "Count the sheets of plywood again",
                files: &["parts/list.md"],
            },
            Commit {
                author: "octo-alice",
                at: "2022-07-01T09:30:00Z",
                message: "Say how long it is\n\nNobody could tell from the plans.",
                files: &["README.md"],
            },
        ],
        threads: vec![
            Thread {
                title: "It heels too far in a breeze",
                body: Some("With two people on one side the water comes in."),
                author: Some("octo-alice"),
                at: "2026-08-01T17:00:00Z",
                labels: vec!["safety"],
                comments: vec![(
                    Some("octo-bob"),
                    "2026-08-02T08:15:00Z",
                    "A deeper keel would help. See #2.",
                )],
                ..Thread::default()
            },
            Thread {
                title: "A deeper keel",
                body: Some("For #1: 450 mm instead of 300."),
                author: Some("octo-bob"),
                at: "2026-08-03T19:00:00Z",
                change: Some(Change { branch: "keel", diff: Some(KEEL), merged: false }),
                ..Thread::default()
            },
        ],
    }
}

fn ledger() -> Content {
    Content {
        files: vec![
            file("README.md", "# Ledger\n\nWho owes what, and since when.\n"),
            file("2026.csv", "date,who,what\n2026-09-30,alice,12.50\n2026-10-02,carol,-3.00\n"),
            file("balance.py", "# TODO: currencies\nprint(sum(map(float, amounts())))\n"),
        ],
        commits: vec![Commit {
            author: "octo-bob",
            at: "2026-10-02T11:55:00Z",
            message: "Carol has paid",
            files: &["2026.csv"],
        }],
        threads: Vec::new(),
    }
}

/// An issue whose author is gone and a pull request, both without text.
fn bare() -> Content {
    let at = "2024-02-03T04:05:06Z";
    Content {
        threads: vec![
            Thread { title: "By a ghost", at, ..Thread::default() },
            Thread {
                title: "A change",
                author: Some("octo-carol"),
                at,
                change: Some(Change { branch: "change", diff: Some(""), merged: false }),
                ..Thread::default()
            },
        ],
        ..Content::default()
    }
}
