//! Every sentence that people read, apart from the layout of pages: errors, reasons, states, and the audit log. Use
//! cases and tables contain data; here it is put into words.

mod error;
mod landing;
mod list;
mod owner;

use std::borrow::Cow;

pub use self::{
    error::{
        broken, deactivated, error, invalid, locked, outdated, room_problem, rule, sign_in_failed, stopping, too_long,
        too_slow, unreachable,
    },
    landing::{
        ASK_AGAIN, INVITES_YOU_TO, a_chat_with, accepts, answers, ask_for_one, bring_back, chat_with, free_until,
        goes_on, have_an_account, how_to_get_one, invites_to, invites_you_to, join, joined, leads_to, missing, more,
        name_is_free, place, scan, some_of, steps, steps_from_nothing, steps_signed_in, strong, unavailable,
        user_name_hint, who_invites, you_join,
    },
    list::{COPIED, COPY, SELECT, done, invite_title, leads_into, no_match, of_places, tab},
    owner::{
        blocked, invitation, invite_to, invited_to, joined_of, not_working, notice, places_taken, remedy, summary,
        the_rest, trouble,
    },
};
use crate::{Action, Detail, Field, InviteState, Paper, Reason, Room, ServerSort, Sort, t};

/// The display name of the device (session) that somebody gets by signing in on the pages.
pub const DEVICE: &str = "Super Invites";

/// The display name of the short-lived device (session) that finds out whether an account can be used.
pub const CHECKING_DEVICE: &str = "Super Invites (checks whether this account can be used)";

/// The name of somebody whose data was erased.
pub const ERASED: &str = "Somebody whose data was erased";

/// The platform of an app that is a web page.
pub const IN_THE_BROWSER: &str = "browser";

/// The columns of the table of those who joined with an invite.
pub const JOINED_COLUMNS: [&str; 6] =
    ["Name", "Address", "Joined (UTC)", "Joined everything (UTC)", "Joined rooms", "Missing rooms"];

/// The columns of the table of all invites of the server.
pub const INVITE_COLUMNS: [&str; 11] = [
    "Invite",
    "Owner",
    "Code begins with",
    "State",
    "Created (UTC)",
    "Ends (UTC)",
    "Places",
    "Joined",
    "Creates accounts",
    "Chat with the owner",
    "Rooms",
];

/// Said in a table of something that is so.
pub const YES: &str = "yes";

/// Said in a table of something that is not so.
pub const NO: &str = "no";

/// What the direct chat is called among rooms, for the owner of an invite.
pub const CHAT_WITH_YOU: &str = "Chat with you";

/// Says why somebody has not joined a room.
pub fn reason(reason: &Reason) -> Cow<'_, str> {
    let words = match reason {
        Reason::Banned => t!("You are banned from this room."),
        Reason::OwnerLeft => t!("The person who created this invite is not in this room any more."),
        Reason::OwnerMayNotInvite => t!("The person who created this invite may no longer invite people to this room."),
        Reason::InvitesBlocked => {
            t!(
                "Your account does not accept invitations from the person who created this invite. Allow them in your app’s settings, then try again."
            )
        }
        Reason::InvitesOnlyShared => {
            t!(
                "Your account accepts invitations only from people you share a private room with. Allow everyone’s in your app’s settings, then try again."
            )
        }
        Reason::ServerForbids => {
            t!(
                "This server’s rules do not allow this invitation. Ask the person who created the invite to invite you from their app, or ask a server admin."
            )
        }
        Reason::OwnerIgnored => {
            t!("You ignore the person who created this invite. Stop ignoring them in your app, then try again.")
        }
        Reason::RoomBlocked => t!("The admins of this room do not let anybody in with this invite."),
        Reason::RoomUnknown => t!("Nobody can say now which room this is. Please try again later."),
        Reason::Busy => t!("The homeserver is busy. Please try again in a moment."),
        Reason::HomeserverFailed => t!("The homeserver could not do it. Please try again later."),
        Reason::ChatFailed => t!("The direct chat could not be created. Please try again later."),
        Reason::Said(said) => said,
    };
    words.into()
}

