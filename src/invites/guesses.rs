//! Against guessing: look-ups of codes that fail are counted, and whoever fails too often has to wait. Whoever only uses codes that
//! work never waits, whatever others do.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use app::Error as Refusal;
use matrix_sdk::ruma::{OwnedUserId, UserId};
use moka::sync::Cache;

use crate::{config::FailedLookups, store::Millis};

/// In how long as many look-ups may fail as the limits say, in milliseconds.
const PERIOD: Millis = 60_000;

/// How many people and addresses are remembered; whoever was not seen for longest is forgotten.
const REMEMBERED: u64 = 100_000;

/// Who fails.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(OwnedUserId),
    Address(IpAddr),
}

/// A bucket that drains evenly (generic cell rate algorithm): of each key there is only the time at which it will be empty.
struct Failures {
    /// How long one failure takes to drain; nothing if there is no limit.
    each: Option<Millis>,
}

impl Failures {
    fn new(most: Option<u32>) -> Self {
        Self { each: most.map(|most| PERIOD / Millis::from(most.max(1))) }
    }

    /// When it will be empty after one more failure.
    fn add(&self, empty_at: Millis, now: Millis) -> Millis {
        empty_at.max(now) + self.each.unwrap_or_default()
    }

    /// For how long there is no room for another failure.
    fn wait(&self, empty_at: Millis, now: Millis) -> Option<Millis> {
        let wait = empty_at + self.each? - now - PERIOD;
        (wait > 0).then_some(wait)
    }
}

/// The look-ups that failed lately.
pub(super) struct Guesses {
    of_user: Failures,
    of_address: Failures,
    of_all: Failures,
    empty_at: Cache<Who, Millis>,
    all_empty_at: Mutex<Millis>,
}

impl Guesses {
    pub(super) fn new(limits: FailedLookups) -> Self {
        Self {
            of_user: Failures::new(limits.per_user),
            of_address: Failures::new(limits.per_address),
            of_all: Failures::new(limits.in_all),
            empty_at: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_millis(PERIOD.unsigned_abs() * 2))
                .build(),
            all_empty_at: Mutex::new(0),
        }
    }

    /// Whether a look-up may be made at all.
    ///
    /// People are judged by what they did themselves: who has not failed lately is let through from an address from which others
    /// guess. Of whoever has not signed in, there is only the address.
    pub(super) fn check(&self, user: Option<&UserId>, address: Option<IpAddr>, now: Millis) -> Result<(), Refusal> {
        let empty_at = |who: &Who| self.empty_at.get(who).filter(|empty_at| *empty_at > now);
        let mine = user.map(|user| empty_at(&Who::User(user.to_owned())));
        let theirs = address.and_then(|address| empty_at(&Who::Address(network(address))));
        let by_user = mine.flatten().and_then(|mine| self.of_user.wait(mine, now));
        let suspicious = mine.is_none_or(|mine| mine.is_some());
        let by_address = theirs.filter(|_| suspicious).and_then(|theirs| self.of_address.wait(theirs, now));
        refuse(by_user.max(by_address))
    }

    /// Counts a look-up that has failed. Where all together fail too often, that is not even said any more.
    pub(super) fn failed(&self, user: Option<&UserId>, address: Option<IpAddr>, now: Millis) -> Result<(), Refusal> {
        let user = user.map(|user| (Who::User(user.to_owned()), &self.of_user));
        let address = address.map(|address| (Who::Address(network(address)), &self.of_address));
        for (who, failures) in user.into_iter().chain(address) {
            self.empty_at
                .entry(who)
                .and_upsert_with(|before| failures.add(before.map(moka::Entry::into_value).unwrap_or_default(), now));
        }
        let mut all = self.all_empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.of_all.wait(*all, now);
        if wait.is_none() {
            *all = self.of_all.add(*all, now);
        }
        refuse(wait)
    }
}

fn refuse(wait: Option<Millis>) -> Result<(), Refusal> {
    match wait {
        Some(wait) => Err(Refusal::TooFast { retry_after: u32::try_from((wait + 999) / 1000).unwrap_or(u32::MAX) }),
        None => Ok(()),
    }
}

/// The address, or the network that is handed to one customer (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> OwnedUserId {
        UserId::parse(format!("@{name}:x")).expect("a user id")
    }

    #[test]
    fn who_guesses_waits_and_who_does_not_never_does() {
        let guesses = Guesses::new(FailedLookups { per_user: Some(3), per_address: Some(6), in_all: Some(9) });
        let (eve, mallory, ben) = (user("eve"), user("mallory"), user("ben"));
        let school = Some(IpAddr::from([192, 0, 2, 1]));
        for guesser in [&eve, &mallory] {
            for _ in 0..3 {
                assert_eq!(guesses.check(Some(guesser), school, 0), Ok(()));
                assert_eq!(guesses.failed(Some(guesser), school, 0), Ok(()));
            }
            assert_eq!(guesses.check(Some(guesser), None, 0), Err(Refusal::TooFast { retry_after: 20 }));
        }
        // The address is worn out for those of whom nothing else is known, and for those who have begun to guess.
        assert_eq!(guesses.check(None, school, 0), Err(Refusal::TooFast { retry_after: 10 }));
        assert_eq!(guesses.check(Some(&ben), school, 0), Ok(()));
        assert_eq!(guesses.failed(Some(&ben), school, 0), Ok(()));
        assert!(guesses.check(Some(&ben), school, 0).is_err());
        // It passes.
        assert_eq!(guesses.check(Some(&eve), None, 20_000), Ok(()));
        assert_eq!(guesses.failed(Some(&eve), None, 20_000), Ok(()));
        assert!(guesses.check(Some(&eve), None, 20_000).is_err());
        assert_eq!(guesses.check(Some(&eve), None, 200_000), Ok(()));
    }

    #[test]
    fn many_who_guess_once_are_told_nothing_in_the_end() {
        let guesses = Guesses::new(FailedLookups { per_user: None, per_address: None, in_all: Some(2) });
        let failed = |name, now| guesses.failed(Some(&user(name)), None, now);
        assert_eq!((failed("a", 0), failed("b", 0)), (Ok(()), Ok(())));
        assert_eq!(failed("c", 0), Err(Refusal::TooFast { retry_after: 30 }));
        assert_eq!(guesses.check(Some(&user("d")), None, 0), Ok(()), "what works is not slowed");
        assert_eq!(failed("c", 30_000), Ok(()));
    }

    #[test]
    fn a_customer_has_a_whole_network() {
        let guesses = Guesses::new(FailedLookups { per_user: None, per_address: Some(1), in_all: None });
        let address = |text: &str| Some(text.parse().expect("an address"));
        assert_eq!(guesses.failed(None, address("2001:db8::1"), 0), Ok(()));
        assert!(guesses.check(None, address("2001:db8::2"), 0).is_err());
        assert_eq!(guesses.check(None, address("2001:db8:0:1::1"), 0), Ok(()));
    }
}
