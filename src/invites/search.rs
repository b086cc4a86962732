//! Searching all invites, for server admins.

use std::collections::BTreeMap;

use app::{
    AllPaused, Code, InviteState, KnownInvite, Person, ServerInvite, ServerInvites, ServerQuery, ServerSort, code_in,
};
use matrix_sdk::ruma::UserId;

use super::{
    parse::{LONGEST_ID, number, sought, user_id},
    server_admin::ServerAdmin,
    shown,
};
use crate::{
    account::Account,
    error::Result,
    store::{Among, Place, StoredInvite},
};

/// The default number of invites in a response.
const ON_A_PAGE: u32 = 20;

/// The most invites in one response.
const MOST_INVITES: u32 = 100;

/// How many invites are read at once where not all of them are shown.
const BATCH: usize = 500;

/// How many are looked through for one response.
const LOOKED_THROUGH: usize = 5000;

/// For how many people with a matching id invites and entries are looked up; each takes a query.
const PEOPLE: usize = 20;

/// People whose ids match a search.
#[derive(Default)]
pub(super) struct People {
    pub(super) ids: Vec<String>,
    /// Whether there are more of them than are looked up.
    pub(super) too_many: bool,
}

/// What is asked for.
struct Wanted<'a> {
    query: &'a ServerQuery,
    /// The search, or the code in it.
    text: String,
    owner: String,
    room: String,
}

/// Where to look for it: everything that is asked for is there, and perhaps more.
#[derive(Default)]
struct Sources {
    owners: Vec<String>,
    room: Option<String>,
    everywhere: Option<Among<'static>>,
    single: Vec<(Place, StoredInvite)>,
    too_many_people: bool,
}

/// A page.
struct Found {
    invites: Vec<StoredInvite>,
    next: Option<Place>,
    unfinished: bool,
}

impl<'a> Wanted<'a> {
    fn of(query: &'a ServerQuery) -> Self {
        let text = code_in(&sought(&query.search)).into_owned();
        Self { query, text, owner: sought(&query.owner), room: sought(&query.room) }
    }

    /// Whether some of what the sources have may not be asked for.
    fn narrows(&self) -> bool {
        self.query.is_filtered() || self.query.sort == ServerSort::EndsNext && !self.text.is_empty()
    }

    fn fits(&self, stored: &StoredInvite, opens_accounts: bool, now: i64) -> bool {
        let StoredInvite { invite, .. } = stored;
        let rooms = &invite.terms.rooms;
        let is_owner = |part: &str| invite.owner.to_lowercase().contains(&part.to_lowercase());
        let is_text = || {
            let is_one = invite.code == self.text || stored.number.to_string() == self.text;
            is_one || rooms.contains(&self.text) || is_owner(&self.text)
        };
        stored.deleted_at.is_none()
            && (self.text.is_empty() || is_text())
            && is_owner(&self.owner)
            && (self.room.is_empty() || rooms.contains(&self.room))
            && self.query.state.is_none_or(|state| stored.state(now) == state)
            && (opens_accounts || !self.query.accounts)
    }
}

impl Sources {
    fn among(&self) -> Vec<Among<'_>> {
        let owners = self.owners.iter().map(|owner| Among::Of(owner));
        let rooms = self.room.iter().map(|room| Among::Into(room));
        owners.chain(rooms).chain(self.everywhere).collect()
    }
}

