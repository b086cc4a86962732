//! How often something may be done: buckets that drain evenly (generic cell rate algorithm). Of each there is only the time at which it will
//! be empty, so an hour of many people fits into a small table.
//!
//! The table is this process's own: several instances allow so many times as much.

use std::{collections::HashMap, hash::Hash, time::Duration};

use app::Error as Refusal;

use crate::store::Millis;

/// After how many more buckets those that are empty are looked for and forgotten.
const SWEEP: usize = 1_000;

/// So many buckets are the most that are kept; past that, those that are less than half full are forgotten.
const MOST: usize = 100_000;

/// Microseconds since the epoch: a thousandth of the clock's unit, because some things may be done more than once in a millisecond.
type Micros = i64;

fn micros(millis: Millis) -> Micros {
    millis.saturating_mul(1000)
}

/// So many times in a period, all at once or spread over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// What one of them takes to drain.
    each: Micros,
    /// What a full bucket takes to drain.
    period: Micros,
}

impl Rate {
    /// Zero times is taken for once.
    pub(super) fn new(times: u32, period: Duration) -> Self {
        let period = Micros::try_from(period.as_micros()).unwrap_or(Micros::MAX);
        Self { each: (period / Micros::from(times.max(1))).max(1), period }
    }
}

/// What somebody has done lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bucket {
    empty_at: Micros,
    /// How many more are about to be put in, or not.
    pending: u32,
    /// Until when it is remembered that something was put in, in milliseconds.
    blamed_until: Millis,
}

impl Bucket {
    /// Whether nothing was put in for a while, whatever may be put in yet.
    pub(super) fn is_blameless(self, now: Millis) -> bool {
        self.blamed_until <= now
    }

    /// Remembers that something was put in, or that it was not after all; and until when it was remembered before.
    pub(super) fn blame(&mut self, until: Millis) -> Millis {
        std::mem::replace(&mut self.blamed_until, until)
    }

    /// Takes one out again.
    pub(super) fn take_out(&mut self, rate: Rate) {
        self.empty_at = self.empty_at.saturating_sub(rate.each);
    }

    /// For how long there is no room for one more, in milliseconds.
    pub(super) fn wait(self, rate: Rate, now: Millis) -> Option<Millis> {
        let wait = self.empty_at + rate.each - micros(now) - rate.period;
        (wait > 0).then_some((wait + 999) / 1000)
    }

    /// Whether there is room for one more even if all that is pending is put in.
    pub(super) fn has_room(self, rate: Rate, now: Millis) -> bool {
        let full = self.empty_at.max(micros(now)) + rate.each.saturating_mul(Micros::from(self.pending) + 1);
        full <= micros(now) + rate.period
    }

    /// Puts in `many`, also where they do not fit: whoever was let do so much at once waits the longer for the next.
    pub(super) fn fill(&mut self, rate: Rate, many: u32, now: Millis) {
        self.empty_at = self.empty_at.max(micros(now)).saturating_add(rate.each.saturating_mul(many.into()));
    }

    /// Notes that one more may be put in.
    pub(super) fn reserve(&mut self) {
        self.pending += 1;
    }

    /// Notes that one for which there was room is put in, if it still fits, or is not.
    pub(super) fn settle(&mut self, rate: Rate, put_in: bool, now: Millis) {
        self.pending = self.pending.saturating_sub(1);
        if put_in {
            self.fill(rate, 1, now);
            self.empty_at = self.empty_at.min(micros(now) + rate.period);
        }
    }

    fn is_forgettable(self, now: Millis) -> bool {
        self.empty_at <= micros(now) && self.is_blameless(now) && self.pending == 0
    }
}

/// By how much a clock is behind that was set back; less is by how much those differ who look at once, in milliseconds.
const SET_BACK: Millis = 60_000;

