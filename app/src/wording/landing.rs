//! Sentences about an invite for people who hold its code.

use super::count;
use crate::{Room, words::list};

/// What an invite leads to: `4 rooms, 1 space and a chat with Anna`.
pub fn leads_to(rooms: u32, spaces: u32, chat: Option<&str>) -> String {
    let counted = [(rooms, "room"), (spaces, "space")];
    let mut parts: Vec<String> =
        counted.into_iter().filter(|(number, _)| *number > 0).map(|(number, one)| count(number, one)).collect();
    parts.extend(chat.map(a_chat_with));
    list(&parts)
}

/// A name for rooms together: that of their space, or some of their own; `None` if none has a name.
pub fn place(rooms: &[Room]) -> Option<String> {
    let space = rooms.iter().find(|room| room.space && room.name.is_some());
    if let Some(space) = space {
        return space.name.clone();
    }
    let names: Vec<String> = rooms.iter().filter_map(|room| room.name.clone()).collect();
    (!names.is_empty()).then(|| first(2, names))
}

/// A list of names, cut to a readable length with the number of those left out.
pub fn some_of(names: Vec<String>) -> String {
    first(6, names)
}

fn first(most: usize, mut names: Vec<String>) -> String {
    if names.len() > most + 1 {
        let more = names.split_off(most).len();
        names.push(format!("{more} more"));
    }
    list(&names)
}

/// The name of the direct chat with somebody.
pub fn chat_with(name: &str) -> String {
    format!("Chat with {name}")
}

/// The direct chat with somebody, within a sentence.
pub fn a_chat_with(name: &str) -> String {
    format!("a chat with {name}")
}

/// Follows the inviter's name; what they invite to comes after it.
pub const INVITES_YOU_TO: &str = "invites you to";

/// The title of the page and the picture of an invite that lets nobody in.
pub const UNAVAILABLE: &str = "This invite isn’t available";

/// What to do about an invite that lets nobody in.
pub const ASK_AGAIN: &str = "Please ask the person who sent it for a new one.";

/// The inviter and the place they invite to, if its name may be shown.
pub fn invites_to(inviter: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("{inviter} invites you to {place}"),
        None => format!("{inviter} invites you"),
    }
}

/// Says what signing in needs, and that it returns to the invite.
pub fn bring_back(server: &str) -> String {
    format!("Sign in with your account on {server}. We’ll bring you back to your invite.")
}

/// What to do with the code on a card.
pub const SCAN: &str = "Scan, join, say hello";

/// What it costs, what it takes, and the last day on which it can be done.
pub fn free_until(day: Option<&str>) -> String {
    let until = day.map(|day| format!(" Until {day}.")).unwrap_or_default();
    format!("Free. Works in any browser.{until}")
}

/// What somebody has come in to: the place by its name, and what is in it.
pub fn joined(place: Option<&str>, what: &str) -> String {
    match (place, what) {
        (Some(place), "") => format!("You joined {place}."),
        (Some(place), what) => format!("You joined {place}, {what}."),
        (None, what) => format!("You joined {what}."),
    }
}

/// What somebody who is signed in will join, for below the button; `inviter` is a first name.
pub fn you_join(all: &str, inviter: &str) -> String {
    format!("You join {all}. {inviter} sees that you joined.")
}

/// Says that joining continues if the page is closed.
pub fn goes_on(me: &str) -> String {
    format!("You can close this page; we’ll finish for you. Sign in as {me} on any device to see it again.")
}

/// The hint below the field for a user name.
pub fn user_name_hint(server: &str) -> String {
    format!("What you sign in with. Small letters and digits; it becomes a part of your address on {server}.")
}

/// Says that a user name is free, and what the whole Matrix id will be.
pub fn name_is_free(user_id: &str) -> String {
    format!("Not taken. You’ll be {user_id}")
}

/// Says that a password is good.
pub const STRONG: &str = "Strong enough";

/// Introduces the documents that somebody accepts by creating an account; their names follow it.
pub fn accepts(server: &str) -> String {
    format!("By creating an account on {server} you accept its")
}

/// Addresses people who have an account already.
pub fn have_an_account(server: &str) -> String {
    format!("Have an account on {server}?")
}

/// Addresses people without an account, where they cannot create one here.
pub fn no_account_yet(server: &str) -> String {
    format!("No account on {server} yet?")
}

/// Says how to get an account; `inviter` is a first name.
pub fn ask_for_one(inviter: &str) -> String {
    format!("Ask {inviter} how to get one.")
}

/// The next steps for somebody without an account: a title and a text for each. `all` is what they join, `email` whether they have to confirm an
/// email address.
pub fn steps_from_nothing(all: &str, email: bool) -> [(String, String); 3] {
    let account = match email {
        true => "It takes two minutes: you confirm your email address by a link in a message.",
        false => "It takes half a minute. No email address, no phone number.",
    };
    [
        ("You create an account".to_owned(), account.to_owned()),
        ("You join the rooms".to_owned(), format!("All at once: {all}. It takes seconds.")),
        ("You say hello".to_owned(), "In your browser, or in an app for your phone or computer.".to_owned()),
    ]
}