impl ServerAdmin {
    /// Some of all invites of the server, at most `most`: those in whose owner's user name a word begins with the search, and the one whose
    /// code or number, or those whose room, it is, unless something else about them is not as asked. The owners have
    /// `names` only if they are asked for: that costs the homeserver something.
    pub async fn find_invites(
        &self,
        account: &Account,
        query: &ServerQuery,
        most: Option<u32>,
        names: bool,
    ) -> Result<ServerInvites> {
        self.check_server_admin(account).await?;
        let wanted = Wanted::of(query);
        let sources = self.sources(&wanted).await?;
        let most = most.unwrap_or(ON_A_PAGE).clamp(1, MOST_INVITES) as usize;
        let Found { invites: found, next, unfinished } = self.collect(&wanted, &sources, most).await?;
        let mut invites = Vec::new();
        for stored in found {
            invites.push(self.server_invite(stored, names).await?);
        }
        let all_paused = match self.invites.all_paused().await? {
            Some(paused) => {
                let by = self.accounts.person(&user_id(&paused.actor)?).await;
                Some(AllPaused { by, at: paused.at, reason: paused.reason })
            }
            None => None,
        };
        Ok(ServerInvites {
            invites,
            next: next.map(|place| cursor(query.sort, place)),
            unfinished,
            too_many_people: sources.too_many_people,
            all: number(self.invites.how_many(ServerInvites::MOST.into()).await?),
            all_paused,
            proof: String::new(),
            now: (self.clock)(),
        })
    }

    async fn sources(&self, wanted: &Wanted<'_>) -> Result<Sources> {
        let Wanted { query, text, owner, room } = wanted;
        if query.sort == ServerSort::EndsNext {
            return Ok(Sources { everywhere: Some(Among::All), ..Sources::default() });
        }
        if !owner.is_empty() {
            let people = match UserId::parse(owner) {
                Ok(_) => People { ids: vec![owner.clone()], too_many: false },
                Err(_) => self.owners_called(owner).await?,
            };
            return Ok(Sources { owners: people.ids, too_many_people: people.too_many, ..Sources::default() });
        }
        if !room.is_empty() {
            return Ok(Sources { room: Some(room.clone()), ..Sources::default() });
        }
        if text.is_empty() {
            return Ok(Sources { everywhere: Some(those_in(query.state)), ..Sources::default() });
        }
        let by_code = self.invites.get(text).await?;
        let by_number = match text.parse() {
            Ok(number) => self.invites.by_number(number).await?,
            Err(_) => None,
        };
        let single = [by_code, by_number].into_iter().flatten();
        let single = single.map(|one| (one.place(query.sort), self.rules.bounded(one))).collect();
        let People { ids: owners, too_many } = self.owners_called(text).await?;
        Ok(Sources { owners, room: Some(text.clone()), everywhere: None, single, too_many_people: too_many })
    }

    /// A page of what is asked for.
    async fn collect(&self, wanted: &Wanted<'_>, sources: &Sources, most: usize) -> Result<Found> {
        let (sort, now) = (wanted.query.sort, (self.clock)());
        let take = if wanted.narrows() { BATCH } else { most + 1 };
        let mut behind = place(sort, &wanted.query.before).unwrap_or_else(|| beginning(sort, now));
        let (mut invites, mut last, mut looked_through) = (Vec::new(), behind, 0);
        loop {
            let (batch, more) = self.batch(sort, sources, behind, take).await?;
            looked_through += batch.len();
            for (place, stored) in batch {
                behind = place;
                if !wanted.fits(&stored, self.opens_accounts(&stored), now) {
                    continue;
                }
                if invites.len() == most {
                    return Ok(Found { invites, next: Some(last), unfinished: false });
                }
                last = place;
                invites.push(stored);
            }
            if !more {
                return Ok(Found { invites, next: None, unfinished: false });
            }
            if looked_through >= LOOKED_THROUGH {
                return Ok(Found { invites, next: Some(behind), unfinished: true });
            }
        }
    }

    /// The next of what all sources have, and whether there may be more.
    async fn batch(
        &self,
        sort: ServerSort,
        sources: &Sources,
        behind: Place,
        take: usize,
    ) -> Result<(Vec<(Place, StoredInvite)>, bool)> {
        let single = sources.single.iter().filter(|(place, _)| *place > behind);
        let mut found: BTreeMap<Place, StoredInvite> = single.cloned().collect();
        let mut more = false;
        for among in sources.among() {
            let part = self.invites.live(among, sort, behind, i64::try_from(take).unwrap_or(i64::MAX)).await?;
            more |= part.len() == take;
            found.extend(part.into_iter().map(|one| (one.place(sort), self.rules.bounded(one))));
        }
        // Behind these, a source may have some that it was not asked for.
        more |= found.len() > take;
        Ok((found.into_iter().take(take).collect(), more))
    }

