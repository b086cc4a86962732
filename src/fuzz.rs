//! What the fuzz tests share. Each stands beside the unit tests of what it tests, and `fuzz` is in its name.
//!
//! `cargo test fuzz` tries each for a second at most. `BOLERO_RANDOM_ITERATIONS` and `BOLERO_RANDOM_TEST_TIME_MS` set
//! other bounds; `cargo bolero`, where it is installed, runs them with a fuzzer that watches which code they reach.

use std::time::Duration;

/// How many inputs a test tries.
pub(crate) const TIMES: usize = 2_000;

/// For how long it tries them at most.
pub(crate) const AT_MOST: Duration = Duration::from_secs(1);

/// A text for some bytes: every other byte stands for one of the pieces, the rest for characters. Bytes alone would
/// hardly ever be anything that a parser looks into.
pub(crate) fn text(bytes: &[u8], pieces: &[&str]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let number = usize::from(byte / 2);
        match byte % 2 {
            0 => text.push_str(pieces[number % pieces.len()]),
            _ => text.push(char::from(*byte)),
        }
    }
    text
}
