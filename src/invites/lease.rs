//! Mutual exclusion among several instances, by leases in the database.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    chance::Chance,
    clock::Clock,
    error::{Error, Result},
    store::{self, Written},
};

/// The timing of a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turns {
    /// How long others are blocked by work that has died.
    pub(super) lease: Duration,
    /// How long to wait for others.
    pub(super) queue: Duration,
    /// The interval at which to check whether others are done.
    pub(super) look: Duration,
}

/// Takes and renews leases. Cheap to clone.
#[derive(Clone)]
pub(super) struct Leases {
    pub(super) store: store::Leases,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

impl Leases {
    /// Does some work while nobody else does work under this name; `None` if others did not finish in time. The lease
    /// is renewed for as long as the work takes. `on` says to other instances what the work is about, which may be nothing.
    ///
    /// # Errors
    /// Those of the work, or that the lease was lost: others may have begun, so the work was cancelled.
    pub(super) async fn in_turn<T>(
        &self,
        name: &str,
        on: &str,
        turns: Turns,
        work: impl Future<Output = Result<T>>,
    ) -> Result<Option<T>> {
        let holder = format!("{} {on}", self.chance.id()?);
        let queue_ends = Instant::now() + turns.queue;
        let mut asked = Instant::now();
        while self.take(name, &holder, turns.lease).await? == Written::NotAsExpected {
            if Instant::now() > queue_ends {
                return Ok(None);
            }
            sleep(turns.look).await;
            asked = Instant::now();
        }
        let lost = async {
            let mut runs_out = asked + turns.lease;
            let mut failure = None;
            loop {
                let rest = runs_out.saturating_duration_since(Instant::now());
                sleep(rest.min(turns.lease / 3)).await;
                let asked = Instant::now();
                // Until the lease expires nobody else can have taken it; after that nobody knows, so stop, whatever the
                // database is doing.
                match timeout_at(runs_out, self.take(name, &holder, turns.lease)).await {
                    Ok(Ok(Written::Done)) => runs_out = asked + turns.lease,
                    Ok(Ok(Written::NotAsExpected)) => return Error::unreachable(),
                    Ok(Err(error)) if Instant::now() < runs_out => {
                        tracing::warn!(%error, "a lease could not be renewed, and is tried again");
                        failure = Some(error);
                    }
                    Ok(Err(error)) => return error,
                    Err(_) => return failure.unwrap_or_else(Error::unreachable),
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

    /// Whether somebody is at work on this under this name, in whichever instance. Of an instance that has died it is said until its lease has
    /// ended.
    pub(super) async fn is_at_work(&self, name: &str, on: &str) -> Result<bool> {
        let holder = self.store.holder(name, (self.clock)()).await?;
        Ok(holder.as_deref().and_then(|holder| holder.split_once(' ')).is_some_and(|(_, work)| work == on))
    }

    async fn take(&self, name: &str, holder: &str, lease: Duration) -> Result<Written> {
        let now = (self.clock)();
        let until = now + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        Ok(self.store.take(name, holder, now, until).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{config::SqlUrl, store::Store};

    /// Does work that takes this long under a lease of this length, while the database goes away.
    async fn without_database(lease: Duration, takes: Duration) -> Result<Option<()>> {
        let store = Store::open(&SqlUrl::SqliteMemory).await.expect("a database");
        let leases = Leases { store: store.leases.clone(), clock: Arc::new(|| 0), chance: Chance::system() };
        let turns = Turns { lease, queue: Duration::ZERO, look: Duration::ZERO };
        let work = async {
            store.close().await;
            sleep(takes).await;
            Ok(())
        };
        leases.in_turn("this", "", turns, work).await
    }

    #[tokio::test]
    async fn others_know_on_what_somebody_is_at_work() {
        let store = Store::open(&SqlUrl::SqliteMemory).await.expect("a database");
        let leases = Leases { store: store.leases.clone(), clock: Arc::new(|| 0), chance: Chance::system() };
        let turns = Turns { lease: Duration::from_secs(60), queue: Duration::ZERO, look: Duration::ZERO };
        let at_work = async |on: &str| leases.is_at_work("anna", on).await.expect("a database");
        let work = async { Ok((at_work("a code").await, at_work("a").await, at_work("code").await)) };
        assert_eq!(
            leases.in_turn("anna", "a code", turns, work).await.expect("a database"),
            Some((true, false, false))
        );
        assert!(!at_work("a code").await);
    }

    #[tokio::test]
    async fn a_lease_that_cannot_be_renewed_holds_until_it_has_run_out() {
        let (short, long) = (Duration::from_millis(90), Duration::from_secs(60));
        assert!(without_database(long, Duration::ZERO).await.is_ok_and(|done| done.is_some()));
        assert!(
            without_database(short * 10, short * 6).await.is_ok_and(|done| done.is_some()),
            "it is renewed in vain"
        );
        assert!(without_database(short, long).await.is_err(), "somebody else may be at work");
    }
}
