//! The one program of all targets: the variable `TARGET` names the one that it runs.

#![no_main]
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "libFuzzer's own options are the arguments, and a target fails by a panic"
)]

use std::{env, sync::LazyLock};

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = env::var("TARGET").unwrap_or_default();
    fuzz::target(&name).unwrap_or_else(|| panic!("TARGET={name} is no target"))
});

fuzz_target!(|input: &[u8]| TARGET(input));
