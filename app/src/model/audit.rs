//! The audit log: who did what to which invite.

use serde::{Deserialize, Serialize};

use super::{Field, path::address};

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
    /// Somebody created an account with an invite, on the pages.
    AccountCreated,
    /// An operator read everything that is kept about a person.
    Exported,
    /// An operator erased a person.
    Erased,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 13] = [
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
        Self::AccountCreated,
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
            Self::AccountCreated => "account_created",
            Self::Exported => "exported",
            Self::Erased => "erased",
        }
    }

    /// The action for a word, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.key() == key)
    }

    /// The action for a stored word; an unknown word, of a later version, is read as a change.
    pub fn of(key: &str) -> Self {
        Self::parse(key).unwrap_or(Self::Changed)
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
    /// The reason that was given for the action.
    Why(String),
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

/// A query for the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// A person's id or user name, a part of the id of somebody who has made invites, or the number of an invite; all
    /// entries if empty.
    pub search: String,
    /// The person who did it, by user name or id; everybody if empty.
    pub who: String,
    /// What was done; everything if unset.
    pub action: Option<Action>,
    /// Where the previous page ended; empty for the first one.
    pub before: String,
}

impl AuditQuery {
    /// The query in an address, whose parameters `get` looks up by name.
    pub fn of(get: impl Fn(&str) -> String) -> Self {
        let action = Action::parse(&get("action"));
        Self { search: get("q"), who: get("who"), action, before: get("before") }
    }

    /// The query as it stands in an address, without its beginning: from `?` on.
    pub fn address(&self) -> String {
        let action = self.action.map(Action::key).unwrap_or_default();
        address(&[("q", &self.search), ("who", &self.who), ("action", action)])
    }
}

/// One page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether the page ends early because many entries were looked through that do not match.
    pub unfinished: bool,
    /// Whether the search matched more people than are looked up, so that entries may be missing.
    pub too_many_people: bool,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}
