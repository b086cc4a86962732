//! Landing pages as they were last shown, for use while the homeserver does not answer.

use std::time::Duration;

use app::{Landing, Person, Relation, Room};
use moka::sync::Cache;

use crate::{
    metrics::Metrics,
    store::{Block, StoredInvite},
};

/// The most memory they may take, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// For how long they may be used: what they show is not the owner's to show for ever.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The approximate size of a page without its rooms and its texts, and of a room: ids and addresses of pictures.
const PAGE: usize = 1_000;
const ROOM: usize = 500;

/// A landing page as it was last shown.
#[derive(Clone)]
struct Page {
    landing: Landing,
    /// The room whose picture is on it, which the page itself does not tell.
    picture_of: Option<String>,
}

impl Page {
    /// Its picture, if it is still the one that is to be shown.
    fn picture(&self, of: Option<&String>) -> Option<Room> {
        self.landing.picture.clone().filter(|_| of.is_some() && self.picture_of.as_ref() == of)
    }
}

/// Landing pages as they were last shown. Cheap to clone.
#[derive(Clone)]
pub(super) struct Kept(Cache<String, Page>);

impl Kept {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let weight = |code: &String, Page { landing, .. }: &Page| {
            let texts = [&landing.welcome, &landing.public_title].into_iter().flatten().map(String::len).sum::<usize>();
            let rooms = landing.shown.len() + usize::from(landing.picture.is_some());
            u32::try_from(PAGE + code.len() + texts + rooms * ROOM).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(MOST_BYTES).time_to_live(KEPT).weigher(weight).build();
        let counted = kept.clone();
        metrics.watch_cache("landing_pages", move || counted.entry_count());
        Self(kept)
    }

    /// Keeps a landing page that was shown, with the room whose picture is on it.
    pub(super) fn keep(&self, code: &str, picture_of: Option<String>, landing: &Landing) {
        let landing = Landing { relation: Relation::Away, ..landing.clone() };
        self.0.insert(code.to_owned(), Page { landing, picture_of });
    }

    /// The landing page without the homeserver's help: the inviter's last known profile, and those known rooms that may
    /// be shown now.
    pub(super) fn landing(&self, stored: &StoredInvite, blocks: &[Block], now: i64) -> Landing {
        let StoredInvite { invite, .. } = stored;
        let blocked = |room: &String| blocks.iter().any(|block| block.room == *room);
        let rooms: Vec<&String> = invite.terms.rooms.iter().filter(|room| !blocked(room)).collect();
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let kept = self.0.get(&invite.code);
        let may_show = |room: &Room| invite.terms.show_rooms && rooms.iter().any(|id| **id == room.id);
        let spaces = kept.as_ref().map_or(0, |kept| kept.landing.spaces).min(number(rooms.len()));
        let chosen = invite.terms.picture.as_ref().filter(|chosen| rooms.contains(chosen));
        let picture = kept.as_ref().and_then(|kept| kept.picture(chosen));
        let inviter = match &kept {
            Some(kept) => kept.landing.inviter.clone(),
            None => Person { user_id: invite.owner.clone(), display_name: None, avatar_url: None },
        };
        let mut shown = kept.map(|kept| kept.landing.shown).unwrap_or_default();
        shown.retain(may_show);
        Landing {
            inviter,
            welcome: invite.terms.welcome.clone(),
            public_title: invite.terms.public_title.clone(),
            picture,
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

#[cfg(test)]
mod tests {
    use app::InviteState;

    use super::*;

    #[test]
    fn a_picture_that_is_no_longer_chosen_is_not_shown() {
        let person = Person { user_id: "@anna:x".to_owned(), display_name: None, avatar_url: None };
        let avatar_url = Some("mxc://x/picture".to_owned());
        let picture = Room { avatar_url, space: true, ..Room::default() };
        let landing = Landing {
            inviter: person,
            welcome: None,
            public_title: None,
            picture: Some(picture),
            rooms: 1,
            spaces: 1,
            chat: false,
            shown: Vec::new(),
            expires_at: None,
            state: InviteState::Open,
            relation: Relation::Away,
            apps: Vec::new(),
            now: 0,
        };
        let [garden, kitchen] = ["!garden:x", "!kitchen:x"].map(str::to_owned);
        let page = Page { landing, picture_of: Some(garden.clone()) };
        assert!(page.picture(Some(&garden)).is_some());
        assert_eq!((page.picture(Some(&kitchen)), page.picture(None)), (None, None));
    }
}
