//! Rate limits: leaky buckets (generic cell rate algorithm). For each bucket only the time is stored at which it will
//! be empty, so an hour's worth of many people fits into a small table.
//!
//! The table belongs to this process: several instances together allow that many times as much.

use std::{collections::HashMap, hash::Hash, time::Duration};

use app::Error as Refusal;

use crate::store::Millis;

/// After this many new buckets, empty ones are removed.
const NEW_BUCKETS_PER_SWEEP: usize = 1_000;

/// The most buckets that are kept. Beyond that, the emptier half is removed.
const MOST_BUCKETS: usize = 100_000;

/// Microseconds since the epoch: a thousandth of the clock's unit, because some limits allow more than one action per
/// millisecond.
type Micros = i64;

fn micros(millis: Millis) -> Micros {
    millis.saturating_mul(1000)
}

/// A number of actions per period, at once or spread over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// The time that one action takes to drain.
    each: Micros,
    /// The time that a full bucket takes to drain.
    period: Micros,
}

impl Rate {
    /// Zero `times` count as one.
    pub(super) fn new(times: u32, period: Duration) -> Self {
        let period = Micros::try_from(period.as_micros()).unwrap_or(Micros::MAX);
        Self { each: (period / Micros::from(times.max(1))).max(1), period }
    }
}

/// The recent actions of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bucket {
    empty_at: Micros,
    /// How many more actions may yet be added.
    pending: u32,
    /// Until when the last action is remembered, in milliseconds since the epoch.
    blamed_until: Millis,
}

impl Bucket {
    /// Whether no action is remembered; pending ones do not count.
    pub(super) fn is_blameless(self, now: Millis) -> bool {
        self.blamed_until <= now
    }

    /// Sets until when the last action is remembered, in milliseconds since the epoch; returns the previous value.
    pub(super) fn blame(&mut self, until: Millis) -> Millis {
        std::mem::replace(&mut self.blamed_until, until)
    }

    /// Removes one action again.
    pub(super) fn take_out(&mut self, rate: Rate) {
        self.empty_at = self.empty_at.saturating_sub(rate.each);
    }

    /// How long it takes until one more action fits, in milliseconds; `None` if it fits now.
    pub(super) fn wait(self, rate: Rate, now: Millis) -> Option<Millis> {
        let wait = self.empty_at + rate.each - micros(now) - rate.period;
        (wait > 0).then_some((wait + 999) / 1000)
    }

    /// Whether one more action fits even if all pending ones are added.
    pub(super) fn has_room(self, rate: Rate, now: Millis) -> bool {
        let full = self.empty_at.max(micros(now)) + rate.each.saturating_mul(Micros::from(self.pending) + 1);
        full <= micros(now) + rate.period
    }

    /// Adds `many` actions even if they do not fit; then it takes longer until the next one does.
    pub(super) fn fill(&mut self, rate: Rate, many: u32, now: Millis) {
        self.empty_at = self.empty_at.max(micros(now)).saturating_add(rate.each.saturating_mul(many.into()));
    }

    /// Adds a pending action.
    pub(super) fn reserve(&mut self) {
        self.pending += 1;
    }

    /// Turns a pending action into an actual one, as far as it fits, or drops it.
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
        Self { each: HashMap::new(), sweep_at: NEW_BUCKETS_PER_SWEEP, latest: 0, behind: 0 }
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

    /// The bucket for `who`.
    pub(super) fn of(&self, who: &K) -> Bucket {
        self.each.get(who).copied().unwrap_or_default()
    }

    /// Changes the bucket for `who`.
    pub(super) fn change(&mut self, who: K, now: Millis, change: impl FnOnce(&mut Bucket)) {
        if self.each.len() >= self.sweep_at {
            self.each.retain(|_, bucket| !bucket.is_forgettable(now));
            if self.each.len() >= MOST_BUCKETS {
                let mut ends: Vec<Micros> = self.each.values().map(|bucket| bucket.empty_at).collect();
                let middle = ends.len() / 2;
                let (_, median, _) = ends.select_nth_unstable(middle);
                let median = *median;
                self.each.retain(|_, bucket| bucket.pending > 0 || bucket.empty_at > median);
            }
            self.sweep_at = self.each.len() + NEW_BUCKETS_PER_SWEEP;
        }
        change(self.each.entry(who).or_default());
    }
}

/// The error for somebody who has to wait, given in milliseconds.
pub(super) fn too_fast(wait: Millis) -> Refusal {
    Refusal::TooFast { retry_after: seconds(wait) }
}

/// Converts milliseconds to seconds, rounding up.
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
        // What exceeds the limit has to drain as well.
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
        for who in 1..=2 * MOST_BUCKETS {
            buckets.change(who, 0, |bucket| bucket.fill(rate, 1, 0));
        }
        assert!(buckets.each.len() <= MOST_BUCKETS + NEW_BUCKETS_PER_SWEEP, "{}", buckets.each.len());
        assert!(buckets.of(&0).wait(rate, 0).is_some());
        buckets.sweep_at = 0;
        buckets.change(1, 60_000, |_| ());
        assert_eq!(buckets.each.len(), 1, "what is empty is forgotten");
    }
}
