//! Protection against guessing: failed look-ups of codes are counted, and people or addresses with too many have to
//! wait. People who only use codes that work never wait, whatever others do.
//!
//! Only codes that people have chosen can be guessed. A generated code carries 128 bits, so look-ups of texts in that
//! format are always allowed.

use std::{
    future::Future,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::{Code, Door, Error as Refusal};
use matrix_sdk::ruma::{OwnedUserId, UserId};
use tokio::sync::Notify;

use super::attempts::{Bucket, Buckets, Rate, seconds};
use crate::{
    account::{Account, Origin},
    clock::Clock,
    config::FailedLookups,
    error::{Error, Result},
    metrics::Metrics,
    store::Millis,
};

/// The period of the limits.
const PERIOD: Duration = Duration::from_secs(60);

/// How long somebody who has failed also has to wait for the limits that others use up, in milliseconds.
const BLAMED: Millis = 15 * 60_000;

/// How long a look-up waits for others that are under way, in seconds.
const QUEUE: u32 = 5;

/// What failures are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(OwnedUserId),
    Address(IpAddr),
    All,
}

/// The recent failed look-ups. Cheap to clone.
#[derive(Clone)]
pub(super) struct Guesses(Arc<Inner>);

struct Inner {
    limits: FailedLookups,
    failures: Mutex<Buckets<Who>>,
    /// Notified whenever a look-up has ended.
    settled: Notify,
    clock: Clock,
    metrics: Metrics,
}

/// A look-up under way. It counts as a failure until its result is known. If it is dropped, the sender has learnt
/// nothing, and it does not count.
#[must_use]
pub(super) struct Guess {
    guesses: Guesses,
    who: Vec<Who>,
}

impl Guesses {
    pub(super) fn new(limits: FailedLookups, clock: Clock, metrics: Metrics) -> Self {
        Self(Arc::new(Inner { limits, failures: Mutex::new(Buckets::new()), settled: Notify::new(), clock, metrics }))
    }

    /// Looks a code up for somebody, unless they have tried too many that do not exist or are not for them.
    pub(super) async fn guard<T>(
        &self,
        account: &Account,
        code: &str,
        look: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.guard_for(Some(account.user_id()), account.origin(), code, look).await
    }

    /// Looks a code up for somebody who may not be signed in.
    pub(super) async fn guard_for<T>(
        &self,
        user: Option<&UserId>,
        origin: &Origin,
        code: &str,
        look: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let guess = self.begin_for(code, user, origin).await?;
        let found = look.await;
        if let (Some(guess), Err(Error::Refused(refusal))) = (guess, &found)
            && matches!(
                refusal,
                Refusal::UnknownInvite
                    | Refusal::Ended
                    | Refusal::NotYours
                    | Refusal::OwnerGone
                    | Refusal::CodeSpent { .. }
            )
        {
            drop(guess.failed());
        }
        found
    }

