//! A cache of members' lists of invites.

use std::{future::Future, sync::Arc, time::Duration};

use app::Invite;
use moka::{Entry, future::Cache, ops::compute::Op};

use crate::{
    error::{Error, Result},
    metrics::Metrics,
};

/// A list with its version in the database.
type List = (i64, Arc<Vec<Invite>>);

/// The most memory that all lists together may take, in bytes.
const LISTED_BYTES: u64 = 64 * 1024 * 1024;

/// The approximate size of an invite in memory without its texts, in bytes.
const EACH: usize = 256;

/// How long a list is kept after it was last used.
const LISTED: Duration = Duration::from_secs(300);

/// Lists of invites by owner, each with the version that tells whether it is still current.
pub(super) struct Lists(Cache<String, List>);

impl Lists {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let weight = |_: &String, (_, list): &List| {
            let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            let bytes = |invite: &Invite| {
                let terms = &invite.terms;
                let rooms: usize = terms.rooms.iter().map(|room| room.len() + 24).sum();
                EACH + invite.code.len() + invite.owner.len() + rooms + text(&terms.label) + text(&terms.welcome)
            };
            u32::try_from(list.iter().map(bytes).sum::<usize>()).unwrap_or(u32::MAX)
        };
        let lists = Cache::builder().max_capacity(LISTED_BYTES).weigher(weight).time_to_idle(LISTED).build();
        let counted = lists.clone();
        metrics.watch_cache("invite_lists", move || counted.entry_count());
        Self(lists)
    }

    /// The owner's list in this version. It is built only once, even if several requests ask for it at the same time.
    pub(super) async fn get(
        &self,
        owner: &str,
        version: i64,
        build: impl Future<Output = Result<Vec<Invite>>>,
    ) -> Result<Arc<Vec<Invite>>> {
        if let Some((known, invites)) = self.0.get(owner).await
            && known == version
        {
            return Ok(invites);
        }
        let build = async |known: Option<Entry<String, List>>| match known {
            Some(known) if known.value().0 >= version => Ok(Op::Nop),
            _ => Ok::<_, Error>(Op::Put((version, Arc::new(build.await?)))),
        };
        let made = self.0.entry_by_ref(owner).and_try_compute_with(build).await?;
        Ok(made.into_entry().map(|entry| entry.into_value().1).unwrap_or_default())
    }
}
