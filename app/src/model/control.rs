//! What admins see of other people's invites: room admins of those that lead into their rooms, server admins of all.

use serde::{Deserialize, Serialize};

use super::{InviteState, Limits, Person, Reason, Room, path::address};

/// An invite as shown to somebody who may know of it, but not use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownInvite {
    /// Its number, which identifies it in place of its code.
    pub number: i64,
    /// Its owner.
    pub owner: Person,
    /// When it was made, in milliseconds since the epoch.
    pub created_at: i64,
    /// When, and how often, it may be used.
    pub limits: Limits,
    /// Whether it lets people in.
    pub state: InviteState,
    /// How many people have joined through it; in [`RoomInvite`], how many have joined that room.
    pub came: u32,
}

/// An invite that leads into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInvite {
    /// The invite as admins see it, without its code.
    pub invite: KnownInvite,
    /// Who has blocked it in the room, if somebody has.
    pub block: Option<Block>,
    /// What only its owner sees of it, on the pages and if it is the admin's own.
    pub own: Option<OwnInvite>,
}

/// An invite of the person who sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnInvite {
    /// Its code.
    pub code: String,
    /// The owner's label for it.
    pub label: Option<String>,
    /// Its rooms, in the owner's order.
    pub rooms: Vec<Room>,
}

/// The record that an invite is blocked in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The room admin who blocked it.
    pub by: Person,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// The reason, if one was given.
    pub reason: Option<String>,
}

/// A room with the invites that lead into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInvites {
    /// The room, as the admin sees it.
    pub room: Room,
    /// How many people are in it.
    pub members: u32,
    /// How many invites lead into it, counted up to [`Self::MOST`].
    pub all: u32,
    /// How many of these are blocked in it.
    pub blocked: u32,
    /// Some of the invites, newest first.
    pub invites: Vec<RoomInvite>,
    /// The number below which the next page begins, if there is one.
    pub next: Option<i64>,
}

impl RoomInvites {
    /// Up to how many invites of a room are counted.
    pub const MOST: u32 = 100;
}

/// A query for the rooms that somebody administers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomsQuery {
    /// A part of a room's name, or its id; all rooms if empty.
    pub search: String,
    /// The id of the room after which the page begins; empty for the first page.
    pub after: String,
    /// The id of the only room that is asked for; empty for all.
    pub room: String,
    /// The number below which that room's invites begin; empty for its newest.
    pub before: String,
}

impl RoomsQuery {
    /// The query in an address, whose parameters `get` looks up by name.
    pub fn of(get: impl Fn(&str) -> String) -> Self {
        Self { search: get("q"), after: get("after"), room: get("room"), before: get("before") }
    }
}

/// The rooms that somebody administers, a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAfter {
    /// The rooms into which invites lead, spaces first.
    pub rooms: Vec<RoomInvites>,
    /// How many rooms there are before this page.
    pub before: u32,
    /// How many match, on all pages.
    pub matching: u32,
    /// The id of the room after which the next page begins, if there is one.
    pub next: Option<String>,
    /// How many rooms match into which no invite leads.
    pub quiet: u32,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}

/// An invite as shown to a server admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInvite {
    /// The invite as admins see it, without its code.
    pub invite: KnownInvite,
    /// The beginning of its code.
    pub code: String,
    /// The ids of its rooms.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// Whether the code also opens accounts.
    pub registration: bool,
    /// The title under which everybody sees it who has the code.
    pub public_title: Option<String>,
    /// Why a server admin has paused it, if one has and said so.
    pub reason: Option<String>,
}

/// The order in which server admins see all invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ServerSort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Those that have an end, from now on, the earliest first.
    EndsNext,
}

impl ServerSort {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Oldest, Self::EndsNext];

    /// The name of the order in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::EndsNext => "ends",
        }
    }

    /// The order with this name; the default for any other text.
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.key() == key).unwrap_or_default()
    }
}

/// A query for all invites of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerQuery {
    /// A part of the owner's id, or the whole code, link, number or room id of an invite; all invites if empty.
    pub search: String,
    /// The owner, by their id or a part of it; everybody if empty.
    pub owner: String,
    /// The id of a room into which they lead; any if empty.
    pub room: String,
    /// Whether they let people in; any state if unset.
    pub state: Option<InviteState>,
    /// Only those whose codes open accounts.
    pub accounts: bool,
    /// The order.
    pub sort: ServerSort,
    /// Where the previous page ended; empty for the first one.
    pub before: String,
}

