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
        goes_on, have_an_account, how_to_get_one, invites_to, invites_you_to, join, joined, leads_to, members, missing,
        more, name_is_free, place, scan, some_of, steps, steps_from_nothing, steps_signed_in, strong, unavailable,
        user_name_hint, who_invites, you_join,
    },
    list::{copied, copy, invite_title, leads_into, no_match, select_it, tab},
    owner::{
        blocked, invitation, invite_to, invited_to, joined_of, not_working, notice, places_taken, remedy, summary,
        the_rest, trouble,
    },
};
use crate::{Action, Detail, Field, InviteState, Paper, Reason, Room, ServerSort, Sort, t, tn};

/// The display name of the device (session) that somebody gets by signing in on the pages.
pub const DEVICE: &str = "Super Invites";

/// The display name of the short-lived device (session) that finds out whether an account can be used.
pub const CHECKING_DEVICE: &str = "Super Invites (checks whether this account can be used)";

/// The name of somebody whose data was erased.
pub fn erased() -> &'static str {
    t!("Somebody whose data was erased")
}

/// The platform of an app that is a web page.
pub fn in_the_browser() -> &'static str {
    t!("browser")
}

/// The columns of the table of those who joined with an invite.
pub fn joined_columns() -> [&'static str; 6] {
    [
        t!("column" => "Name"),
        t!("column" => "Address"),
        t!("column" => "Joined (UTC)"),
        t!("column" => "Joined everything (UTC)"),
        t!("column" => "Joined rooms"),
        t!("column" => "Missing rooms"),
    ]
}

/// The columns of the table of all invites of the server.
pub fn invite_columns() -> [&'static str; 12] {
    [
        t!("column" => "Invite"),
        t!("column" => "Owner"),
        t!("column" => "Code begins with"),
        t!("column" => "State"),
        t!("column" => "Created (UTC)"),
        t!("column" => "Ends (UTC)"),
        t!("column" => "Places"),
        t!("column" => "Joined"),
        t!("column" => "Creates accounts"),
        t!("column" => "Chat with the owner"),
        t!("column" => "Rooms"),
        t!("column" => "Public title"),
    ]
}

/// Said in a table of something that is so, or is not so.
pub fn yes_or_no(is: bool) -> &'static str {
    if is { t!("in a table" => "yes") } else { t!("in a table" => "no") }
}

/// What the direct chat is called among rooms, for the owner of an invite.
pub fn chat_with_you() -> &'static str {
    t!("Chat with you")
}

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
        Field::Code => t!("Custom code"),
        Field::Label => t!("Private name"),
        Field::Rooms => t!("Rooms"),
        Field::Chat => t!("A direct chat with you"),
        Field::Registration => t!("Let people create an account"),
        Field::Welcome => t!("field" => "Welcome"),
        Field::PublicTitle => t!("Public title"),
        Field::Picture => t!("Public picture"),
        Field::ShowRooms => t!("Show the names of the rooms"),
        Field::NotBefore => t!("field" => "Starts"),
        Field::ExpiresAt => t!("field" => "Ends"),
        Field::MaxUses => t!("How many people"),
        Field::BlockReason => t!("Reason"),
        Field::Link => t!("Link"),
        Field::UserName | Field::NewUserName => t!("User name"),
        Field::Password | Field::NewPassword => t!("Password"),
        Field::DisplayName => t!("Display name"),
        Field::Email => t!("Email address"),
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
        Sort::Newest => t!("Newest first"),
        Sort::EndsNext => t!("Ending soonest"),
        Sort::MostPeople => t!("Most joined"),
        Sort::LastCame => t!("Last joined"),
        Sort::Name => t!("By name"),
    }
}

/// The name of an order of all invites.
pub fn server_sort(sort: ServerSort) -> &'static str {
    match sort {
        ServerSort::Newest => t!("Newest first"),
        ServerSort::Oldest => t!("Oldest first"),
        ServerSort::EndsNext => t!("Ending next"),
    }
}

/// Why rooms could not be joined, for server admins.
pub fn missed_because(reason: &Reason) -> &'static str {
    match reason {
        Reason::Banned => t!("Banned from the room"),
        Reason::OwnerLeft => t!("The invite’s owner is not in the room any more"),
        Reason::OwnerMayNotInvite => t!("The invite’s owner may no longer invite people to the room"),
        Reason::InvitesBlocked => t!("The account accepts no invitations from the invite’s owner"),
        Reason::InvitesOnlyShared => t!("The account accepts invitations only from people in a shared room"),
        Reason::ServerForbids => t!("The server’s rules do not allow the invitation"),
        Reason::OwnerIgnored => t!("They ignore the invite’s owner"),
        Reason::RoomBlocked => t!("The room’s admins block the invite"),
        Reason::RoomUnknown => t!("Nobody could say which room it is"),
        Reason::Busy => t!("The homeserver was busy"),
        Reason::HomeserverFailed => t!("The homeserver failed"),
        Reason::ChatFailed => t!("The direct chat could not be created"),
        Reason::Said(_) => t!("Refused by the homeserver in words of its own"),
    }
}

