//! Invites, and what comes of them.

use serde::{Deserialize, Serialize};

use super::{InviteState, Person, Reason, Terms};

/// A code and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The secret text.
    pub code: String,
    /// Matrix id of the member in whose name people are invited.
    pub owner: String,
    /// What it gives, to whom and how.
    pub terms: Terms,
    /// How many people came.
    pub came: u32,
    /// When the last of them came, in milliseconds since the epoch.
    pub last_came: Option<i64>,
    /// When it was made, in milliseconds since the epoch.
    pub created_at: i64,
    /// How many of its uses are taken: by those who came, and by those who are on their way.
    pub uses: u32,
    /// Whether its owner has stopped it.
    pub paused: bool,
    /// Whether a server admin has, which only they can end.
    pub held: bool,
}

impl Invite {
    /// Whether it lets people in at `now`; `all_paused` says whether every invite of the server is stopped. Of one that has ended that is said
    /// first: it does not go on when others do.
    pub fn state(&self, all_paused: bool, now: i64) -> InviteState {
        match self.terms.limits.state(self.uses, now) {
            ended @ (InviteState::Expired | InviteState::UsedUp) => ended,
            _ if all_paused => InviteState::AllPaused,
            _ if self.held => InviteState::PausedByAdmin,
            _ if self.paused => InviteState::Paused,
            state => state,
        }
    }

    /// Whether it has ended: nobody comes in by it again unless its owner changes it.
    pub fn has_ended(&self, now: i64) -> bool {
        matches!(self.terms.limits.state(self.uses, now), InviteState::Expired | InviteState::UsedUp)
    }

    /// Whether its owner or a server admin has stopped it for a while.
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
    /// A rule of this server speaks against it.
    NotAllowed,
    /// The invite was made while codes opened no accounts here; once its owner saves it again, it does.
    SaveFirst,
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
    /// What they say to those who come.
    pub welcome: Option<String>,
    /// When it ends, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
    /// Whether it lets people in; anything but open is told to its owner only.
    pub state: InviteState,
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
    /// Why.
    pub reason: Reason,
    /// The homeserver's error code, as of the Matrix specification, Client-Server API, "Standard error response".
    pub code: String,
}
