//! What owners see: their rooms, their invites, and who came.

use std::collections::{HashMap, HashSet};

use app::{Guest, Invite, InviteCard, InviteDetail, InvitePage, InviteQuery, Registration, Room, RoomChoice, Works};
use futures_util::{StreamExt, stream};

use super::{Inner, Invites, user_id};
use crate::{
    account::Account,
    error::Result,
    homeserver::JoinedRoom,
    store::{Came, Selection, StoredInvite, Use},
};

/// How many invites stand on one page.
const ON_A_PAGE: u32 = 20;

/// How many of the people who came are shown.
const GUESTS: i64 = 100;

/// How many people's names are asked for at once.
const AT_ONCE: usize = 4;

/// A member's rooms by id; nothing if the homeserver did not say.
struct MyRooms(Option<HashMap<String, JoinedRoom>>);

impl MyRooms {
    fn room(&self, id: &str) -> Room {
        match self.0.as_ref().map(|rooms| rooms.get(id)) {
            Some(Some(room)) => shown(room),
            gone => Room {
                id: id.to_owned(),
                name: gone.is_some().then(|| "A room that you have left".to_owned()),
                avatar_url: None,
                space: false,
            },
        }
    }

    fn card(&self, invite: Invite) -> InviteCard {
        let rooms = invite.rooms.iter().map(|room| self.room(room)).collect();
        let works = match &self.0 {
            None => Works::Unknown,
            Some(mine) => {
                let open = |room: &&String| mine.get(*room).is_some_and(|room| room.may_invite);
                let open = invite.rooms.iter().filter(open).count();
                match invite.rooms.len() - open {
                    0 => Works::Fully,
                    _ if open == 0 && !invite.chat => Works::Not,
                    shut => Works::Partly(u32::try_from(shut).unwrap_or(u32::MAX)),
                }
            }
        };
        InviteCard { invite, rooms, works }
    }
}

fn shown(room: &JoinedRoom) -> Room {
    Room { id: room.id.to_string(), name: room.name.clone(), avatar_url: room.avatar_url.clone(), space: room.space }
}

impl Invites {
    /// The rooms that an invite of this member may lead into, and those to which they cannot invite people, with the reason. Spaces
    /// come first; direct chats are left out.
    pub async fn room_choices(&self, account: &Account) -> Result<Vec<RoomChoice>> {
        let rooms = self.0.homeserver.joined_rooms(account, false).await?;
        let mine: HashSet<_> = rooms.iter().filter(|room| !room.direct).map(|room| &room.id).collect();
        let mut choices: Vec<RoomChoice> = rooms
            .iter()
            .filter(|room| !room.direct)
            .map(|room| RoomChoice {
                room: shown(room),
                members: room.members,
                encrypted: room.encrypted,
                public: room.public,
                refusal: match (room.replaced, room.may_invite) {
                    (true, _) => Some("It was replaced by another room.".to_owned()),
                    (_, false) => Some("You may not invite people to it.".to_owned()),
                    _ => None,
                },
                children: room.children.iter().filter(|room| mine.contains(room)).map(ToString::to_string).collect(),
            })
            .collect();
        choices.sort_by_key(|choice| (!choice.room.space, choice.refusal.is_some()));
        Ok(choices)
    }

    /// A page of somebody's invites.
    pub async fn page(&self, account: &Account, query: InviteQuery) -> Result<InvitePage> {
        let mine = self.0.my_rooms(account).await;
        let text = query.search.trim().to_lowercase();
        let named = |room: &&JoinedRoom| room.name.as_ref().is_some_and(|name| name.to_lowercase().contains(&text));
        let rooms: Vec<String> = match text.is_empty() {
            true => Vec::new(),
            false => mine.0.iter().flat_map(HashMap::values).filter(named).map(|room| room.id.to_string()).collect(),
        };
        let page = query.page.max(1);
        let select = async |page: u32| {
            let selection = Selection {
                text: &text,
                rooms: &rooms,
                sort: query.sort,
                skip: i64::from(page - 1) * i64::from(ON_A_PAGE),
                take: i64::from(ON_A_PAGE),
            };
            self.0.store.select_invites(account.user_id().as_str(), &selection).await
        };
        let (mut invites, matching, all) = select(page).await?;
        let count = |number: i64| u32::try_from(number).unwrap_or_default();
        let pages = count(matching).div_ceil(ON_A_PAGE).max(1);
        // A page that is not there any more, because something was deleted: the last one.
        let page = if page > pages {
            (invites, ..) = select(pages).await?;
            pages
        } else {
            page
        };
        Ok(InvitePage {
            invites: invites.into_iter().map(|invite| mine.card(invite)).collect(),
            matching: count(matching),
            all: count(all),
            page,
            pages,
            now: (self.0.clock)(),
        })
    }

    /// One of somebody's own invites with everything they may know of it; `link` is the address to share, if it is configured.
    pub async fn detail(&self, account: &Account, code: &str, link: Option<String>) -> Result<InviteDetail> {
        let stored = self.own(account, code).await?;
        let registration = self.0.registration_of(&stored);
        let mine = self.0.my_rooms(account).await;
        let (uses, all) = self.0.store.uses(code, GUESTS).await?;
        let guests = stream::iter(uses).map(|used| self.0.guest(&mine, used)).buffered(AT_ONCE).collect().await;
        Ok(InviteDetail {
            card: mine.card(stored.invite),
            link,
            registration,
            guests,
            guests_in_all: u32::try_from(all).unwrap_or(u32::MAX),
            now: (self.0.clock)(),
        })
    }

    /// Whether codes can open accounts here.
    pub fn opens_accounts(&self) -> bool {
        self.0.rules.registration
    }
}

impl Inner {
    async fn my_rooms(&self, account: &Account) -> MyRooms {
        match self.homeserver.joined_rooms(account, false).await {
            Ok(rooms) => MyRooms(Some(rooms.iter().map(|room| (room.id.to_string(), room.clone())).collect())),
            Err(error) => {
                tracing::warn!(%error, "invites are shown without the names of their rooms");
                MyRooms(None)
            }
        }
    }

    /// What is known, without asking, of whether a code opens an account.
    fn registration_of(&self, stored: &StoredInvite) -> Registration {
        match (stored.registration, self.rules.registration) {
            (false, _) => Registration::NotRequested,
            (true, false) => Registration::NotEnabled,
            (true, true) if stored.registration_token.is_there() => Registration::Open,
            (true, true) => Registration::Unavailable,
        }
    }

    async fn guest(&self, mine: &MyRooms, used: Use) -> Guest {
        let person = match user_id(&used.redeemer) {
            Ok(redeemer) => self.homeserver.person(&redeemer).await,
            Err(_) => app::Person { user_id: used.redeemer, display_name: None, avatar_url: None },
        };
        let (mut joined, mut missed, mut chat) = (Vec::new(), Vec::new(), false);
        for outcome in used.redemption.outcomes {
            let room = outcome.room.as_deref().map(|room| mine.room(room));
            match (outcome.came, room) {
                (Came::In, Some(room)) => joined.push(room),
                (Came::In, None) => chat = true,
                (Came::Missed { reason, .. }, room) => missed.push((room, reason)),
            }
        }
        Guest { person, since: used.started_at, complete: used.redemption.complete, joined, chat, missed }
    }
}