    /// Begins to look up a code for a request, as [`Self::begin`] does.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(super) async fn begin_for(
        &self,
        code: &str,
        user: Option<&UserId>,
        origin: &Origin,
    ) -> Result<Option<Guess>, Refusal> {
        let begun = self.begin(code, user, origin.address).await;
        begun.inspect_err(|_| self.0.metrics.guess_refused(origin.door.key()))
    }

    /// Begins to look up a code; `None` if it is one that cannot be guessed. If so many look-ups are under way that the
    /// limit would be reached if all of them failed, this waits for some to end.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] or, for visitors who are not signed in, [`Refusal::TooManyGuesses`], whether the code
    /// exists or not.
    async fn begin(
        &self,
        code: &str,
        user: Option<&UserId>,
        address: Option<IpAddr>,
    ) -> Result<Option<Guess>, Refusal> {
        if Code::looks_generated(code) {
            return Ok(None);
        }
        let wait = async {
            loop {
                // Subscribed before checking, so that no notification is missed in between.
                let settled = self.0.settled.notified();
                if let Some(guess) = self.try_begin(user, address)? {
                    return Ok(Some(guess));
                }
                settled.await;
            }
        };
        let begun = tokio::time::timeout(Duration::from_secs(QUEUE.into()), wait).await;
        begun.unwrap_or_else(|_| Err(refusal(user, QUEUE)))
    }

    /// Begins a look-up from an address, independently of the account and of what others do; `None` if the address is
    /// unknown.
    ///
    /// # Errors
    /// [`Refusal::TooManyGuesses`] if too many look-ups from there have failed.
    pub(super) fn begin_from(&self, address: Option<IpAddr>) -> Result<Option<Guess>, Refusal> {
        let Some(who) = address.map(|address| Who::Address(network(address))) else { return Ok(None) };
        let rate = self.rate(&who);
        let refused = |wait| {
            self.0.metrics.guess_refused(Door::Web.key());
            Err(refusal(None, wait))
        };
        let mut failures = self.failures();
        let now = failures.steady((self.0.clock)());
        if let Some(rate) = rate {
            let bucket = failures.of(&who);
            if let Some(wait) = bucket.wait(rate, now) {
                return refused(seconds(wait));
            }
            if !bucket.has_room(rate, now) {
                return refused(QUEUE);
            }
        }
        failures.change(who.clone(), now, Bucket::reserve);
        Ok(Some(Guess { guesses: self.clone(), who: vec![who] }))
    }

    /// Begins a look-up; `None` if others have to end first.
    ///
    /// People are judged by their own behaviour: somebody who has not failed recently may look codes up even if others
    /// guess from the same address, or too many guess everywhere. About visitors who are not signed in, nothing but the
    /// address is known.
    fn try_begin(&self, user: Option<&UserId>, address: Option<IpAddr>) -> Result<Option<Guess>, Refusal> {
        let mut failures = self.failures();
        let now = failures.steady((self.0.clock)());
        let me = user.map(|user| Who::User(user.to_owned()));
        let blameless = me.as_ref().is_some_and(|me| failures.of(me).is_blameless(now));
        let others = [address.map(|address| Who::Address(network(address))), Some(Who::All)];
        let who: Vec<Who> = me.into_iter().chain(others.into_iter().flatten()).collect();
        let judged = who.iter().filter(|who| !blameless || matches!(who, Who::User(_)));
        let judged: Vec<_> = judged.filter_map(|who| Some((failures.of(who), self.rate(who)?))).collect();
        if let Some(wait) = judged.iter().filter_map(|(bucket, rate)| bucket.wait(*rate, now)).max() {
            return Err(refusal(user, seconds(wait)));
        }
        if judged.iter().any(|(bucket, rate)| !bucket.has_room(*rate, now)) {
            return Ok(None);
        }
        for who in &who {
            failures.change(who.clone(), now, Bucket::reserve);
        }
        Ok(Some(Guess { guesses: self.clone(), who }))
    }

    fn rate(&self, who: &Who) -> Option<Rate> {
        let FailedLookups { per_user, per_address, in_all } = self.0.limits;
        let most = match who {
            Who::User(_) => per_user,
            Who::Address(_) => per_address,
            Who::All => in_all,
        };
        most.map(|most| Rate::new(most, PERIOD))
    }

    fn failures(&self) -> MutexGuard<'_, Buckets<Who>> {
        self.0.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a look-up. If it failed, returns until when each of its subjects had failures remembered before.
    fn settle(&self, who: &mut Vec<Who>, failed: bool) -> Vec<(Who, Millis)> {
        let mut failures = self.failures();
        let now = failures.steady((self.0.clock)());
        let mut blamed = Vec::new();
        for who in who.drain(..) {
            let (rate, name) = (self.rate(&who), who.clone());
            failures.change(who, now, |bucket| {
                let had_room = rate.is_none_or(|rate| bucket.wait(rate, now).is_none());
                // Without a limit nothing is added; only the pending action is removed.
                bucket.settle(rate.unwrap_or(Rate::new(1, PERIOD)), failed && rate.is_some(), now);
                if failed {
                    if had_room && rate.is_some_and(|rate| bucket.wait(rate, now).is_some()) {
                        tracing::info!(who = ?name, "too many wrong codes");
                    }
                    blamed.push((name, bucket.blame(now + BLAMED)));
                }
            });
        }
        drop(failures);
        self.0.settled.notify_waiters();
        blamed
    }
}

/// A failed look-up that may yet turn out to have been legitimate.
#[must_use]
pub(super) struct Charged {
    guesses: Guesses,
    before: Vec<(Who, Millis)>,
}

impl Charged {
    /// It was legitimate, so it no longer counts.
    pub(super) fn give_back(self) {
        let mut failures = self.guesses.failures();
        let now = failures.steady((self.guesses.0.clock)());
        for (who, blamed_until) in self.before {
            let rate = self.guesses.rate(&who);
            failures.change(who, now, |bucket| {
                if let Some(rate) = rate {
                    bucket.take_out(rate);
                }
                bucket.blame(blamed_until);
            });
        }
        drop(failures);
        self.guesses.0.settled.notify_waiters();
    }
}

impl Guess {
    /// The code was wrong, or may have been.
    pub(super) fn failed(mut self) -> Charged {
        let before = self.guesses.settle(&mut self.who, true);
        Charged { guesses: self.guesses.clone(), before }
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        if !self.who.is_empty() {
            self.guesses.settle(&mut self.who, false);
        }
    }
}

/// The error for somebody who has to wait this many seconds, or who may sign in instead.
fn refusal(user: Option<&UserId>, retry_after: u32) -> Refusal {
    match user {
        Some(_) => Refusal::TooFast { retry_after },
        None => Refusal::TooManyGuesses { retry_after },
    }
}

