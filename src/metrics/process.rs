//! What Linux says about this process (proc(5)).

use std::time::Duration;

/// How many ticks a second has in `/proc/self/stat`, on every architecture that this service is built for (`USER_HZ`).
const TICKS: u64 = 100;

/// What Linux says about this process; zero where it says nothing.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// The processor's time that it has used.
    pub(super) cpu: Duration,
    /// Its memory, in bytes.
    pub(super) resident: u64,
    /// The memory that it has addressed, in bytes.
    pub(super) virtual_memory: u64,
    /// How many files and connections it has open.
    pub(super) open_files: u64,
    /// How many it may have open.
    pub(super) most_files: u64,
    /// How many threads it has.
    pub(super) threads: u64,
}

impl Process {
    pub(super) fn now() -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
        let (stat, status, limits) = (read("stat"), read("status"), read("limits"));
        let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self {
            cpu: cpu(&stat),
            resident: number_after(&status, "VmRSS:") * 1024,
            virtual_memory: number_after(&status, "VmSize:") * 1024,
            // The folder itself is open while it is read.
            open_files: u64::try_from(open).unwrap_or_default().saturating_sub(1),
            most_files: number_after(&limits, "Max open files"),
            threads: number_after(&status, "Threads:"),
        }
    }
}

/// User and system time: the fields 14 and 15. The second field, in brackets, is a name in which anything may stand.
fn cpu(stat: &str) -> Duration {
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// The first number in the line that begins like this.
fn number_after(text: &str, begin: &str) -> u64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(begin)).unwrap_or_default();
    rest.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 3 0 100 1000 10";
        assert_eq!(cpu(stat), Duration::from_secs(2));
        assert_eq!(cpu(""), Duration::ZERO);
    }

    #[test]
    fn this_process_has_memory_and_open_files() {
        let now = Process::now();
        assert!(now.resident > 0 && now.virtual_memory >= now.resident, "{now:?}");
        assert!(now.open_files > 0 && now.most_files >= now.open_files && now.threads > 0, "{now:?}");
    }
}