/// The next steps for somebody who is not signed in: a title and a text for each. `all` is what they join.
pub fn steps(server: &str, all: &str) -> [(String, String); 3] {
    [
        ("You sign in".to_owned(), format!("With your Matrix account on {server}, in whatever way it offers.")),
        ("You join the rooms".to_owned(), format!("All at once: {all}. It takes seconds.")),
        ("You say hello".to_owned(), "In your browser, or in an app for your phone or computer.".to_owned()),
    ]
}

/// The next steps for somebody who is signed in: a title and a text for each.
pub fn steps_signed_in(me: &str) -> [(String, String); 2] {
    [
        (
            "You join the rooms".to_owned(),
            "One by one, within seconds. You can close the page; we’ll finish for you.".to_owned(),
        ),
        ("They’re in your Matrix app too".to_owned(), format!("In whichever one you use, signed in as {me}.")),
    ]
}

/// Questions and answers before joining; `inviter` is a first name. `creates` says whether accounts can be created
/// here.
pub fn answers(server: &str, inviter: &str, creates: bool) -> [(String, String); 3] {
    let cost = match creates {
        true => "Nothing. You need a user name and a password, that’s all.".to_owned(),
        false => format!("Nothing. You need an account on {server}, that’s all."),
    };
    [
        (
            "What is this?".to_owned(),
            format!(
                "A group chat on {server}. It uses Matrix, an open network: like email, it belongs to no one company and \
                 works in many apps."
            ),
        ),
        ("What does it cost?".to_owned(), cost),
        (
            "Who sees me?".to_owned(),
            format!(
                "People in the rooms you join see your display name, your picture and what you write. {inviter} sees that \
                 you joined."
            ),
        ),
    ]
}

/// The sentence below a headline that says how much of joining worked: `joined` is the number of places that were
/// joined, `missed` are the names of the others.
pub fn missing(joined: usize, missed: &[String]) -> String {
    match (joined, missed) {
        (_, []) => "It stopped before the end. Trying again does only what is missing.".to_owned(),
        (0, _) => "None of it could be joined.".to_owned(),
        (_, [one]) => format!("You joined everything but {one}."),
        (_, all) => format!("Missing: {}.", list(all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_invite_leads_to_is_counted_as_people_count() {
        assert_eq!(leads_to(4, 0, Some("Anna")), "4 rooms and a chat with Anna");
        assert_eq!(leads_to(1, 2, Some("Anna")), "1 room, 2 spaces and a chat with Anna");
        assert_eq!(leads_to(0, 0, Some("Anna")), "a chat with Anna");
        assert_eq!(leads_to(2, 1, None), "2 rooms and 1 space");
        assert_eq!(leads_to(0, 0, None), "");
    }

    #[test]
    fn rooms_are_called_by_their_space_or_by_their_names() {
        let room = |name: &str, space| {
            let name = (!name.is_empty()).then(|| name.to_owned());
            Room { id: "!a:x".into(), name, avatar_url: None, space, left: false }
        };
        let rooms = |names: &[&str]| names.iter().map(|name| room(name, false)).collect::<Vec<_>>();
        assert_eq!(place(&[room("General", false), room("Garden", true)]).as_deref(), Some("Garden"));
        assert_eq!(place(&rooms(&["General", "Seeds", "Market"])).as_deref(), Some("General, Seeds and Market"));
        assert_eq!(place(&rooms(&["General", "Seeds", "", "C", "D"])).as_deref(), Some("General, Seeds and 2 more"));
        assert_eq!(place(&rooms(&["", ""])), None);
        assert_eq!(place(&[]), None);
        let all: Vec<String> = ["A", "B", "C", "D", "E", "F", "G"].map(String::from).to_vec();
        assert_eq!(some_of(all.clone()), "A, B, C, D, E, F and G");
        assert_eq!(some_of([all, vec!["H".to_owned()]].concat()), "A, B, C, D, E, F and 2 more");
    }

    #[test]
    fn what_somebody_joined_is_said_with_the_place_first() {
        assert_eq!(joined(Some("Garden"), "2 rooms"), "You joined Garden, 2 rooms.");
        assert_eq!(joined(Some("Garden"), ""), "You joined Garden.");
        assert_eq!(joined(None, "a chat with Anna"), "You joined a chat with Anna.");
    }

    #[test]
    fn what_is_missing_is_named() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(missing(4, &names(&["Market"])), "You joined everything but Market.");
        assert_eq!(missing(3, &names(&["Market", "Seeds"])), "Missing: Market and Seeds.");
        assert_eq!(missing(0, &names(&["Market"])), "None of it could be joined.");
        assert!(missing(2, &[]).starts_with("It stopped"));
    }
}