    /// People who have made invites and in whose user names a word begins with a text.
    pub(super) async fn owners_called(&self, name: &str) -> Result<People> {
        if name.len() > LONGEST_ID {
            return Ok(People::default());
        }
        let mut ids = self.owners.called(name, PEOPLE + 1).await?;
        let too_many = ids.len() > PEOPLE;
        ids.truncate(PEOPLE);
        Ok(People { ids, too_many })
    }

    fn opens_accounts(&self, stored: &StoredInvite) -> bool {
        stored.invite.terms.registration && stored.opens_accounts && self.rules.registration
    }

    async fn server_invite(&self, stored: StoredInvite, names: bool) -> Result<ServerInvite> {
        let registration = self.opens_accounts(&stored);
        let state = stored.state((self.clock)());
        let StoredInvite { invite, number, held_reason, .. } = stored;
        let known = match names {
            true => shown::known(&self.accounts, number, &invite, invite.came, state).await?,
            false => KnownInvite {
                number,
                owner: Person { user_id: invite.owner.clone(), display_name: None, avatar_url: None },
                created_at: invite.created_at,
                limits: invite.terms.limits,
                state,
                came: invite.came,
            },
        };
        Ok(ServerInvite {
            invite: known,
            code: Code::masked(&invite.code),
            rooms: invite.terms.rooms,
            chat: invite.terms.chat,
            registration,
            public_title: invite.terms.public_title,
            reason: held_reason,
        })
    }
}

/// Among which invites all of a state are. Few are in some of them, and an index has those apart.
fn those_in(state: Option<InviteState>) -> Among<'static> {
    match state {
        Some(InviteState::Paused) => Among::Paused,
        Some(InviteState::PausedByAdmin) => Among::Held,
        Some(InviteState::NotYet) => Among::WithStart,
        Some(InviteState::Open | InviteState::AllPaused | InviteState::Expired | InviteState::UsedUp) | None => {
            Among::All
        }
    }
}

/// The place before all invites that are asked for in an order.
fn beginning(sort: ServerSort, now: i64) -> Place {
    match sort {
        ServerSort::Newest => (0, -i64::MAX),
        ServerSort::Oldest => (0, i64::MIN),
        // What has ended is not what ends next.
        ServerSort::EndsNext => (now, i64::MAX),
    }
}

/// A place as it stands in an address: the number of the invite there, behind its end where that is the order.
fn cursor(sort: ServerSort, (at, number): Place) -> String {
    match sort {
        ServerSort::Newest => (-number).to_string(),
        ServerSort::Oldest => number.to_string(),
        ServerSort::EndsNext => format!("{at}~{number}"),
    }
}

fn place(sort: ServerSort, cursor: &str) -> Option<Place> {
    match sort {
        ServerSort::Newest => Some((0, cursor.parse::<i64>().ok()?.checked_neg()?)),
        ServerSort::Oldest => Some((0, cursor.parse().ok()?)),
        ServerSort::EndsNext => {
            let (at, number) = cursor.split_once('~')?;
            Some((at.parse().ok()?, number.parse().ok()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_where_the_one_before_has_ended() {
        for sort in ServerSort::ALL {
            for at in [(0, 7), (0, -7)] {
                let at = if sort == ServerSort::EndsNext { (1_800_000_000_000, 7) } else { at };
                assert_eq!(place(sort, &cursor(sort, at)), Some(at), "{sort:?}");
            }
            for strange in ["", "x", "1~", "~1", "99999999999999999999", "-9223372036854775809"] {
                assert_eq!(place(sort, strange), None, "{sort:?}: {strange}");
            }
        }
        assert_eq!(place(ServerSort::Newest, "-9223372036854775808"), None);
    }
}
