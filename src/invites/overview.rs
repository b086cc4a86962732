//! What owners see: their rooms, their invites, and the people who joined.

use std::collections::{HashMap, HashSet};

use app::{
    Block, Came as Arrivals, Guest, Invite, InviteCard, InviteDetail, InviteState, MissedRoom, Person, Room,
    RoomChoice, RoomProblem, Works,
};
use futures_util::{StreamExt, stream};

use super::{
    owner::Owner,
    parse::{sought, user_id},
    shown,
};
use crate::{
    account::Account,
    error::Result,
    homeserver::JoinedRoom,
    store::{self, Came, Millis, Use, Whom},
};

/// How many of the people who joined are on a page.
const GUESTS: u32 = 50;

/// What stands before the id of a person in an address at which they can be written to with any app (Matrix specification, Appendices,
/// "matrix.to navigation").
const MATRIX_TO: &str = "https://matrix.to/#/";

/// How many profiles are requested at once.
const PROFILES_AT_ONCE: usize = 4;

/// A member's rooms by id; `None` if the homeserver did not answer.
pub(super) struct MyRooms(pub(super) Option<HashMap<String, JoinedRoom>>);

impl MyRooms {
    pub(super) fn room(&self, id: &str) -> Room {
        match self.0.as_ref().map(|rooms| rooms.get(id)) {
            Some(Some(room)) => shown::room(room),
            // What is known only by an alias was never left, and is called by that.
            _ if id.starts_with('#') => Room { id: id.to_owned(), name: Some(id.to_owned()), ..Room::default() },
            gone => Room { id: id.to_owned(), left: gone.is_some(), ..Room::default() },
        }
    }

    /// The rooms through which the owner should not expect people any more, with the reasons.
    fn problems(&self, rooms: &[String]) -> Vec<(Room, RoomProblem)> {
        let Some(mine) = &self.0 else { return Vec::new() };
        let problem = |id: &str| match mine.get(id) {
            None if id.starts_with('#') => Some(RoomProblem::Unknown),
            None => Some(RoomProblem::NotIn),
            Some(room) if !room.may_invite => Some(RoomProblem::MayNotInvite),
            Some(room) if room.replaced => Some(RoomProblem::Replaced),
            Some(_) => None,
        };
        rooms.iter().filter_map(|id| Some((self.room(id), problem(id)?))).collect()
    }

    pub(super) fn card(&self, invite: Invite, state: InviteState, blocks: &[store::Block]) -> InviteCard {
        let rooms = invite.terms.rooms.iter().map(|room| self.room(room)).collect();
        let works = match &self.0 {
            None => Works::Unknown,
            Some(mine) => {
                let blocked = |room: &String| blocks.iter().any(|block| block.room == *room);
                let open = |room: &&String| mine.get(*room).is_some_and(|room| room.may_invite) && !blocked(room);
                let open = invite.terms.rooms.iter().filter(open).count();
                match invite.terms.rooms.len() - open {
                    0 => Works::Fully,
                    _ if open == 0 && !invite.terms.chat => Works::Not,
                    shut => Works::Partly(u32::try_from(shut).unwrap_or(u32::MAX)),
                }
            }
        };
        InviteCard { invite, rooms, works, state }
    }
}

impl Owner {
    /// The rooms that an invite of this member may lead into, and those to which they cannot invite people, with the
    /// reason. Spaces come first; direct chats are left out.
    pub async fn room_choices(&self, account: &Account) -> Result<Vec<RoomChoice>> {
        let rooms = self.rooms.joined_rooms(account, false).await?;
        let mine: HashSet<_> = rooms.iter().filter(|room| !room.direct).map(|room| &room.id).collect();
        let mut choices: Vec<RoomChoice> = rooms
            .iter()
            .filter(|room| !room.direct)
            .map(|room| RoomChoice {
                room: shown::room(room),
                members: room.members,
                encrypted: room.encrypted,
                public: room.public,
                refusal: match (room.replaced, room.may_invite) {
                    (true, _) => Some(RoomProblem::Replaced),
                    (_, false) => Some(RoomProblem::MayNotInvite),
                    _ => None,
                },
                children: room.children.iter().filter(|room| mine.contains(room)).map(ToString::to_string).collect(),
            })
            .collect();
        choices.sort_by_key(|choice| (!choice.room.space, choice.refusal.is_some()));
        Ok(choices)
    }

