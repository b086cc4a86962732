//! Limits for people who watch redemptions live.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::Error as Refusal;
use matrix_sdk::ruma::{OwnedUserId, UserId};

use crate::{
    metrics::{Counted, Metrics},
    store::Signal,
};

/// How many redemptions one person may watch at once: a page each, on a few devices.
const EACH: usize = 10;

/// How many may be watched at once in all.
const IN_ALL: usize = 5_000;

/// After how many seconds whoever may not watch now looks again.
const LOOK_AGAIN_AFTER: u32 = 10;

/// How many redemptions each person is watching now. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Watchers {
    each: Arc<Mutex<HashMap<OwnedUserId, usize>>>,
    metrics: Metrics,
}

/// The right to watch a redemption, until this is dropped.
#[derive(Debug)]
pub struct Watcher {
    watchers: Watchers,
    user: OwnedUserId,
    signal: Signal,
    _counted: Counted,
}

impl Watchers {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { each: Arc::default(), metrics }
    }

    /// Lets somebody watch a redemption.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if they, or all together, watch too many already.
    pub(super) fn admit(&self, user: &UserId, watch: impl FnOnce() -> Signal) -> Result<Watcher, Refusal> {
        let mut all = self.all();
        let theirs = all.get(user).copied().unwrap_or_default();
        if theirs >= EACH || all.values().sum::<usize>() >= IN_ALL {
            return Err(Refusal::TooFast { retry_after: LOOK_AGAIN_AFTER });
        }
        all.insert(user.to_owned(), theirs + 1);
        drop(all);
        let counted = self.metrics.watching();
        Ok(Watcher { watchers: self.clone(), user: user.to_owned(), signal: watch(), _counted: counted })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OwnedUserId, usize>> {
        self.each.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Waits until there may be something new.
    pub async fn wait(&mut self) {
        self.signal.wait().await;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut all = self.watchers.all();
        if let Some(theirs) = all.get_mut(&self.user) {
            *theirs -= 1;
            if *theirs == 0 {
                all.remove(&self.user);
            }
        }
    }
}
