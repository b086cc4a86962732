//! Sentences for people who make invites.

use super::count;
use crate::{Notice, RoomProblem};

/// What a page says of what was done on the page before.
pub fn notice(notice: Notice) -> &'static str {
    match notice {
        Notice::Created => "Your invite is ready. Share the link, or let somebody scan the code.",
        Notice::Saved => "Saved. From now on the invite is as you changed it.",
        Notice::Deleted => "Deleted. The link, the QR code and the code have stopped working.",
    }
}

/// What an invitation begins with: the place it leads to, if it has a name that everybody may know.
pub fn invited_to(place: Option<&str>) -> String {
    match place {
        Some(place) => format!("You’re invited to {place}"),
        None => "You’re invited".to_owned(),
    }
}

/// An invitation as plain text, to be pasted into a message.
pub fn invitation(place: Option<&str>, welcome: Option<&str>, link: &str) -> String {
    let parts = [Some(invited_to(place)), welcome.map(str::to_owned), Some(link.to_owned())];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// The title of the form for a new invite to a space.
pub fn invite_to(space: &str) -> String {
    format!("Invite to {space}")
}

/// What stands before the name of a room that has a problem, and what follows it.
pub fn trouble(problem: RoomProblem) -> (&'static str, &'static str) {
    match problem {
        RoomProblem::Replaced => (
            "A newer room has replaced ",
            ". Add that one to this invite and remove the old one, or people join a room that is over.",
        ),
        RoomProblem::NotIn => (
            "People can’t join ",
            ". You’re not in it any more, so nobody can be invited to it in your name. Join it again, or remove it from this invite.",
        ),
        RoomProblem::Unknown => (
            "People can’t join ",
            ". This address leads to no room now. It is looked up again by itself; if there is no such room any more, remove it from this invite.",
        ),
        RoomProblem::MayNotInvite | RoomProblem::Closed => (
            "People can’t join ",
            ". You may no longer invite people to it. Ask its admins for that, or remove it from this invite.",
        ),
    }
}

/// Follows the name of a room that is blocked: who did so, and how long ago.
pub fn blocked(by: &str, ago: &str, reason: Option<&str>) -> String {
    let reason = reason.map(|reason| format!(": “{reason}”")).unwrap_or_default();
    format!(". {by} blocked this invite there {ago}{reason}")
}

/// What else can be joined with an invite some of whose rooms cannot.
pub const THE_REST: &str = "Everyone still joins the rest.";

/// Stands above the reasons why nothing can be joined.
pub const NOT_WORKING: &str = "Not working: nobody can join anything with this invite now.";

/// How much of an invite somebody has joined.
pub fn joined_of(joined: usize, all: usize) -> String {
    match joined {
        0 => "Did not get in".to_owned(),
        _ => format!("Joined {joined} of {all}"),
    }
}

/// How many places of an invite are taken.
pub fn places_taken(taken: u32, most: u32) -> String {
    format!("{taken} of {} taken", count(most, "place"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_the_title_the_welcome_and_the_whole_link() {
        let link = "https://invite.example/i/garden";
        assert_eq!(
            invitation(Some("Garden"), Some("Bring boots.\nوشكرا"), link),
            "You’re invited to Garden\n\nBring boots.\nوشكرا\n\nhttps://invite.example/i/garden"
        );
        assert_eq!(invitation(None, None, link), "You’re invited\n\nhttps://invite.example/i/garden");
    }

    #[test]
    fn only_what_is_missing_is_counted() {
        assert_eq!((joined_of(3, 5), joined_of(0, 5)), ("Joined 3 of 5".to_owned(), "Did not get in".to_owned()));
        assert_eq!(places_taken(14, 25), "14 of 25 places taken");
    }
}