    /// One of the member's own invites with everything they may know of it; `link` is the address to share, if one is
    /// configured. Of the people who joined, those are listed who follow `before`, where the previous page ended; with `missing`, only those who
    /// did not join everything.
    pub async fn detail(
        &self,
        account: &Account,
        code: &str,
        link: Option<String>,
        missing: bool,
        before: &str,
    ) -> Result<InviteDetail> {
        let whom = if missing { Whom::Incomplete } else { Whom::Everybody };
        let stored = self.own(account, code).await?;
        let mine = self.my_rooms(account).await;
        let now = (self.clock)();
        let state = stored.state(now);
        let paused_because = match state {
            InviteState::AllPaused => self.invites.all_paused().await?.and_then(|paused| paused.reason),
            InviteState::PausedByAdmin => stored.held_reason.clone(),
            _ => None,
        };
        let registration = self.tokens.registration_now(&stored, now).await;
        let blocks = self.stored_rooms.blocks(code).await?;
        let blocks: Vec<store::Block> =
            blocks.into_iter().filter(|block| stored.invite.terms.rooms.contains(&block.room)).collect();
        let mut problems = mine.problems(&stored.invite.terms.rooms);
        problems.retain(|(room, _)| blocks.iter().all(|block| block.room != room.id));
        let card = mine.card(stored.invite, state, &blocks);
        let mut blocked = Vec::new();
        for store::Block { room, actor, reason, at } in blocks {
            let by = self.accounts.person(&user_id(&actor)?).await;
            blocked.push((mine.room(&room), Block { by, at, reason }));
        }
        let came = self.arrivals(&mine, code, whom, before, GUESTS).await?;
        let people = match &self.catalog.rules.element_web_url {
            Some(element) => format!("{}/#/user/", element.as_str().trim_end_matches('/')),
            None => MATRIX_TO.to_owned(),
        };
        Ok(InviteDetail { card, link, registration, paused_because, blocks: blocked, problems, came, people, now })
    }

    /// The people who redeemed one of the member's own invites, at most `most` of them, with the outcome for each room. The rooms have `names` only
    /// if they are asked for: that costs the homeserver something.
    pub async fn came(&self, account: &Account, code: &str, before: &str, most: u32, names: bool) -> Result<Arrivals> {
        self.own(account, code).await?;
        let rooms = if names { self.my_rooms(account).await } else { MyRooms(None) };
        self.arrivals(&rooms, code, Whom::Everybody, before, most.clamp(1, GUESTS)).await
    }

    /// Whether codes can open accounts here.
    pub fn codes_open_accounts(&self) -> bool {
        self.catalog.rules.registration
    }

    pub(super) async fn my_rooms(&self, account: &Account) -> MyRooms {
        match self.rooms.joined_rooms(account, false).await {
            Ok(rooms) => MyRooms(Some(rooms.iter().map(|room| (room.id.to_string(), room.clone())).collect())),
            Err(error) => {
                tracing::warn!(%error, "invites are shown without the names of their rooms");
                MyRooms(None)
            }
        }
    }

    async fn arrivals(&self, mine: &MyRooms, code: &str, whom: Whom, before: &str, most: u32) -> Result<Arrivals> {
        let before = sought(before);
        let before = before.split_once('~').and_then(|(at, who)| Some((at.parse::<Millis>().ok()?, who)));
        let mut uses = self.redemptions.uses(code, whom, before, i64::from(most) + 1).await?;
        let shown = usize::try_from(most).unwrap_or(usize::MAX);
        let more = uses.len() > shown;
        uses.truncate(shown);
        let next = uses.last().filter(|_| more).map(|last| format!("{}~{}", last.started_at, last.redeemer));
        let totals = self.redemptions.totals(code).await?;
        let by_day = self.redemptions.came_by_day(code).await?;
        let guests = stream::iter(uses).map(|used| self.guest(mine, used)).buffered(PROFILES_AT_ONCE).collect().await;
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Arrivals {
            guests,
            next,
            begun: count(totals.begun),
            came: count(totals.came),
            complete: count(totals.completed),
            by_day: by_day.into_iter().map(|(day, came)| (day, count(came))).collect(),
        })
    }

    async fn guest(&self, mine: &MyRooms, used: Use) -> Guest {
        let person = match user_id(&used.redeemer) {
            Ok(redeemer) => self.accounts.person(&redeemer).await,
            Err(_) => Person { user_id: used.redeemer, display_name: None, avatar_url: None },
        };
        let (mut joined, mut missed, mut chat) = (Vec::new(), Vec::new(), false);
        for outcome in used.redemption.outcomes {
            let room = outcome.room.as_deref().map(|room| mine.room(room));
            match (outcome.came, room) {
                (Came::In, Some(room)) => joined.push(room),
                (Came::In, None) => chat = true,
                (Came::Missed { reason, errcode, .. }, room) => {
                    let id = room.as_ref().map(|room| room.id.clone());
                    missed.push((room, MissedRoom { room: id, reason, code: errcode }));
                }
            }
        }
        Guest {
            person,
            since: used.started_at,
            came_at: used.came_at,
            completed_at: used.completed_at,
            complete: used.redemption.complete,
            joined,
            chat,
            missed,
        }
    }
}