/// The buckets of many.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    each: HashMap<K, Bucket>,
    /// At how many they are swept next.
    sweep_at: usize,
    /// The latest time that there was.
    latest: Millis,
    /// By how much the clock was set back since, in milliseconds.
    behind: Millis,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(super) fn new() -> Self {
        Self { each: HashMap::new(), sweep_at: SWEEP, latest: 0, behind: 0 }
    }

    /// The time as it would be if the clock were never set back. The buckets drain by it: after a step back they would be full for as long as that
    /// was.
    pub(super) fn steady(&mut self, now: Millis) -> Millis {
        let steady = now.saturating_add(self.behind);
        if steady < self.latest - SET_BACK {
            self.behind += self.latest - steady;
            return self.latest;
        }
        self.latest = self.latest.max(steady);
        steady
    }

    /// What somebody has done lately.
    pub(super) fn of(&self, who: &K) -> Bucket {
        self.each.get(who).copied().unwrap_or_default()
    }

    /// Changes what somebody has done lately.
    pub(super) fn change(&mut self, who: K, now: Millis, change: impl FnOnce(&mut Bucket)) {
        if self.each.len() >= self.sweep_at {
            self.each.retain(|_, bucket| !bucket.is_forgettable(now));
            if self.each.len() >= MOST {
                let mut ends: Vec<Micros> = self.each.values().map(|bucket| bucket.empty_at).collect();
                let middle = ends.len() / 2;
                let (_, median, _) = ends.select_nth_unstable(middle);
                let median = *median;
                self.each.retain(|_, bucket| bucket.pending > 0 || bucket.empty_at > median);
            }
            self.sweep_at = self.each.len() + SWEEP;
        }
        change(self.each.entry(who).or_default());
    }
}

/// What to tell whoever has to wait so many milliseconds.
pub(super) fn too_fast(wait: Millis) -> Refusal {
    Refusal::TooFast { retry_after: seconds(wait) }
}

/// Whole seconds, rounded up.
pub(super) fn seconds(millis: Millis) -> u32 {
    u32::try_from((millis + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_bucket_takes_so_many_at_once_and_then_as_fast_as_it_drains() {
        let rate = Rate::new(3, MINUTE);
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.wait(rate, 0), None);
            bucket.fill(rate, 1, 0);
        }
        assert_eq!(bucket.wait(rate, 0).map(seconds), Some(20));
        assert_eq!(bucket.wait(rate, 20_000), None);
        // More than fits is paid for later.
        bucket.fill(rate, 6, 60_000);
        assert_eq!(bucket.wait(rate, 60_000).map(seconds), Some(80));
    }

    #[test]
    fn what_is_pending_takes_room_until_it_is_settled() {
        let rate = Rate::new(2, MINUTE);
        let mut bucket = Bucket::default();
        bucket.reserve();
        bucket.reserve();
        assert!(!bucket.has_room(rate, 0));
        assert_eq!(bucket.wait(rate, 0), None, "nothing has been done yet");
        bucket.settle(rate, false, 0);
        assert!(bucket.has_room(rate, 0));
        bucket.settle(rate, true, 0);
        bucket.fill(rate, 1, 0);
        assert!(!bucket.has_room(rate, 0));
        bucket.take_out(rate);
        assert!(bucket.has_room(rate, 0));
    }

    #[test]
    fn time_goes_on_where_the_clock_is_set_back() {
        let mut buckets = Buckets::<()>::new();
        let hour = 3_600_000;
        assert_eq!(buckets.steady(2 * hour), 2 * hour);
        assert_eq!(buckets.steady(2 * hour - 5), 2 * hour - 5, "two have looked at once");
        assert_eq!(buckets.steady(hour), 2 * hour);
        assert_eq!(buckets.steady(hour + 1), 2 * hour + 1);
        assert_eq!(buckets.steady(3 * hour), 4 * hour, "it is set right");
    }

    #[test]
    fn a_great_number_of_buckets_is_bounded_and_the_fullest_stay() {
        let rate = Rate::new(10, MINUTE);
        let mut buckets = Buckets::new();
        buckets.change(0, 0, |bucket| bucket.fill(rate, 10, 0));
        for who in 1..=2 * MOST {
            buckets.change(who, 0, |bucket| bucket.fill(rate, 1, 0));
        }
        assert!(buckets.each.len() <= MOST + SWEEP, "{}", buckets.each.len());
        assert!(buckets.of(&0).wait(rate, 0).is_some());
        buckets.sweep_at = 0;
        buckets.change(1, 60_000, |_| ());
        assert_eq!(buckets.each.len(), 1, "what is empty is forgotten");
    }
}
