//! The redemptions that are running in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::{Error as Refusal, Joined};
use futures_util::future::{BoxFuture, Shared};
use matrix_sdk::ruma::{OwnedUserId, UserId};

pub(super) type Task = Shared<BoxFuture<'static, Result<Joined, Refusal>>>;

/// The redemptions that are running in this process, by code and redeemer.
#[derive(Default, Clone)]
pub(super) struct Running(Arc<Mutex<HashMap<(String, OwnedUserId), Task>>>);

impl Running {
    /// The running redemption for this code and person, or the one that `start` begins now.
    pub(super) fn join(&self, key: (String, OwnedUserId), start: impl FnOnce() -> Task) -> Task {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.entry(key).or_insert_with(start).clone()
    }

    /// Whether this person is redeeming this code in this process now.
    pub(super) fn is_at_work(&self, code: &str, redeemer: &UserId) -> bool {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.contains_key(&(code.to_owned(), redeemer.to_owned()))
    }

    fn end(&self, key: &(String, OwnedUserId)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Removes an entry of [`Running`] when dropped, even if the redemption panics.
pub(super) struct Ending {
    pub(super) running: Running,
    pub(super) key: (String, OwnedUserId),
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.running.end(&self.key);
    }
}
