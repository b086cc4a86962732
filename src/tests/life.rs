//! Tests of the whole service. `cargo test` runs them against a fake homeserver in this process (`fake`) and on SQLite,
//! within seconds and with nothing installed. `scripts/test` runs the same tests against a real Synapse with its
//! default rate limits, on SQLite and PostgreSQL, and says in `TEST_*` variables where these are; without those, tests
//! that need something real are ignored.

#![allow(missing_docs, unreachable_pub, clippy::allow_attributes, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::disallowed_methods,
    clippy::format_collect,
    clippy::too_many_lines,
    reason = "a test that panics has failed"
)]

mod fake;
mod support;

mod access;
mod apps;
mod backup;
mod chosen;
mod closed;
mod commands;
mod contract;
mod control;
mod doors;
mod failures;
mod faults;
mod guesses;
mod house;
mod instances;
mod languages;
mod lifecycle;
mod limits;
mod memory;
mod migrations;
mod model;
mod observe;
mod openapi;
mod owner;
mod pages;
mod personal_data;
mod policy;
mod preview;
mod print;
mod public;
mod redeem;
mod refusals;
mod registration;
mod same;
mod sessions;
mod sharing;
mod sign_up;
mod slow;
mod takeover;
