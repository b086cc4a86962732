//! Queues for the redemptions of one person, within this process. Other instances are kept apart by a lease.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::Error as Refusal;
use matrix_sdk::ruma::{OwnedUserId, UserId};
use tokio::{sync::OwnedMutexGuard, time::timeout};

use crate::error::{Error, Result};

/// How many redemptions of one person may be running or waiting.
const MOST_QUEUED: usize = 20;

/// After how many seconds to try again when the queue is full.
const QUEUE_RETRY_AFTER: u32 = 10;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// The queue of each person, with the number of redemptions in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<OwnedUserId, (Turn, usize)>>>);

/// A place in the queue, and then the turn itself, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    queues: Queues,
    user: OwnedUserId,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Queues {
    /// Waits until no other redemption of this person is running in this process.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if too many are waiting, or an unreachable homeserver if the others do not end in time.
    pub(super) async fn enter(&self, user: &UserId, patience: Duration) -> Result<Place> {
        let (turn, mut place) = self.stand_in(user)?;
        match timeout(patience, turn.lock_owned()).await {
            Ok(turn) => {
                place.turn = Some(turn);
                Ok(place)
            }
            Err(_) => Err(Error::unreachable()),
        }
    }

    fn stand_in(&self, user: &UserId) -> Result<(Turn, Place), Refusal> {
        let mut all = self.all();
        let (turn, waiting) = all.entry(user.to_owned()).or_default();
        if *waiting >= MOST_QUEUED {
            return Err(Refusal::TooFast { retry_after: QUEUE_RETRY_AFTER });
        }
        *waiting += 1;
        Ok((Arc::clone(turn), Place { queues: self.clone(), user: user.to_owned(), turn: None }))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OwnedUserId, (Turn, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.turn = None;
        let mut all = self.queues.all();
        if let Some((_, waiting)) = all.get_mut(&self.user) {
            *waiting -= 1;
            if *waiting == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn one_after_the_other_and_not_too_many() {
        let queues = Queues::default();
        let [anna, ben] = ["@anna:x", "@ben:x"].map(|user| UserId::parse(user).expect("a user id"));
        let first = queues.enter(&anna, LONG).await.expect("nobody is before them");
        let mut second = Box::pin(queues.enter(&anna, LONG));
        assert!(second.as_mut().now_or_never().is_none(), "the first is at work");
        assert!(queues.enter(&ben, LONG).now_or_never().is_some_and(|entered| entered.is_ok()), "somebody else");
        let mut others: Vec<_> = (2..MOST_QUEUED).map(|_| Box::pin(queues.enter(&anna, LONG))).collect();
        for other in &mut others {
            assert!(other.as_mut().now_or_never().is_none());
        }
        let refused = queues.enter(&anna, LONG).now_or_never();
        assert!(matches!(refused, Some(Err(Error::Refused(Refusal::TooFast { .. })))));
        drop(first);
        let second = second.await.expect("it is their turn");
        drop((second, others));
        assert!(queues.all().is_empty(), "nobody is remembered");
    }
}
