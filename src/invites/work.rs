//! Limits for the work that people cause on the homeserver. The homeserver's own rate limits are lifted for this
//! service, so these take their place.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::Error as Refusal;
use matrix_sdk::ruma::{OwnedUserId, UserId};

use super::attempts::{Buckets, Rate, too_fast};
use crate::{config::WorkLimits, store::Millis};

/// The period of the limits.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// Kinds of work on the homeserver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Work {
    /// Inviting somebody to a room and joining it for them.
    EnterRoom,
    /// Making a direct chat.
    MakeChat,
    /// Making an invite, or changing one.
    SaveInvite,
    /// Choosing the code of a new invite: a code that was used once is gone forever.
    ChooseCode,
    /// Asking what somebody may do in a room.
    LookUpRoom,
    /// Redeeming without achieving anything new.
    RedeemInVain,
    /// Making a share link.
    ShareLink,
}

/// The recent work, by each person and in all.
pub(super) struct Done {
    limits: WorkLimits,
    buckets: Mutex<Buckets<Who>>,
}

/// What work is counted for: a person or, with `None`, all together.
type Who = (Work, Option<OwnedUserId>);

impl Done {
    pub(super) fn new(limits: WorkLimits) -> Self {
        Self { limits, buckets: Mutex::new(Buckets::new()) }
    }

    /// The limits for a kind of work: for one person, and in all.
    fn rates(&self, work: Work) -> [Option<Rate>; 2] {
        let limits = &self.limits;
        let most = match work {
            Work::EnterRoom => [limits.rooms_entered, limits.rooms_entered_in_all],
            Work::MakeChat => [limits.chats_made, limits.chats_made_in_all],
            Work::SaveInvite => [limits.invites_saved, limits.invites_saved_in_all],
            Work::ChooseCode => [limits.codes_chosen, limits.codes_chosen_in_all],
            Work::LookUpRoom => [limits.room_lookups, limits.room_lookups_in_all],
            Work::RedeemInVain => [limits.redemptions_in_vain, None],
            Work::ShareLink => [limits.links_shared, limits.links_shared_in_all],
        };
        most.map(|most| most.map(|most| Rate::new(most, PERIOD)))
    }

    /// Returns an error if somebody may not do this now, not even once.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if they, or all together, have done too much.
    pub(super) fn check(&self, work: Work, user: &UserId, now: Millis) -> Result<(), Refusal> {
        let mut buckets = self.buckets();
        let now = buckets.steady(now);
        self.check_in(&buckets, work, user, now)
    }

    /// Counts `many` times. Somebody who may do it once may do it this often at once, but then has to wait longer.
    pub(super) fn note(&self, work: Work, user: &UserId, many: usize, now: Millis) {
        let mut buckets = self.buckets();
        let now = buckets.steady(now);
        self.note_in(&mut buckets, work, user, many, now);
    }

    /// Checks, and counts if it is allowed.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn take(&self, work: Work, user: &UserId, many: usize, now: Millis) -> Result<(), Refusal> {
        let mut buckets = self.buckets();
        let now = buckets.steady(now);
        self.check_in(&buckets, work, user, now)?;
        self.note_in(&mut buckets, work, user, many, now);
        Ok(())
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets<Who>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The buckets for some work, of those that have a limit.
    fn limited(&self, work: Work, user: &UserId) -> impl Iterator<Item = (Who, Rate)> {
        let who = [(work, Some(user.to_owned())), (work, None)];
        who.into_iter().zip(self.rates(work)).filter_map(|(who, rate)| Some((who, rate?)))
    }

    fn check_in(&self, buckets: &Buckets<Who>, work: Work, user: &UserId, now: Millis) -> Result<(), Refusal> {
        match self.limited(work, user).filter_map(|(who, rate)| buckets.of(&who).wait(rate, now)).max() {
            Some(wait) => Err(too_fast(wait)),
            None => Ok(()),
        }
    }

    fn note_in(&self, buckets: &mut Buckets<Who>, work: Work, user: &UserId, many: usize, now: Millis) {
        let many = u32::try_from(many).unwrap_or(u32::MAX);
        for (who, rate) in self.limited(work, user).filter(|_| many > 0) {
            buckets.change(who, now, |bucket| bucket.fill(rate, many, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_limit_and_all_together_have_one() {
        let limits = WorkLimits {
            chats_made: Some(2),
            chats_made_in_all: Some(3),
            rooms_entered: None,
            ..WorkLimits::default()
        };
        let done = Done::new(limits);
        let [anna, ben] = ["@anna:x", "@ben:x"].map(|user| UserId::parse(user).expect("a user id"));
        let chat = |user: &UserId, now| done.take(Work::MakeChat, user, 1, now);
        assert_eq!((chat(&anna, 0), chat(&anna, 0)), (Ok(()), Ok(())));
        assert_eq!(chat(&anna, 0), Err(Refusal::TooFast { retry_after: 1800 }));
        assert_eq!(chat(&ben, 0), Ok(()));
        assert_eq!(chat(&ben, 0), Err(Refusal::TooFast { retry_after: 1200 }), "all together");
        assert_eq!(done.check(Work::MakeChat, &ben, 0), chat(&ben, 0));
        assert_eq!(chat(&ben, 1_200_000), Ok(()));
        for _ in 0..1000 {
            assert_eq!(done.take(Work::EnterRoom, &anna, 1, 0), Ok(()), "what has no limit");
        }
    }
}
