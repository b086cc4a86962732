//! Sentences for people who make invites.

use super::list;
use crate::{
    Notice, RoomProblem, WITHOUT_END, t, tn,
    words::{self, marked},
};

/// What a page says of what was just done.
pub fn notice(notice: Notice) -> String {
    let words = match notice {
        Notice::Several(done) => return list::done(done),
        Notice::Created => t!("Your invite is ready. Share the link, or let somebody scan the code."),
        Notice::Saved => t!("Saved. From now on the invite is as you changed it."),
        Notice::Deleted => t!("Deleted. The link, the QR code and the code have stopped working."),
    };
    words.to_owned()
}

/// What an invitation begins with: the place it leads to, if it has a name that everybody may know.
pub fn invited_to(place: Option<&str>) -> String {
    match place {
        Some(place) => t!("You’re invited to {place}", place),
        None => t!("You’re invited").to_owned(),
    }
}

/// An invitation as plain text, to be pasted into a message.
pub fn invitation(place: Option<&str>, welcome: Option<&str>, link: &str) -> String {
    let parts = [Some(invited_to(place)), welcome.map(str::to_owned), Some(link.to_owned())];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// The title of the form for a new invite to a space.
pub fn invite_to(space: &str) -> String {
    t!("Invite to {space}", space)
}

/// What a new or changed invite will do. `ends` is the choice for how many days it lasts, `places` the one for how many
/// people it is; what is neither a number nor one of the words for these choices is not said.
pub fn summary(rooms: u32, spaces: u32, chat: bool, ends: &str, places: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    if rooms > 0 {
        parts.push(tn!(rooms, "what somebody joins" => "{n} room", "{n} rooms"));
    }
    if spaces > 0 {
        parts.push(tn!(spaces, "what somebody joins" => "{n} space", "{n} spaces"));
    }
    if chat {
        parts.push(t!("what somebody joins" => "a chat with you").to_owned());
    }
    if parts.is_empty() {
        return t!("No rooms selected.").to_owned();
    }
    let list = words::list(&parts);
    let joins = match ends.parse() {
        Ok(days) => tn!(
            days,
            "Anyone with the link joins {list}, for {n} day.",
            "Anyone with the link joins {list}, for {n} days.",
            list
        ),
        Err(_) => t!("Anyone with the link joins {list}.", list),
    };
    match places.parse() {
        Ok(most) => format!("{joins} {}", tn!(most, "{n} place.", "{n} places.")),
        Err(_) if places == WITHOUT_END => format!("{joins} {}", t!("Unlimited places.")),
        Err(_) => joins,
    }
}

/// Says that a room has a problem. `room` is its name, as HTML, and so is the answer.
pub fn trouble(problem: RoomProblem, room: &str) -> String {
    let text = match problem {
        RoomProblem::Replaced => t!("A newer room has replaced {room}"),
        _ => t!("People can’t join {room}"),
    };
    marked(text, &[("room", room)])
}

/// Follows [`trouble`]: the reason, and what can be done.
pub fn remedy(problem: RoomProblem) -> &'static str {
    match problem {
        RoomProblem::Replaced => {
            t!("Add that one to this invite and remove the old one, or people join a room that is over.")
        }
        RoomProblem::NotIn => t!(
            "You’re not in it any more, so nobody can be invited to it in your name. Join it again, or remove it from this invite."
        ),
        RoomProblem::Unknown => t!(
            "This address leads to no room now. It is looked up again by itself; if there is no such room any more, remove it from this invite."
        ),
        RoomProblem::MayNotInvite | RoomProblem::Closed => {
            t!("You may no longer invite people to it. Ask its admins for that, or remove it from this invite.")
        }
    }
}

/// Follows [`trouble`] of a room that is blocked: who did so, and how long ago. All arguments are HTML, and so is
/// the answer.
pub fn blocked(by: &str, ago: &str, reason: Option<&str>) -> String {
    let text = match reason {
        Some(_) => t!("{by} blocked this invite there {ago}: “{reason}”"),
        None => t!("{by} blocked this invite there {ago}"),
    };
    marked(text, &[("by", by), ("ago", ago), ("reason", reason.unwrap_or_default())])
}

/// What else can be joined with an invite some of whose rooms cannot.
pub fn the_rest() -> &'static str {
    t!("Everyone still joins the rest.")
}

/// Stands above the reasons why nothing can be joined.
pub fn not_working() -> &'static str {
    t!("Not working: nobody can join anything with this invite now.")
}

/// How much of an invite somebody has joined.
pub fn joined_of(joined: usize, all: usize) -> String {
    match joined {
        0 => t!("Did not get in").to_owned(),
        _ => t!("Joined {joined} of {all}", joined, all),
    }
}

/// How many places of an invite are taken.
pub fn places_taken(taken: u32, most: u32) -> String {
    tn!(most, "{taken} of {n} place taken", "{taken} of {n} places taken", taken)
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
    fn what_an_invite_will_do_is_said_in_a_sentence() {
        assert_eq!(summary(0, 0, false, "7", "10"), "No rooms selected.");
        assert_eq!(summary(0, 0, true, "own", "own"), "Anyone with the link joins a chat with you.");
        assert_eq!(
            summary(2, 1, true, "1", "never"),
            "Anyone with the link joins 2 rooms, 1 space and a chat with you, for 1 day. Unlimited places."
        );
        assert_eq!(summary(1, 0, false, "never", "10"), "Anyone with the link joins 1 room. 10 places.");
    }

    #[test]
    fn only_what_is_missing_is_counted() {
        assert_eq!((joined_of(3, 5), joined_of(0, 5)), ("Joined 3 of 5".to_owned(), "Did not get in".to_owned()));
        assert_eq!(places_taken(14, 25), "14 of 25 places taken");
    }
}
