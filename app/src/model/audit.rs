//! The audit log: who did what to which invite.

use serde::{Deserialize, Serialize};

use super::Field;

/// The interface through which a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Door {
    /// The JSON API.
    #[default]
    Api,
    /// The pages.
    Web,
    /// The command line.
    Command,
}

impl Door {
    /// The word that is stored for it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Web => "web",
            Self::Command => "command",
        }
    }

    /// The interface for a stored word.
    pub fn of(key: &str) -> Self {
        match key {
            "web" => Self::Web,
            "command" => Self::Command,
            _ => Self::Api,
        }
    }
}

/// An action that the audit log records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// An invite was made.
    Created,
    /// An invite was changed.
    Changed,
    /// An invite was paused.
    Paused,
    /// An invite was resumed.
    Resumed,
    /// An invite was deleted.
    Deleted,
    /// Somebody redeemed an invite.
    Redeemed,
    /// A room admin blocked an invite in a room.
    Blocked,
    /// A room admin unblocked an invite in a room.
    Unblocked,
    /// A server admin paused all invites of the server.
    PausedAll,
    /// A server admin resumed all invites of the server.
    ResumedAll,
    /// An operator read everything that is kept about a person.
    Exported,
    /// An operator erased a person.
    Erased,
}

impl Action {
    const ALL: [Self; 12] = [
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
        Self::Exported,
        Self::Erased,
    ];

    /// The word that is stored for it.
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
            Self::Exported => "exported",
            Self::Erased => "erased",
        }
    }

    /// The action for a stored word; an unknown word, of a later version, is read as a change.
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|action| action.key() == key).unwrap_or(Self::Changed)
    }
}

/// Details of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// The properties of a new invite.
    Made {
        /// The number of rooms it leads into.
        rooms: u32,
        /// Whether a direct chat comes with it.
        chat: bool,
        /// How many people it may let in; unlimited if unset.
        max_uses: Option<u32>,
        /// Whether it has an end time.
        ends: bool,
    },
    /// The fields that have changed.
    Fields(Vec<Field>),
    /// The result of a redemption.
    Came {
        /// How many rooms were joined; the direct chat counts as one.
        joined: u32,
        /// How many rooms were not.
        missed: u32,
    },
    /// The id of the room that the action is about.
    Room(String),
    /// The text of an entry that an earlier version has written.
    Noted(String),
    /// Matrix id of the person whom the action is about, or what took its place.
    Person(String),
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it happened, in milliseconds since the epoch.
    pub at: i64,
    /// Matrix id of the person who did it.
    pub actor: String,
    /// The interface that they used.
    pub door: Door,
    /// What they did.
    pub action: Action,
    /// The number of the invite, if the entry is about one.
    pub invite: Option<i64>,
    /// Matrix id of the invite's owner.
    pub owner: Option<String>,
    /// The beginning of the invite's code.
    pub code: Option<String>,
    /// Details, if there are any.
    pub detail: Option<Detail>,
}

/// One page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether the search matched more people than are looked up, so that entries may be missing.
    pub too_many_people: bool,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}