/// The label of a form field.
pub fn field(field: Field) -> &'static str {
    match field {
        Field::Code => "Custom code",
        Field::Label => "Private name",
        Field::Rooms => "Rooms",
        Field::Chat => "A direct chat with you",
        Field::Registration => "Let people create an account",
        Field::Welcome => "Welcome",
        Field::ShowRooms => "Show the names of the rooms",
        Field::NotBefore => "Starts",
        Field::ExpiresAt => "Ends",
        Field::MaxUses => "How many people",
        Field::BlockReason => "Reason",
        Field::Link => "Link",
        Field::UserName | Field::NewUserName => t!("User name"),
        Field::Password | Field::NewPassword => t!("Password"),
        Field::DisplayName => "Display name",
        Field::Email => "Email address",
    }
}

/// Says whether an invite lets people in.
pub fn state(state: InviteState) -> &'static str {
    match state {
        InviteState::Open => t!("state" => "Open"),
        InviteState::NotYet => t!("state" => "Not started"),
        InviteState::Paused => t!("state" => "Paused"),
        InviteState::PausedByAdmin => t!("state" => "Paused by a server admin"),
        InviteState::AllPaused => t!("state" => "All invites are paused"),
        InviteState::Expired => t!("state" => "Expired"),
        InviteState::UsedUp => t!("state" => "Full"),
    }
}

/// The name of an order of invites.
pub fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => "Newest first",
        Sort::EndsNext => "Ending soonest",
        Sort::MostPeople => "Most joined",
        Sort::LastCame => "Last joined",
        Sort::Name => "By name",
    }
}

/// The name of an order of all invites.
pub fn server_sort(sort: ServerSort) -> &'static str {
    match sort {
        ServerSort::Newest => "Newest first",
        ServerSort::Oldest => "Oldest first",
        ServerSort::EndsNext => "Ending next",
    }
}

/// Why rooms could not be joined, for server admins.
pub fn missed_because(reason: &Reason) -> &'static str {
    match reason {
        Reason::Banned => "Banned from the room",
        Reason::OwnerLeft => "The invite’s owner is not in the room any more",
        Reason::OwnerMayNotInvite => "The invite’s owner may no longer invite people to the room",
        Reason::InvitesBlocked => "The account accepts no invitations from the invite’s owner",
        Reason::InvitesOnlyShared => "The account accepts invitations only from people in a shared room",
        Reason::ServerForbids => "The server’s rules do not allow the invitation",
        Reason::OwnerIgnored => "They ignore the invite’s owner",
        Reason::RoomBlocked => "The room’s admins block the invite",
        Reason::RoomUnknown => "Nobody could say which room it is",
        Reason::Busy => "The homeserver was busy",
        Reason::HomeserverFailed => "The homeserver failed",
        Reason::ChatFailed => "The direct chat could not be created",
        Reason::Said(_) => "Refused by the homeserver in words of its own",
    }
}

/// What an action is called in a list of actions.
pub fn action_name(action: Action) -> &'static str {
    match action {
        Action::Created => "Created",
        Action::Changed => "Changed",
        Action::Paused => "Paused",
        Action::Resumed => "Resumed",
        Action::Deleted => "Deleted",
        Action::Redeemed => "Joined",
        Action::Blocked => "Blocked in a room",
        Action::Unblocked => "Unblocked in a room",
        Action::PausedAll => "Paused all invites",
        Action::ResumedAll => "Resumed all invites",
        Action::AccountCreated => "Created an account",
        Action::Exported => "Exported what is kept about somebody",
        Action::Erased => "Erased somebody",
    }
}

/// What cards of an invite are printed on, and how many.
pub fn paper(paper: Paper) -> &'static str {
    match paper {
        Paper::Card => "One card (A6)",
        Paper::Poster => "Poster (A4)",
        Paper::Four => "Four cards on A4",
        Paper::Eight => "Eight small cards on A4",
    }
}

