//! What was shown of invites lately, for while the homeserver does not answer.

use app::{Landing, Person, Relation};
use moka::sync::Cache;

use crate::store::{Block, StoredInvite};

/// How much memory they may take, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What a page takes, about, without its rooms and its welcome, and what a room takes: ids and addresses of pictures.
const PAGE: usize = 1_000;
const ROOM: usize = 500;

/// The pages of invites as they were shown last. Cheap to clone.
#[derive(Clone)]
pub(super) struct Kept(Cache<String, Landing>);

impl Default for Kept {
    fn default() -> Self {
        let weight = |code: &String, landing: &Landing| {
            let welcome = landing.welcome.as_ref().map_or(0, String::len);
            u32::try_from(PAGE + code.len() + welcome + landing.shown.len() * ROOM).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(MOST_BYTES).weigher(weight).build())
    }
}

impl Kept {
    /// Keeps what was shown of an invite to somebody.
    pub(super) fn keep(&self, code: &str, landing: &Landing) {
        self.0.insert(code.to_owned(), Landing { relation: Relation::Away, ..landing.clone() });
    }

    /// What can be shown of an invite without the homeserver: who invites as they were called last, and as much of the rooms as may be known now.
    pub(super) fn landing(&self, stored: &StoredInvite, blocks: &[Block], now: i64) -> Landing {
        let StoredInvite { invite, .. } = stored;
        let blocked = |room: &String| blocks.iter().any(|block| block.room == *room);
        let rooms: Vec<&String> = invite.terms.rooms.iter().filter(|room| !blocked(room)).collect();
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let kept = self.0.get(&invite.code);
        let may_show = |room: &app::Room| invite.terms.show_rooms && rooms.iter().any(|id| **id == room.id);
        let spaces = kept.as_ref().map_or(0, |kept| kept.spaces).min(number(rooms.len()));
        let inviter = match &kept {
            Some(kept) => kept.inviter.clone(),
            None => Person { user_id: invite.owner.clone(), display_name: None, avatar_url: None },
        };
        let mut shown = kept.map(|kept| kept.shown).unwrap_or_default();
        shown.retain(may_show);
        Landing {
            inviter,
            welcome: invite.terms.welcome.clone(),
            rooms: number(rooms.len()) - spaces,
            spaces,
            chat: invite.terms.chat,
            shown,
            expires_at: invite.terms.limits.expires_at,
            state: stored.state(now),
            relation: Relation::Away,
            apps: Vec::new(),
            now,
        }
    }
}
