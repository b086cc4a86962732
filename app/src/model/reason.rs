//! Why something is as it is: data, which [`wording`](crate::wording) says to people.

use serde::{Deserialize, Serialize};

/// Why somebody is not in a room after redeeming an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// They are banned from it.
    Banned,
    /// The invite's owner is not in it any more.
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
    /// The room's admins keep the invite out of it.
    RoomBlocked,
    /// It is named by an alias of which nobody says now which room it is.
    RoomUnknown,
    /// The homeserver limits how fast it works.
    Busy,
    /// The homeserver failed.
    HomeserverFailed,
    /// The direct chat could not be made.
    ChatFailed,
    /// What the homeserver said, in its own words.
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

    /// Whether it may pass by itself. Others last until somebody has done something about them.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::RoomUnknown | Self::Busy | Self::HomeserverFailed | Self::ChatFailed | Self::Said(_))
    }

    /// The word under which it is kept. That of [`Self::Said`] stands beside a text.
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

    /// The text that is kept beside the word.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Said(said) => Some(said),
            _ => None,
        }
    }

    /// The reason that was kept under this word, with the text beside it. A word of a later version is read as that the homeserver failed.
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
    /// There is none of this name.
    Unknown,
    /// The member is not in it.
    NotIn,
    /// The member may not invite people to it.
    MayNotInvite,
    /// It was replaced by another one (Client-Server API, "Room upgrades").
    Replaced,
    /// An invite leads into it already, but its owner cannot let anybody in any more.
    Closed,
}

/// What an operator can forbid, with the bound that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Who may make invites.
    Creators,
    /// Whether codes may be chosen.
    ChosenCodes,
    /// The fewest characters of a chosen code.
    ShortestChosenCode(u32),
    /// How many days old an account must be whose owner makes invites.
    AccountAge(u32),
    /// The most people that one invite lets in.
    MaxUses(u32),
    /// The most days for which an invite is open.
    MaxDays(u32),
    /// The most invites of one member that are open at a time.
    OpenInvites(u32),
    /// The most invites that one member makes in a day.
    CreationsPerDay(u32),
}

impl Rule {
    /// What the configuration calls it.
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
