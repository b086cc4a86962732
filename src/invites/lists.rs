//! Members' lists of their invites, in memory until they change.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use app::{Invite, InviteState};
use bytes::Bytes;
use moka::{Entry, future::Cache, ops::compute::Op, sync};

use crate::{
    error::{Error, Result},
    metrics::Metrics,
    store::{Freshness, Mark, Millis},
};

/// A list with its version in the database.
type List = (i64, Arc<Vec<Invite>>);

/// The most memory that all lists together may take, in bytes; and that they may take once more as they were answered.
const LISTED_BYTES: u64 = 64 * 1024 * 1024;

/// The approximate size of an invite in memory without its texts, in bytes.
const EACH: usize = 256;

/// How long something is kept after it was last used.
pub(super) const KEPT: Duration = Duration::from_secs(300);

/// A member's invites.
#[derive(Debug)]
pub struct Listed {
    /// The invites, oldest first.
    pub invites: Arc<Vec<Invite>>,
    all_paused: bool,
    pub(super) now: Millis,
    /// From when and until when every invite is in the state in which it is now.
    same: (Millis, Millis),
    written: OnceLock<Bytes>,
}

impl Listed {
    pub(super) fn new(invites: Arc<Vec<Invite>>, all_paused: bool, now: Millis) -> Self {
        let limits = invites.iter().map(|invite| invite.terms.limits);
        let turns = limits.flat_map(|limits| [limits.not_before, limits.expires_at]).flatten();
        let same = turns.fold((Millis::MIN, Millis::MAX), |(since, until), turn| match turn <= now {
            true => (since.max(turn), until),
            false => (since, until.min(turn)),
        });
        Self { invites, all_paused, now, same, written: OnceLock::new() }
    }

    /// The state of one of the invites.
    pub fn state(&self, invite: &Invite) -> InviteState {
        invite.state(self.all_paused, self.now)
    }

    /// The list in the format of the interface that has it, which it writes only once.
    pub fn written(&self, write: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.written.get_or_init(|| write(self)).clone()
    }

    fn is_same_at(&self, now: Millis) -> bool {
        let (since, until) = self.same;
        since <= now && now < until
    }
}

/// Lists of invites by owner: those that were answered, for as long as nothing changes, and what they were made of, each with the version that
/// tells whether it is still current.
pub(super) struct Lists {
    freshness: Freshness,
    answered: sync::Cache<String, (Mark, Arc<Listed>)>,
    read: Cache<String, List>,
}

impl Lists {
    pub(super) fn new(freshness: Freshness, metrics: &Metrics) -> Self {
        let answered = sync::Cache::builder()
            .max_capacity(LISTED_BYTES)
            // What is written of an invite takes about as many bytes as the invite itself.
            .weigher(|_: &String, (_, listed): &(Mark, Arc<Listed>)| weight(&listed.invites))
            .time_to_idle(KEPT)
            .build();
        let lists = Cache::builder()
            .max_capacity(LISTED_BYTES)
            .weigher(|_: &String, (_, list): &List| weight(list))
            .time_to_idle(KEPT)
            .build();
        let (counted, answers) = (lists.clone(), answered.clone());
        metrics.watch_cache("invite_lists", move || counted.entry_count());
        metrics.watch_cache("invite_list_answers", move || answers.entry_count());
        Self { freshness, answered, read: lists }
    }

    /// The owner's list as it is at `now`. Unless it is in memory, `read` says what it consists of and whether all invites are paused.
    pub(super) async fn at(
        &self,
        owner: &str,
        now: Millis,
        read: impl Future<Output = Result<(Arc<Vec<Invite>>, bool)>>,
    ) -> Result<Arc<Listed>> {
        if let Some((mark, listed)) = self.answered.get(owner)
            && self.freshness.holds(&mark)
            && listed.is_same_at(now)
        {
            return Ok(listed);
        }
        // Taken before anything is read: what changes meanwhile is read again the next time.
        let mark = self.freshness.mark(owner);
        let (invites, all_paused) = read.await?;
        let listed = Arc::new(Listed::new(invites, all_paused, now));
        if let Some(mark) = mark {
            self.answered.insert(owner.to_owned(), (mark, Arc::clone(&listed)));
        }
        Ok(listed)
    }

