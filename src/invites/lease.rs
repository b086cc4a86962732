//! Taking turns: who is at work on what, among several instances.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    chance::Chance,
    clock::Clock,
    error::{Error, Result},
    store::{self, Written},
};

/// How a turn is waited for and kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turns {
    /// For how long work that has stopped in the middle keeps others waiting.
    pub(super) lease: Duration,
    /// For how long others are waited for.
    pub(super) queue: Duration,
    /// How often it is looked whether they are done.
    pub(super) look: Duration,
}

/// Lets work take turns. Cheap to clone.
#[derive(Clone)]
pub(super) struct Leases {
    pub(super) store: store::Leases,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

impl Leases {
    /// Does some work while nobody else does work of this name; nothing if others do not come to an end. The lease is renewed for as long as
    /// the work takes.
    ///
    /// # Errors
    /// Those of the work, or that the lease was lost: somebody else may be at work, so this has stopped.
    pub(super) async fn in_turn<T>(
        &self,
        name: &str,
        turns: Turns,
        work: impl Future<Output = Result<T>>,
    ) -> Result<Option<T>> {
        let holder = self.chance.id()?;
        let queue_ends = Instant::now() + turns.queue;
        while self.take(name, &holder, turns.lease).await? == Written::NotAsExpected {
            if Instant::now() > queue_ends {
                return Ok(None);
            }
            sleep(turns.look).await;
        }
        let lost = async {
            loop {
                sleep(turns.lease / 3).await;
                match self.take(name, &holder, turns.lease).await {
                    Ok(Written::Done) => {}
                    Ok(Written::NotAsExpected) => return Error::unreachable(),
                    Err(error) => return error,
                }
            }
        };
        let done = tokio::select! {
            done = work => done.map(Some),
            lost = lost => Err(lost),
        };
        if let Err(error) = self.store.release(name, &holder).await {
            tracing::warn!(%error, "a lease stays until it ends by itself");
        }
        done
    }

    async fn take(&self, name: &str, holder: &str, lease: Duration) -> Result<Written> {
        let now = (self.clock)();
        let until = now + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        Ok(self.store.take(name, holder, now, until).await?)
    }
}
