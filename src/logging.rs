//! The log of a command, on standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::{
    config::{Log, LogFormat},
    observe::REQUESTS,
};

/// How much is logged, which can be changed.
pub struct Level(Box<dyn Fn(EnvFilter) + Send + Sync>);

impl Level {
    /// Logs as much as this says from now on.
    pub fn set(&self, log: &Log) {
        (self.0)(filter(log));
    }
}

/// Begins to log. `RUST_LOG`, if it is set, decides alone how much.
///
/// # Panics
/// If something logs already.
pub fn begin(log: &Log) -> Level {
    let lines = tracing_subscriber::fmt().with_env_filter(filter(log)).with_writer(stderr);
    // What logs lives for as long as the process, so changing it does not fail.
    match log.format {
        LogFormat::Text => {
            let lines = lines.with_ansi(stderr().is_terminal()).with_filter_reloading();
            let handle = lines.reload_handle();
            lines.init();
            Level(Box::new(move |filter| drop(handle.reload(filter))))
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false).with_filter_reloading();
            let handle = lines.reload_handle();
            lines.init();
            Level(Box::new(move |filter| drop(handle.reload(filter))))
        }
    }
}

fn filter(log: &Log) -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives(log)))
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