impl ServerQuery {
    /// The query in an address, whose parameters `get` looks up by name.
    pub fn of(get: impl Fn(&str) -> String) -> Self {
        Self {
            search: get("q"),
            owner: get("owner"),
            room: get("room"),
            state: InviteState::parse(&get("state")),
            accounts: !get("accounts").is_empty(),
            sort: ServerSort::of(&get("sort")),
            before: get("before"),
        }
    }

    /// The query as it stands in an address, from `?` on, without where the previous page ended.
    pub fn address(&self) -> String {
        let sort = if self.sort == ServerSort::default() { "" } else { self.sort.key() };
        address(&[
            ("q", &self.search),
            ("owner", &self.owner),
            ("room", &self.room),
            ("state", self.state.map(InviteState::key).unwrap_or_default()),
            ("accounts", if self.accounts { "1" } else { "" }),
            ("sort", sort),
        ])
    }

    /// Whether anything but the search narrows it down.
    pub fn is_filtered(&self) -> bool {
        !self.owner.is_empty() || !self.room.is_empty() || self.state.is_some() || self.accounts
    }
}

/// That all invites of the server are paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllPaused {
    /// The server admin who has paused them.
    pub by: Person,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// The reason, if one was given.
    pub reason: Option<String>,
}

/// One page of all invites of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInvites {
    /// The invites, in the requested order.
    pub invites: Vec<ServerInvite>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether the page ends early because many invites were looked through that do not match.
    pub unfinished: bool,
    /// Whether the search matched more people than are looked up, so that some people's invites may be missing.
    pub too_many_people: bool,
    /// How many invites there are on the server, counted up to [`Self::MOST`].
    pub all: u32,
    /// Who has paused all invites, if they are paused.
    pub all_paused: Option<AllPaused>,
    /// A token that forms on the page send back, to prove that they come from a page which was made for this session;
    /// empty elsewhere.
    pub proof: String,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}

impl ServerInvites {
    /// Up to how many invites of the server are counted.
    pub const MOST: u32 = 1000;
}

/// What happened on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Day {
    /// How many invites were made.
    pub created: u32,
    /// How many people joined something, by invite and person.
    pub joined: u32,
    /// How many accounts were opened on the pages.
    pub accounts: u32,
    /// How many rooms could not be joined, by why.
    pub missed: Vec<(Reason, u32)>,
}

impl Day {
    /// How many rooms could not be joined, whatever the reason.
    pub fn missed(&self) -> u32 {
        self.missed.iter().fold(0, |sum, (_, number)| sum.saturating_add(*number))
    }

    /// What happened on several days together.
    pub fn sum<'a>(days: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for day in days {
            sum.created = sum.created.saturating_add(day.created);
            sum.joined = sum.joined.saturating_add(day.joined);
            sum.accounts = sum.accounts.saturating_add(day.accounts);
            for (reason, number) in &day.missed {
                match sum.missed.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, all)) => *all = all.saturating_add(*number),
                    None => sum.missed.push((reason.clone(), *number)),
                }
            }
        }
        sum
    }
}

/// What happened on the server lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The days, today first; one for each, whether anything happened or not.
    pub days: Vec<Day>,
    /// When the page was made, in milliseconds since the epoch; its day (UTC) is today.
    pub now: i64,
}

/// What a server admin can do to somebody's invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Intervention {
    /// Pause it.
    Pause,
    /// Resume it.
    Resume,
    /// End it for good.
    Revoke,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_the_same_after_it_was_an_address() {
        let query = ServerQuery {
            search: "a&b=c#?".to_owned(),
            owner: "@anna:x".to_owned(),
            room: "!a:x".to_owned(),
            state: Some(InviteState::PausedByAdmin),
            accounts: true,
            sort: ServerSort::EndsNext,
            before: String::new(),
        };
        let address = url::Url::parse(&format!("http://x/server{}", query.address())).expect("an address");
        let get = |name: &str| {
            let value = address.query_pairs().find(|(found, _)| found == name);
            value.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        assert_eq!(ServerQuery::of(get), query);
        assert_eq!(ServerQuery::default().address(), "?");
        assert_eq!(ServerQuery::of(|_| String::new()), ServerQuery::default());
    }

    #[test]
    fn days_are_added_reason_by_reason() {
        let day = |joined, missed: &[(Reason, u32)]| Day { joined, missed: missed.to_vec(), ..Day::default() };
        let days = [day(1, &[(Reason::Banned, 2)]), day(u32::MAX, &[(Reason::Busy, 1), (Reason::Banned, 3)])];
        let sum = Day::sum(&days);
        assert_eq!((sum.joined, sum.missed()), (u32::MAX, 6));
        assert_eq!(sum.missed, [(Reason::Banned, 5), (Reason::Busy, 1)]);
    }
}
