//! Limits for people who watch redemptions live.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::Error as Refusal;
use matrix_sdk::ruma::{OwnedUserId, UserId};

use crate::store::Signal;

/// How many redemptions one person may watch at once: a page each, on a few devices.
const EACH: usize = 10;

/// How many may be watched at once in all.
const IN_ALL: usize = 5_000;

/// After how many seconds whoever may not watch now looks again.
const AGAIN: u32 = 10;

/// How many redemptions each person is watching now. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Watchers(Arc<Mutex<HashMap<OwnedUserId, usize>>>);

/// The right to watch a redemption, until this is dropped.
#[derive(Debug)]
pub struct Watcher {
    watchers: Watchers,
    user: OwnedUserId,
    signal: Signal,
}

impl Watchers {
    /// Lets somebody watch a redemption.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if they, or all together, watch too many already.
    pub(super) fn admit(&self, user: &UserId, watch: impl FnOnce() -> Signal) -> Result<Watcher, Refusal> {
        let mut all = self.all();
        let theirs = all.get(user).copied().unwrap_or_default();
        if theirs >= EACH || all.values().sum::<usize>() >= IN_ALL {
            return Err(Refusal::TooFast { retry_after: AGAIN });
        }
        all.insert(user.to_owned(), theirs + 1);
        drop(all);
        Ok(Watcher { watchers: self.clone(), user: user.to_owned(), signal: watch() })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OwnedUserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