/// What an action is called in a list of actions.
pub fn action_name(action: Action) -> &'static str {
    match action {
        Action::Created => t!("action" => "Created"),
        Action::Changed => t!("action" => "Changed"),
        Action::Paused => t!("action" => "Paused"),
        Action::Resumed => t!("action" => "Resumed"),
        Action::Deleted => t!("action" => "Deleted"),
        Action::Redeemed => t!("action" => "Joined"),
        Action::Blocked => t!("action" => "Blocked in a room"),
        Action::Unblocked => t!("action" => "Unblocked in a room"),
        Action::PausedAll => t!("action" => "Paused all invites"),
        Action::ResumedAll => t!("action" => "Resumed all invites"),
        Action::AccountCreated => t!("action" => "Created an account"),
        Action::Exported => t!("action" => "Exported what is kept about somebody"),
        Action::Erased => t!("action" => "Erased somebody"),
    }
}

/// What cards of an invite are printed on, and how many.
pub fn paper(paper: Paper) -> &'static str {
    match paper {
        Paper::Card => t!("One card (A6)"),
        Paper::Poster => t!("Poster (A4)"),
        Paper::Four => t!("Four cards on A4"),
        Paper::Eight => t!("Eight small cards on A4"),
    }
}

/// What a room is called.
pub fn room(room: &Room) -> &str {
    match &room.name {
        Some(name) => name,
        None if room.left => t!("A room that you have left"),
        None if room.space => t!("A space without a name"),
        None => t!("A room without a name"),
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

/// Puts the details of an audit log entry into words. The English ones never change, because programs read them as well.
pub fn detail(detail: &Detail) -> Cow<'_, str> {
    match detail {
        Detail::Made { rooms, chat, max_uses, ends } => {
            let mut parts = vec![tn!(*rooms, "{n} room", "{n} rooms")];
            parts.extend(chat.then(|| t!("a direct chat").to_owned()));
            parts.extend(max_uses.map(|most| tn!(most, "for at most {n}", "for at most {n}")));
            parts.extend(ends.then(|| t!("with an end").to_owned()));
            in_a_row(parts).into()
        }
        Detail::Fields(fields) => in_a_row(fields.iter().map(|field| changed(*field).to_owned()).collect()).into(),
        Detail::Came { joined, missed } => {
            let joined = tn!(*joined, "rooms" => "{n} joined", "{n} joined");
            in_a_row(vec![joined, tn!(*missed, "rooms" => "{n} missed", "{n} missed")]).into()
        }
        Detail::Room(text) | Detail::Why(text) | Detail::Noted(text) | Detail::Person(text) => text.into(),
    }
}

/// Parts of which each adds to those before: `a, b, c`.
fn in_a_row(parts: Vec<String>) -> String {
    parts.into_iter().reduce(|begun, next| t!("{list}, {next}", list = begun, next)).unwrap_or_default()
}

/// A field in the audit log's list of changes.
fn changed(field: Field) -> &'static str {
    match field {
        Field::Code => t!("changed" => "code"),
        Field::Label => t!("changed" => "label"),
        Field::Rooms => t!("changed" => "rooms"),
        Field::Chat => t!("changed" => "chat"),
        Field::Registration => t!("changed" => "accounts"),
        Field::Welcome => t!("changed" => "welcome"),
        Field::PublicTitle => t!("changed" => "public title"),
        Field::Picture => t!("changed" => "public picture"),
        Field::ShowRooms => t!("changed" => "shown rooms"),
        Field::NotBefore => t!("changed" => "not_before"),
        Field::ExpiresAt => t!("changed" => "expires_at"),
        Field::MaxUses => t!("changed" => "max_uses"),
        Field::BlockReason => t!("changed" => "reason"),
        Field::Link => t!("changed" => "link"),
        Field::UserName | Field::NewUserName => t!("changed" => "user name"),
        Field::DisplayName => t!("changed" => "display name"),
        Field::Email => t!("changed" => "email address"),
        Field::Password | Field::NewPassword => t!("changed" => "password"),
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
            let room = Room { id: "!a:x".into(), name: name.map(str::to_owned), space, left, ..Room::default() };
            super::room(&room).to_owned()
        };
        assert_eq!(room(Some("Kitchen"), false, true), "Kitchen");
        assert_eq!(room(None, true, false), "A space without a name");
        assert_eq!(room(None, false, true), "A room that you have left");
    }
}