    /// What the owner's list consists of in this version. It is built only once, even if several requests ask for it at the same time.
    pub(super) async fn get(
        &self,
        owner: &str,
        version: i64,
        build: impl Future<Output = Result<Vec<Invite>>>,
    ) -> Result<Arc<Vec<Invite>>> {
        if let Some((known, invites)) = self.read.get(owner).await
            && known == version
        {
            return Ok(invites);
        }
        let build = async |known: Option<Entry<String, List>>| match known {
            Some(known) if known.value().0 >= version => Ok(Op::Nop),
            _ => Ok::<_, Error>(Op::Put((version, Arc::new(build.await?)))),
        };
        let made = self.read.entry_by_ref(owner).and_try_compute_with(build).await?;
        Ok(made.into_entry().map(|entry| entry.into_value().1).unwrap_or_default())
    }
}

fn weight(invites: &[Invite]) -> u32 {
    u32::try_from(invites.iter().map(size_of).sum::<usize>()).unwrap_or(u32::MAX)
}

/// The approximate size of an invite in memory, in bytes.
pub(super) fn size_of(invite: &Invite) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let terms = &invite.terms;
    let rooms: usize = terms.rooms.iter().map(|room| room.len() + 24).sum();
    let texts = [&terms.label, &terms.welcome, &terms.public_title, &terms.picture].map(text);
    EACH + invite.code.len() + invite.owner.len() + rooms + texts.iter().sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use app::{Action, Door, Limits, Terms};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::{
        config::SqlUrl,
        store::{Entry, Store},
    };

    const ANNA: &str = "@anna:x";

    /// Lists of an owner with one invite that lets people in from 100 to 200.
    struct Test {
        store: Store,
        keeps_up: JoinHandle<()>,
        lists: Lists,
        reads: AtomicU32,
    }

    impl Test {
        async fn new() -> Self {
            let store = Store::open(&SqlUrl::SqliteMemory).await.unwrap();
            let freshness = store.freshness.clone();
            let keeps_up = tokio::spawn(async move { freshness.keep_up().await.unwrap() });
            while store.freshness.mark(ANNA).is_none() {
                tokio::task::yield_now().await;
            }
            Self {
                keeps_up,
                lists: Lists::new(store.freshness.clone(), &Metrics::new()),
                store,
                reads: AtomicU32::new(0),
            }
        }

        async fn at(&self, now: Millis) -> Arc<Listed> {
            let limits = Limits { not_before: Some(100), expires_at: Some(200), max_uses: None };
            let invite = Invite {
                code: "code".to_owned(),
                owner: ANNA.to_owned(),
                terms: Terms { limits, ..Terms::default() },
                came: 0,
                last_came: None,
                created_at: 0,
                uses: 0,
                paused: false,
                held: false,
            };
            let read = async {
                self.reads.fetch_add(1, Ordering::Relaxed);
                Ok((Arc::new(vec![invite]), false))
            };
            self.lists.at(ANNA, now, read).await.unwrap()
        }

        fn reads(&self) -> u32 {
            self.reads.load(Ordering::Relaxed)
        }
    }

    fn write(listed: &Listed, text: &'static str) -> Bytes {
        listed.written(|_| Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn a_list_in_memory_is_right_to_the_millisecond() {
        let test = Test::new().await;
        for (now, state, reads) in [
            (0, InviteState::NotYet, 1),
            (99, InviteState::NotYet, 1),
            (100, InviteState::Open, 2),
            (199, InviteState::Open, 2),
            (200, InviteState::Expired, 3),
            (1000, InviteState::Expired, 3),
            // The clock was set back.
            (150, InviteState::Open, 4),
        ] {
            let listed = test.at(now).await;
            assert_eq!((listed.state(&listed.invites[0]), test.reads()), (state, reads), "at {now}");
        }
    }

    #[tokio::test]
    async fn a_list_is_read_and_written_again_when_something_has_changed() {
        let test = Test::new().await;
        assert_eq!(write(test.at(0).await.as_ref(), "first"), "first");
        assert_eq!(write(test.at(0).await.as_ref(), "second"), "first");
        let entry = Entry {
            at: 0,
            id: "id".to_owned(),
            actor: ANNA.to_owned(),
            door: Door::Api,
            action: Action::Created,
            code: None,
            detail: None,
        };
        test.store.invites.pause_all(true, &entry).await.unwrap();
        assert_eq!(write(test.at(0).await.as_ref(), "third"), "third");
        assert_eq!(test.reads(), 2);
    }

    #[tokio::test]
    async fn nothing_is_answered_from_memory_while_changes_are_not_heard() {
        let test = Test::new().await;
        test.at(0).await;
        test.keeps_up.abort();
        while !test.keeps_up.is_finished() {
            tokio::task::yield_now().await;
        }
        for reads in 2..4 {
            test.at(0).await;
            assert_eq!(test.reads(), reads);
        }
    }
}
