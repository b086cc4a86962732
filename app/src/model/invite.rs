//! Invites, and what comes of them.

use serde::{Deserialize, Serialize};

use super::Person;

/// What a member asks for when they make or change an invite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Draft {
    /// The code they chose, or the one to change; a new one is generated if there is none.
    pub code: Option<String>,
    /// Room ids or aliases, in the order in which they will be shown.
    pub rooms: Vec<String>,
    /// Whether whoever comes also gets a direct chat with the owner.
    pub chat: bool,
    /// Whether the code also opens an account; `None` leaves it as it is, which is yes for a new invite.
    pub registration: Option<bool>,
    /// What the owner calls it, an empty text for nothing; `None` leaves it as it is.
    pub label: Option<String>,
    /// Whether the names of the rooms are shown before it is redeemed; `None` leaves it as it is, which is no for a new invite.
    pub show_rooms: Option<bool>,
}

/// The most characters of a label.
pub const LONGEST_LABEL: usize = 80;

/// A code and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The secret text.
    pub code: String,
    /// Matrix id of the member in whose name people are invited.
    pub owner: String,
    /// Room ids, in the owner's order.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// How many people came.
    pub came: u32,
    /// When the last of them came, in milliseconds since the epoch.
    pub last_came: Option<i64>,
    /// What the owner calls it.
    pub label: Option<String>,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: bool,
}

/// Whether an invite's code also opens an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Registration {
    /// The homeserver takes it as a registration token now.
    Open,
    /// The homeserver has a registration token of that name, but it is used up or expired.
    Closed,
    /// This service is not configured to make registration tokens.
    NotEnabled,
    /// The owner did not want one.
    NotRequested,
    /// The homeserver did not make one; the invite exists all the same.
    Unavailable,
}

/// What a code promises, before it is redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// How many rooms it leads into; a direct chat counts as one.
    pub rooms: u32,
    /// Whether the person asking has redeemed it completely.
    pub redeemed: bool,
    /// Whether a direct chat with the inviter comes with it.
    pub chat: bool,
    /// Who invites.
    pub inviter: Person,
}

/// What a redemption has come to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Joined {
    /// Ids of the rooms in which the person now is through this invite, a direct chat last.
    pub rooms: Vec<String>,
    /// Rooms that are missing, and why; redeeming again tries these.
    pub missed: Vec<MissedRoom>,
}

/// A room that could not be joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedRoom {
    /// The room's id; `None` for a direct chat that could not be made.
    pub room: Option<String>,
    /// A sentence for the person who redeemed.
    pub reason: String,
    /// The homeserver's error code, as of the Matrix specification, Client-Server API, "Standard error response".
    pub code: String,
}
