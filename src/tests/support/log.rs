//! The log of all services in this process, in which no secret of any test may stand.

use std::{
    collections::{HashSet, VecDeque},
    io,
    sync::{LazyLock, Mutex, Once, PoisonError},
    thread,
};

/// How many lines are remembered.
const REMEMBERED: usize = 50_000;

/// Shorter texts may be words.
const SHORTEST: usize = 12;

static LOG: LazyLock<Mutex<Log>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Log {
    secrets: HashSet<String>,
    lines: VecDeque<String>,
    leaked: Vec<String>,
}

fn with<T>(work: impl FnOnce(&mut Log) -> T) -> T {
    work(&mut LOG.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Begins to read along: everything that the services say, and what matters of other crates.
pub fn read_along() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let lines = tracing_subscriber::fmt().with_env_filter("info,super_invites=trace").with_ansi(false);
        lines.with_writer(|| Line).init();
    });
}

/// From now on, and before, this may not be in the log.
pub fn keep_secret(secret: &str) {
    if secret.len() >= SHORTEST {
        with(|log| {
            // Taking lines apart is slow, and there are many secrets.
            let says = |line: &&String| line.contains(secret) && words(line).any(|word| word == secret);
            let said = log.lines.iter().rev().take(1_000).find(says).cloned();
            log.leaked.extend(said);
            log.secrets.insert(secret.to_owned());
        });
    }
}

/// The lines in which this stands.
pub fn lines_with(text: &str) -> Vec<String> {
    with(|log| log.lines.iter().filter(|line| line.contains(text)).cloned().collect())
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
}

/// Takes a line; the subscriber writes each one whole.
struct Line;

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes).into_owned();
        with(|log| {
            if words(&line).any(|word| log.secrets.contains(word)) {
                log.leaked.push(line.clone());
            }
            if log.lines.len() >= REMEMBERED {
                log.lines.pop_front();
            }
            log.lines.push_back(line);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fails the test that drops it if any test's secret is in the log.
#[derive(Debug)]
pub struct Reader;

impl Drop for Reader {
    fn drop(&mut self) {
        if !thread::panicking() {
            let leaked = with(|log| log.leaked.clone());
            assert!(leaked.is_empty(), "secrets stand in the log: {leaked:#?}");
        }
    }
}
