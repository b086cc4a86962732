//! What admins see of other people's invites: room admins of those that lead into their rooms, server admins of all.

use serde::{Deserialize, Serialize};

use super::{InviteState, Limits, Person, Room};

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
    /// Some of the invites, newest first.
    pub invites: Vec<RoomInvite>,
    /// The number below which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// The rooms that somebody administers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAfter {
    /// The rooms into which invites lead, spaces first.
    pub rooms: Vec<RoomInvites>,
    /// How many administered rooms no invite leads into; `None` where a single room was asked for.
    pub quiet: Option<u32>,
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
}

/// One page of all invites of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInvites {
    /// The invites, newest first.
    pub invites: Vec<ServerInvite>,
    /// The number below which the next page begins, if there is one.
    pub next: Option<i64>,
    /// Whether the search matched more people than are looked up, so that some people's invites may be missing.
    pub too_many_people: bool,
    /// The server admin who has paused all invites, and when in milliseconds since the epoch, if they are paused.
    pub all_paused: Option<(Person, i64)>,
    /// A token that forms on the page send back, to prove that they come from a page which was made for this session;
    /// empty elsewhere.
    pub proof: String,
    /// When the page was made, in milliseconds since the epoch.
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
