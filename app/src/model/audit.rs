//! Who did what to which invite.

use serde::{Deserialize, Serialize};

use super::Field;

/// Through which door a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Door {
    /// The JSON API.
    #[default]
    Api,
    /// The pages.
    Web,
}

impl Door {
    /// The word under which it is kept.
    pub fn key(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Web => "web",
        }
    }

    /// The door that was kept under this word.
    pub fn of(key: &str) -> Self {
        if key == Self::Web.key() { Self::Web } else { Self::Api }
    }
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// An invite was made.
    Created,
    /// It was changed.
    Changed,
    /// It was stopped for a while.
    Paused,
    /// It goes on.
    Resumed,
    /// It was deleted.
    Deleted,
    /// Somebody used it.
    Redeemed,
    /// It was kept out of a room.
    Blocked,
    /// It leads into a room again.
    Unblocked,
    /// All invites of the server were stopped.
    PausedAll,
    /// They go on.
    ResumedAll,
}

impl Action {
    const ALL: [Self; 10] = [
        Self::Created,
        Self::Changed,
        Self::Paused,
        Self::Resumed,
        Self::Deleted,
        Self::Redeemed,
        Self::Blocked,
        Self::Unblocked,
        Self::PausedAll,
        Self::ResumedAll,
    ];

    /// The word under which it is kept.
    pub fn key(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Deleted => "deleted",
            Self::Redeemed => "redeemed",
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::PausedAll => "paused_all",
            Self::ResumedAll => "resumed_all",
        }
    }

    /// The action that was kept under this word; one of a later version is read as a change.
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|action| action.key() == key).unwrap_or(Self::Changed)
    }
}

/// What else there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// What the new invite is.
    Made {
        /// Into how many rooms it leads.
        rooms: u32,
        /// Whether a direct chat comes with it.
        chat: bool,
        /// How many people it may let in.
        max_uses: Option<u32>,
        /// Whether it has an end.
        ends: bool,
    },
    /// What has changed.
    Fields(Vec<Field>),
    /// What came of a redemption.
    Came {
        /// How many rooms were joined; a direct chat counts as one.
        joined: u32,
        /// How many were not.
        missed: u32,
    },
    /// The room's id.
    Room(String),
    /// What an earlier version has noted, in its words.
    Noted(String),
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// Matrix id of who did it.
    pub actor: String,
    /// Through which door they came.
    pub door: Door,
    /// What they did.
    pub action: Action,
    /// The number of the invite, if it is about one.
    pub invite: Option<i64>,
    /// Matrix id of the invite's owner.
    pub owner: Option<String>,
    /// The beginning of its code.
    pub code: Option<String>,
    /// What else there is to say.
    pub detail: Option<Detail>,
}

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries, the last first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether so many people are called what was looked for that some are left out.
    pub too_many_people: bool,
    /// When this was true, in milliseconds since the epoch.
    pub now: i64,
}
