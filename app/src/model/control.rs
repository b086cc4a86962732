//! What admins see of other people's invites: those of a room's, and those of the server's.

use serde::{Deserialize, Serialize};

use super::{InviteState, Limits, Person, Room};

/// An invite to somebody who may know of it, but not use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownInvite {
    /// What it is called in place of its code.
    pub number: i64,
    /// Whose it is.
    pub owner: Person,
    /// When it was made, in milliseconds since the epoch.
    pub created_at: i64,
    /// When and how often it may be used.
    pub limits: Limits,
    /// Whether it lets people in.
    pub state: InviteState,
    /// How many people came through it: into the room, where it is about one.
    pub came: u32,
}

/// An invite that leads into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInvite {
    /// The invite.
    pub invite: KnownInvite,
    /// Whether the room's admins keep it out.
    pub block: Option<Block>,
}

/// That an invite is kept out of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Who has done so.
    pub by: Person,
    /// Since when, in milliseconds since the epoch.
    pub at: i64,
    /// Why, if they said so.
    pub reason: Option<String>,
}

/// A room with the invites that lead into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInvites {
    /// The room.
    pub room: Room,
    /// How many people are in it.
    pub members: u32,
    /// Some of its invites, the newest first.
    pub invites: Vec<RoomInvite>,
    /// The number below which the next ones are, if there are more.
    pub next: Option<i64>,
}

/// The rooms that somebody looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAfter {
    /// Those into which invites lead, spaces first.
    pub rooms: Vec<RoomInvites>,
    /// How many others there are; nothing where one room was asked for.
    pub quiet: Option<u32>,
    /// When this was true, in milliseconds since the epoch.
    pub now: i64,
}

/// An invite of the server, to one of its admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInvite {
    /// The invite.
    pub invite: KnownInvite,
    /// The beginning of its code.
    pub code: String,
    /// The ids of its rooms.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// Whether the code also opens accounts.
    pub registration: bool,
}

/// A page of all invites of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInvites {
    /// The invites, the newest first.
    pub invites: Vec<ServerInvite>,
    /// The number below which the next ones are, if there are more.
    pub next: Option<i64>,
    /// Whether so many people are called what was looked for that the invites of some are left out.
    pub too_many_people: bool,
    /// Who has stopped all of them, and when, if somebody has.
    pub all_paused: Option<(Person, i64)>,
    /// What forms on the page bring along, to show that they come from a page which was made for this session; empty elsewhere.
    pub proof: String,
    /// When this was true, in milliseconds since the epoch.
    pub now: i64,
}

/// What a server admin can do to somebody's invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Intervention {
    /// Stop it for a while.
    Pause,
    /// Let it go on.
    Resume,
    /// End it for ever.
    Revoke,
}
