//! Invites, and the results of redeeming them.

use serde::{Deserialize, Serialize};

use super::{InviteState, Person, Reason, Terms};

/// An invite, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The code: everybody who knows it can use the invite.
    pub code: String,
    /// Matrix id of the member in whose name people are invited.
    pub owner: String,
    /// What it gives, to whom and how, as decided by its owner.
    pub terms: Terms,
    /// How many people have joined at least one of its rooms.
    pub came: u32,
    /// When the last of them joined, in milliseconds since the epoch.
    pub last_came: Option<i64>,
    /// When it was made, in milliseconds since the epoch.
    pub created_at: i64,
    /// How many uses are taken: by people who joined, and by people who are about to.
    pub uses: u32,
    /// Whether its owner has paused it.
    pub paused: bool,
    /// Whether a server admin has paused it, so that only a server admin can resume it.
    pub held: bool,
}

impl Invite {
    /// Its state at `now`, in milliseconds since the epoch; `all_paused` says whether all invites of the server are
    /// paused. Having ended takes precedence: such an invite does not work again when others are resumed.
    pub fn state(&self, all_paused: bool, now: i64) -> InviteState {
        match self.terms.limits.state(self.uses, now) {
            ended @ (InviteState::Expired | InviteState::UsedUp) => ended,
            _ if all_paused => InviteState::AllPaused,
            _ if self.held => InviteState::PausedByAdmin,
            _ if self.paused => InviteState::Paused,
            state => state,
        }
    }

    /// Whether it has ended at `now`: nobody can join through it again unless its owner changes it.
    pub fn has_ended(&self, now: i64) -> bool {
        matches!(self.terms.limits.state(self.uses, now), InviteState::Expired | InviteState::UsedUp)
    }

    /// Whether its owner or a server admin has paused it.
    pub fn is_stopped(&self) -> bool {
        self.paused || self.held
    }
}

impl AsMut<Self> for Invite {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Whether an invite's code also opens an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Registration {
    /// The homeserver accepts the code as a registration token now.
    Open,
    /// The homeserver has a registration token of this name, but it is used up or expired.
    Closed,
    /// This service is not configured to make registration tokens.
    NotEnabled,
    /// The owner did not ask for one.
    NotRequested,
    /// The homeserver did not make the token; the invite exists all the same.
    Unavailable,
    /// A rule of this server forbids it.
    NotAllowed,
    /// The invite was made while codes did not open accounts here; it will once its owner saves it again.
    SaveFirst,
}

/// What a code offers, before it is redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// How many rooms it leads into; the direct chat counts as one.
    pub rooms: u32,
    /// Whether the person asking is already in everything it leads to.
    pub redeemed: bool,
    /// Whether a direct chat with the inviter comes with it.
    pub chat: bool,
    /// The person who invites.
    pub inviter: Person,
    /// Their message to the people they invite.
    pub welcome: Option<String>,
    /// The title under which everybody sees it who has the code.
    pub public_title: Option<String>,
    /// When it ends, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
    /// Whether it lets people in; only its owner sees a state other than open.
    pub state: InviteState,
}

/// The result of a redemption.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Joined {
    /// Ids of the rooms that the person has joined through this invite, the direct chat last.
    pub rooms: Vec<String>,
    /// Rooms that could not be joined, with the reasons; redeeming again tries these.
    pub missed: Vec<MissedRoom>,
}

/// A room that could not be joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedRoom {
    /// The room's id; `None` for a direct chat that could not be made.
    pub room: Option<String>,
    /// Why it could not be joined.
    pub reason: Reason,
    /// The Matrix error code (Client-Server API, "Standard error response").
    pub code: String,
}
