//! Why something is as it is: data, which [`wording`](crate::wording) puts into words.

use serde::{Deserialize, Serialize};

/// Why somebody has not joined a room that an invite leads into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// They are banned from it.
    Banned,
    /// The invite's owner has left it.
    OwnerLeft,
    /// The invite's owner may not invite people to it.
    OwnerMayNotInvite,
    /// Their account takes no invitations from the owner (`M_INVITE_BLOCKED`; Client-Server API, "Invite permission").
    InvitesBlocked,
    /// Their account takes invitations only from people with whom they share a room that is not public (MSC4494).
    InvitesOnlyShared,
    /// A rule of the server's own forbids it, as spam checkers have them: the owner may invite people to the room, but not this one.
    ServerForbids,
    /// They ignore the owner, so no invitation would reach them (Client-Server API, "Ignoring users").
    OwnerIgnored,
    /// The room's admins have blocked the invite there.
    RoomBlocked,
    /// It is known only by an alias that cannot be resolved now.
    RoomUnknown,
    /// The homeserver's rate limit was met.
    Busy,
    /// The homeserver failed.
    HomeserverFailed,
    /// The direct chat could not be made.
    ChatFailed,
    /// Something else, in the homeserver's own words.
    Said(String),
}

impl Reason {
    /// All but [`Self::Said`].
    const WORDED: [Self; 12] = [
        Self::Banned,
        Self::OwnerLeft,
        Self::OwnerMayNotInvite,
        Self::InvitesBlocked,
        Self::InvitesOnlyShared,
        Self::ServerForbids,
        Self::OwnerIgnored,
        Self::RoomBlocked,
        Self::RoomUnknown,
        Self::Busy,
        Self::HomeserverFailed,
        Self::ChatFailed,
    ];

    /// Whether the obstacle may go away by itself. Others last until somebody does something about them.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::RoomUnknown | Self::Busy | Self::HomeserverFailed | Self::ChatFailed | Self::Said(_))
    }

    /// The word that is stored for it; beside that of [`Self::Said`] a text is stored.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::OwnerLeft => "owner_left",
            Self::OwnerMayNotInvite => "owner_may_not_invite",
            Self::InvitesBlocked => "invites_blocked",
            Self::InvitesOnlyShared => "invites_only_shared",
            Self::ServerForbids => "server_forbids",
            Self::OwnerIgnored => "owner_ignored",
            Self::RoomBlocked => "room_blocked",
            Self::RoomUnknown => "room_unknown",
            Self::Busy => "busy",
            Self::HomeserverFailed => "homeserver_failed",
            Self::ChatFailed => "chat_failed",
            Self::Said(_) => "said",
        }
    }

    /// The text that is stored beside the word.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Said(said) => Some(said),
            _ => None,
        }
    }

    /// The reason for a stored word, and the text beside it. An unknown word, of a later version, is read as
    /// [`Self::HomeserverFailed`].
    pub fn of(key: &str, said: Option<String>) -> Self {
        match said {
            Some(said) if key == "said" => Self::Said(said),
            _ => Self::WORDED.into_iter().find(|reason| reason.key() == key).unwrap_or(Self::HomeserverFailed),
        }
    }
}

/// Why an invite may not lead into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomProblem {
    /// There is no such room.
    Unknown,
    /// The member is not in it.
    NotIn,
    /// The member may not invite people to it.
    MayNotInvite,
    /// It was replaced by another room (Client-Server API, "Room upgrades").
    Replaced,
    /// The invite leads into it already, but its owner cannot let anybody in any more.
    Closed,
}

/// A rule that an operator can set, with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Only some people may make invites.
    Creators,
    /// Codes may not be chosen.
    ChosenCodes,
    /// A chosen code must have at least this many characters.
    ShortestChosenCode(u32),
    /// An account must be at least this many days old to make invites.
    AccountAge(u32),
    /// An invite may let in at most this many people.
    MaxUses(u32),
    /// An invite may be open for at most this many days.
    MaxDays(u32),
    /// A member may have at most this many open invites at a time.
    OpenInvites(u32),
    /// A member may make at most this many invites in a day.
    CreationsPerDay(u32),
}

impl Rule {
    /// The key of the rule in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Creators => "policy.create",
            Self::ChosenCodes => "policy.chosen_codes",
            Self::ShortestChosenCode(_) => "policy.shortest_chosen_code",
            Self::AccountAge(_) => "policy.account_age_days",
            Self::MaxUses(_) => "policy.max_uses",
            Self::MaxDays(_) => "policy.max_days",
            Self::OpenInvites(_) => "policy.open_invites",
            Self::CreationsPerDay(_) => "policy.creations_per_day",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_as_it_was_written() {
        let said = || Some("No, thank you.".to_owned());
        for reason in Reason::WORDED {
            assert_eq!(Reason::of(reason.key(), said()), reason);
        }
        assert_eq!(Reason::of("said", said()), Reason::Said("No, thank you.".to_owned()));
        assert_eq!(Reason::of("a word of tomorrow", None), Reason::HomeserverFailed);
    }
}
