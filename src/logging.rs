//! The log of a command, on standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::{
    config::{Log, LogFormat},
    observe::REQUESTS,
};

/// Begins to log. `RUST_LOG`, if it is set, decides alone how much.
///
/// # Panics
/// If something logs already.
pub fn begin(log: &Log) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives(log)));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match log.format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).init(),
    }
}

/// How much is logged, in the language of [`EnvFilter`].
fn directives(log: &Log) -> String {
    match log.requests {
        true => log.level.clone(),
        false => format!("{},{REQUESTS}=off", log.level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_requests_can_be_left_out() {
        let directives = |requests| directives(&Log { requests, ..Log::default() });
        assert_eq!((directives(true), directives(false)), ("info".into(), "info,super_invites::request=off".into()));
    }
}