/// What a room is called.
pub fn room(room: &Room) -> &str {
    match &room.name {
        Some(name) => name,
        None if room.left => "A room that you have left",
        None if room.space => "A space without a name",
        None => "A room without a name",
    }
}

/// Says what somebody did: the text before, and the text after, the invite's number.
pub fn action(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Created => ("created", ""),
        Action::Changed => ("changed", ""),
        Action::Paused => ("paused", ""),
        Action::Resumed => ("resumed", ""),
        Action::Deleted => ("deleted", ""),
        Action::Redeemed => ("joined with", ""),
        Action::Blocked => ("blocked", " in a room"),
        Action::Unblocked => ("unblocked", " in a room"),
        Action::PausedAll => ("paused all invites", ""),
        Action::ResumedAll => ("resumed all invites", ""),
        Action::AccountCreated => ("created an account with", ""),
        Action::Exported => ("exported what is kept about somebody", ""),
        Action::Erased => ("erased what was kept about somebody", ""),
    }
}

/// Puts the details of an audit log entry into words.
pub fn detail(detail: &Detail) -> Cow<'_, str> {
    match detail {
        Detail::Made { rooms, chat, max_uses, ends } => {
            let mut parts = vec![count(*rooms, "room")];
            parts.extend(chat.then(|| "a direct chat".to_owned()));
            parts.extend(max_uses.map(|most| format!("for at most {most}")));
            parts.extend(ends.then(|| "with an end".to_owned()));
            parts.join(", ").into()
        }
        Detail::Fields(fields) => fields.iter().map(|field| changed(*field)).collect::<Vec<_>>().join(", ").into(),
        Detail::Came { joined, missed } => format!("{joined} joined, {missed} missed").into(),
        Detail::Room(text) | Detail::Why(text) | Detail::Noted(text) | Detail::Person(text) => text.into(),
    }
}

/// A field in the audit log's list of changes. These words never change, because programs read them as well.
fn changed(field: Field) -> &'static str {
    match field {
        Field::Code => "code",
        Field::Label => "label",
        Field::Rooms => "rooms",
        Field::Chat => "chat",
        Field::Registration => "accounts",
        Field::Welcome => "welcome",
        Field::ShowRooms => "shown rooms",
        Field::NotBefore => "not_before",
        Field::ExpiresAt => "expires_at",
        Field::MaxUses => "max_uses",
        Field::BlockReason => "reason",
        Field::Link => "link",
        Field::UserName | Field::NewUserName => "user name",
        Field::DisplayName => "display name",
        Field::Email => "email address",
        Field::Password | Field::NewPassword => "password",
    }
}

/// A number and what it counts: `1 room`, `3 rooms`.
pub fn count(number: u32, one: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {one}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_audit_log_says_what_the_invite_is() {
        let made = |rooms, chat, max_uses, ends| detail(&Detail::Made { rooms, chat, max_uses, ends }).into_owned();
        assert_eq!(made(1, false, None, false), "1 room");
        assert_eq!(made(2, true, Some(5), true), "2 rooms, a direct chat, for at most 5, with an end");
        let fields = Detail::Fields(vec![Field::Rooms, Field::ExpiresAt]);
        assert_eq!(detail(&fields), "rooms, expires_at");
        assert_eq!(detail(&Detail::Noted("as it was".to_owned())), "as it was");
    }

    #[test]
    fn a_room_without_a_name_is_called_something() {
        let room = |name: Option<&str>, space, left| {
            let room = Room { id: "!a:x".into(), name: name.map(str::to_owned), avatar_url: None, space, left };
            super::room(&room).to_owned()
        };
        assert_eq!(room(Some("Kitchen"), false, true), "Kitchen");
        assert_eq!(room(None, true, false), "A space without a name");
        assert_eq!(room(None, false, true), "A room that you have left");
    }
}
