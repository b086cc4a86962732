//! What owners see of their rooms and invites.

use serde::{Deserialize, Serialize};

use super::{Block, Invite, InviteState, MissedRoom, Person, Registration, RoomProblem};
use crate::wording;

/// A room, as shown to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Room {
    /// Its Matrix room id.
    pub id: String,
    /// Its name, if it has one that they may know.
    pub name: Option<String>,
    /// The address of its picture, if it has one.
    pub avatar_url: Option<String>,
    /// Whether it is a space.
    pub space: bool,
    /// Whether the person viewing it has left it.
    pub left: bool,
    /// How many people are in it, for people who look at an invite.
    pub members: Option<u32>,
}

/// A member's room as a choice for an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChoice {
    /// The room itself.
    pub room: Room,
    /// How many people are in it.
    pub members: u32,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether anybody may join it without an invitation.
    pub public: bool,
    /// Why the member may not invite people to it, if so.
    pub refusal: Option<RoomProblem>,
    /// For a space: the ids of its rooms, of those that the member is in.
    pub children: Vec<String>,
}

/// Whether an invite still works as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Works {
    /// Everything it leads to can be joined.
    Fully,
    /// This many of its rooms cannot be joined any more.
    Partly(u32),
    /// Nothing can be joined any more.
    Not,
    /// The homeserver did not say.
    Unknown,
}

/// An invite as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteCard {
    /// The invite itself.
    pub invite: Invite,
    /// Its rooms, in the owner's order.
    pub rooms: Vec<Room>,
    /// Whether it still works as it says.
    pub works: Works,
    /// Whether it lets people in.
    pub state: InviteState,
}

impl InviteCard {
    /// What its owner knows it by: the name that they gave it, or else the rooms that it leads into.
    pub fn title(&self) -> String {
        wording::invite_title(self.invite.terms.name(), &self.invite.code, &self.rooms)
    }
}

/// The order in which invites are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sort {
    /// Newest first.
    #[default]
    #[serde(rename = "newest")]
    Newest,
    /// Those that end next first, those without an end last.
    #[serde(rename = "ends")]
    EndsNext,
    /// Most people first.
    #[serde(rename = "people")]
    MostPeople,
    /// Most recently joined first.
    #[serde(rename = "recent")]
    LastCame,
    /// By title.
    #[serde(rename = "name")]
    Name,
}

impl Sort {
    /// All orders.
    pub const ALL: [Self; 5] = [Self::Newest, Self::EndsNext, Self::MostPeople, Self::LastCame, Self::Name];

    /// The name of the order in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::EndsNext => "ends",
            Self::MostPeople => "people",
            Self::LastCame => "recent",
            Self::Name => "name",
        }
    }

    /// The order with this name; the default for any other text.
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.key() == key).unwrap_or_default()
    }
}

/// Which of their invites a member looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Tab {
    /// Those that let people in, will, or will again once they are resumed.
    #[default]
    #[serde(rename = "active")]
    Active,
    /// Those that are expired or full: they stay as they are unless their owner changes them.
    #[serde(rename = "ended")]
    Ended,
}

impl Tab {
    /// The name of the tab in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }

    /// The tab with this name; the default for any other text.
    pub fn of(key: &str) -> Self {
        if key == Self::Ended.key() { Self::Ended } else { Self::Active }
    }
}

/// A query for a member's own invites.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteQuery {
    /// Text to look for in the label, the code and the names of rooms; all invites if empty.
    pub search: String,
    /// Which invites.
    pub tab: Tab,
    /// The order.
    pub sort: Sort,
    /// The code of the last invite on the previous page; empty for the first page.
    pub after: String,
}

/// One page of a member's own invites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitePage {
    /// The invites on this page, in the requested order.
    pub invites: Vec<InviteCard>,
    /// How many invites on the tab *Active* match the search.
    pub active: u32,
    /// How many invites on the tab *Ended* match the search.
    pub ended: u32,
    /// How many invites the member has.
    pub all: u32,
    /// How many matching invites of the tab precede this page.
    pub before: u32,
    /// [`InviteQuery::after`] of the previous page, if there is one.
    pub previous: Option<String>,
    /// [`InviteQuery::after`] of the next page, if there is one.
    pub next: Option<String>,
    /// What precedes the paths of landing pages in links to share, if that is configured; otherwise the pages use the address
    /// under which they are viewed.
    pub public: Option<String>,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}

/// What became of invites that were chosen together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// What was done.
    pub deed: Deed,
    /// To how many of them.
    pub invites: u32,
    /// For how many it could not be done.
    pub failed: u32,
}

/// What an owner can do to several invites at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Pause them.
    Paused,
    /// Resume them.
    Resumed,
    /// Delete them.
    Deleted,
}

/// One invite with everything its owner may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteDetail {
    /// The invite as it is shown in a list.
    pub card: InviteCard,
    /// The address to share, if one is configured; otherwise the pages use the one under which they are viewed.
    pub link: Option<String>,
    /// Whether the code also opens an account.
    pub registration: Registration,
    /// Why a server admin has paused it, or all invites, if one has and said so.
    pub paused_because: Option<String>,
    /// The rooms in which it is blocked by their admins.
    pub blocks: Vec<(Room, Block)>,
    /// The rooms that people cannot join with it any more for another reason, or had better not.
    pub problems: Vec<(Room, RoomProblem)>,
    /// The people who joined, and when.
    pub came: Came,
    /// What stands before the id of a person in the address at which they can be written to ([`person_address`](super::person_address)).
    pub people: String,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}

/// The people who redeemed an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// Some of them, newest first.
    pub guests: Vec<Guest>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// How many have begun to redeem it.
    pub begun: u32,
    /// How many joined at least one room or the chat.
    pub came: u32,
    /// How many joined everything.
    pub complete: u32,
    /// How many joined on which day, in days since the epoch (UTC); days on which nobody joined are left out.
    pub by_day: Vec<(i64, u32)>,
}

/// Somebody who has redeemed an invite, or tried to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The person.
    pub person: Person,
    /// When they began, in milliseconds since the epoch.
    pub since: i64,
    /// When they first joined a room or the chat, in milliseconds since the epoch.
    pub came_at: Option<i64>,
    /// When they had joined everything, in milliseconds since the epoch.
    pub completed_at: Option<i64>,
    /// Whether they have joined everything.
    pub complete: bool,
    /// The rooms that they have joined through it.
    pub joined: Vec<Room>,
    /// Whether they have joined the direct chat.
    pub chat: bool,
    /// The rooms that they could not join, with the reasons; without a room for the direct chat.
    pub missed: Vec<(Option<Room>, MissedRoom)>,
}
