//! What owners see of their rooms and invites.

use serde::{Deserialize, Serialize};

use super::{Block, Invite, InviteState, MissedRoom, Person, Registration, RoomProblem};

/// A room, as shown to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Room id.
    pub id: String,
    /// What it is called there, if they may know.
    pub name: Option<String>,
    /// Where its picture is, if it has one.
    pub avatar_url: Option<String>,
    /// Whether it is a space.
    pub space: bool,
    /// Whether the person who looks has left it.
    pub left: bool,
}

/// A room of a member's, as one that an invite may or may not lead into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChoice {
    /// The room.
    pub room: Room,
    /// How many people are in it.
    pub members: u32,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether anybody may join it without an invitation.
    pub public: bool,
    /// Why they may not invite people to it, if they may not.
    pub refusal: Option<RoomProblem>,
    /// For a space: the ids of its rooms, as far as the member is in them.
    pub children: Vec<String>,
}

/// Whether an invite still does what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Works {
    /// Everything it leads to can be entered.
    Fully,
    /// So many of its rooms cannot be entered any more.
    Partly(u32),
    /// Nothing can be entered any more.
    Not,
    /// The homeserver does not say.
    Unknown,
}

/// An invite with what its owner wants to know at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteCard {
    /// The invite.
    pub invite: Invite,
    /// Its rooms, in the owner's order.
    pub rooms: Vec<Room>,
    /// Whether it still does what it says.
    pub works: Works,
    /// Whether it lets people in.
    pub state: InviteState,
}

impl InviteCard {
    /// What to call it: the owner's label, or the code.
    pub fn title(&self) -> &str {
        self.invite.terms.label.as_deref().unwrap_or(&self.invite.code)
    }
}

/// In which order invites are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sort {
    /// The newest first.
    #[default]
    #[serde(rename = "newest")]
    Newest,
    /// Those with the most people first.
    #[serde(rename = "people")]
    MostPeople,
    /// Those through which somebody came last first.
    #[serde(rename = "recent")]
    LastCame,
    /// By label or code.
    #[serde(rename = "name")]
    Name,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Newest, Self::MostPeople, Self::LastCame, Self::Name];

    /// What it is called in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::MostPeople => "people",
            Self::LastCame => "recent",
            Self::Name => "name",
        }
    }

    /// The order of that key; the usual one for any other text.
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.key() == key).unwrap_or_default()
    }
}

/// Which of somebody's invites are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InviteQuery {
    /// What must be part of the label, of the code or of a room's name; nothing for all.
    pub search: String,
    /// In which order.
    pub sort: Sort,
    /// Which page, from 1.
    pub page: u32,
}

/// A page of somebody's invites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitePage {
    /// The invites on this page.
    pub invites: Vec<InviteCard>,
    /// How many match.
    pub matching: u32,
    /// How many there are at all.
    pub all: u32,
    /// Which page this is, from 1.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// When this was true, in milliseconds since the epoch.
    pub now: i64,
}

/// One invite with everything its owner may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteDetail {
    /// At a glance.
    pub card: InviteCard,
    /// The address to share, where it is configured; else it is the one under which the pages are looked at.
    pub link: Option<String>,
    /// Whether the code also opens an account.
    pub registration: Registration,
    /// The rooms whose admins keep it out.
    pub blocks: Vec<(Room, Block)>,
    /// Who came, and when.
    pub came: Came,
    /// When this was true, in milliseconds since the epoch.
    pub now: i64,
}

/// Who came with an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// Some of them, the last first.
    pub guests: Vec<Guest>,
    /// Where the next ones begin, if there are more.
    pub next: Option<String>,
    /// How many have begun to redeem it.
    pub begun: u32,
    /// How many came in to anything.
    pub came: u32,
    /// How many are in everything.
    pub complete: u32,
    /// How many came on which day, counted from the epoch (UTC); days on which nobody came are left out.
    pub by_day: Vec<(i64, u32)>,
}

/// Somebody who has redeemed an invite, or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Who.
    pub person: Person,
    /// When they began, in milliseconds since the epoch.
    pub since: i64,
    /// When they came in to anything, in milliseconds since the epoch.
    pub came_at: Option<i64>,
    /// When they were in everything, in milliseconds since the epoch.
    pub completed_at: Option<i64>,
    /// Whether they are in everything.
    pub complete: bool,
    /// The rooms they are in through it.
    pub joined: Vec<Room>,
    /// Whether they have the direct chat.
    pub chat: bool,
    /// The rooms that are missing, with the reason; no room stands for the direct chat.
    pub missed: Vec<(Option<Room>, MissedRoom)>,
}