/// The address; for IPv6, the network that a provider assigns to one customer (RFC 6177).
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use futures_util::FutureExt;

    use super::*;

    const CHOSEN: &str = "summer";

    struct Test {
        guesses: Guesses,
        now: Arc<AtomicI64>,
    }

    impl Test {
        fn new(per_user: Option<u32>, per_address: Option<u32>, in_all: Option<u32>) -> Self {
            let now = Arc::new(AtomicI64::new(0));
            let clock = Arc::clone(&now);
            let limits = FailedLookups { per_user, per_address, in_all };
            Self { guesses: Guesses::new(limits, Arc::new(move || clock.load(Ordering::Relaxed)), Metrics::new()), now }
        }

        fn begin(&self, user: Option<&str>, address: Option<&str>) -> Result<Guess, Refusal> {
            let user = user.map(|name| UserId::parse(format!("@{name}:x")).expect("a user id"));
            let address = address.map(|address| address.parse().expect("an address"));
            let begun = self.guesses.begin(CHOSEN, user.as_deref(), address).now_or_never();
            begun.expect("nothing is under way").map(|guess| guess.expect("it can be guessed"))
        }

        fn fails(&self, user: Option<&str>, address: Option<&str>) -> Result<(), Refusal> {
            self.begin(user, address).map(|guess| drop(guess.failed()))
        }
    }

    #[tokio::test]
    async fn who_guesses_waits_and_who_does_not_never_does() {
        let test = Test::new(Some(3), Some(6), Some(9));
        let school = Some("192.0.2.1");
        for guesser in ["eve", "mallory"] {
            for _ in 0..3 {
                assert_eq!(test.fails(Some(guesser), school), Ok(()));
            }
            assert_eq!(test.fails(Some(guesser), None), Err(Refusal::TooFast { retry_after: 20 }));
        }
        // The limit of the address now applies to visitors who are not signed in, and to people who have begun to
        // guess.
        assert_eq!(test.fails(None, school), Err(Refusal::TooManyGuesses { retry_after: 10 }));
        assert_eq!(test.fails(Some("ben"), school), Ok(()));
        assert!(test.fails(Some("ben"), school).is_err());
        // It expires.
        test.now.store(20_000, Ordering::Relaxed);
        assert_eq!(test.fails(Some("eve"), None), Ok(()));
        assert!(test.fails(Some("eve"), None).is_err());
        test.now.store(200_000, Ordering::Relaxed);
        assert_eq!(test.fails(Some("eve"), None), Ok(()));
    }

    #[tokio::test]
    async fn in_a_flood_strangers_are_told_nothing_right_or_wrong_and_who_has_signed_in_is_not_slowed() {
        let test = Test::new(None, None, Some(2));
        for guesser in ["a", "b"] {
            assert_eq!(test.fails(Some(guesser), None), Ok(()));
        }
        assert_eq!(test.begin(None, None).err(), Some(Refusal::TooManyGuesses { retry_after: 30 }));
        assert!(test.begin(Some("c"), None).is_ok());
        let generated = "abcdefghjkmnpqrstuvwxyz234";
        let begun = test.guesses.begin(generated, None, None).now_or_never();
        assert!(begun.expect("it does not wait").expect("it is not refused").is_none());
        test.now.store(30_000, Ordering::Relaxed);
        assert!(test.begin(None, None).is_ok());
    }

    #[tokio::test]
    async fn what_is_right_or_given_up_costs_nothing_and_what_is_under_way_is_waited_for() {
        let test = Test::new(Some(2), None, None);
        for _ in 0..10 {
            drop(test.begin(Some("ben"), None).expect("it costs nothing"));
        }
        let (one, other) = (test.begin(Some("eve"), None), test.begin(Some("eve"), None));
        let eve = UserId::parse("@eve:x").expect("a user id");
        let mut third = Box::pin(test.guesses.begin(CHOSEN, Some(&eve), None));
        assert!((&mut third).now_or_never().is_none(), "if both fail, it may not be answered");
        drop(one);
        let third = third.now_or_never().expect("there is room").expect("it is let through");
        drop(other.expect("it was let through").failed());
        let charged = third.expect("it can be guessed").failed();
        assert!(test.begin(Some("eve"), None).is_err());
        charged.give_back();
        assert!(test.begin(Some("eve"), None).is_ok());
    }

    #[tokio::test]
    async fn a_slow_guesser_gets_no_further_in_an_hour_than_the_limit_says() {
        let test = Test::new(Some(10), None, None);
        let mut answered = 0;
        for second in 0..3600 {
            test.now.store(second * 1000, Ordering::Relaxed);
            answered += u32::from(test.fails(Some("eve"), None).is_ok());
        }
        assert!((600..=610).contains(&answered), "{answered}");
    }

    #[tokio::test]
    async fn a_customer_has_a_whole_network() {
        let test = Test::new(None, Some(1), None);
        assert_eq!(test.fails(None, Some("2001:db8::1")), Ok(()));
        assert!(test.fails(None, Some("2001:db8::2")).is_err());
        assert_eq!(test.fails(None, Some("2001:db8:0:1::1")), Ok(()));
    }
}
