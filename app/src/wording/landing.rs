//! Sentences about an invite for people who hold its code.

use crate::{
    Room, t, tn,
    words::{list, marked},
};

/// What an invite leads to: `4 rooms, 1 space and a chat with Anna`.
pub fn leads_to(rooms: u32, spaces: u32, chat: Option<&str>) -> String {
    let mut parts = Vec::new();
    if rooms > 0 {
        parts.push(tn!(rooms, "{n} room", "{n} rooms"));
    }
    if spaces > 0 {
        parts.push(tn!(spaces, "{n} space", "{n} spaces"));
    }
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
        let others = names.split_off(most).len();
        names.push(more(others));
    }
    list(&names)
}

/// How many more there are than those that are shown.
pub fn more(number: usize) -> String {
    tn!(u32::try_from(number).unwrap_or(u32::MAX), "{n} more", "{n} more")
}

/// How many people are in a room.
pub fn members(number: u32) -> String {
    tn!(number, "{n} member", "{n} members")
}

/// The name of the direct chat with somebody.
pub fn chat_with(name: &str) -> String {
    t!("Chat with {name}", name)
}

/// The direct chat with somebody, within a sentence.
pub fn a_chat_with(name: &str) -> String {
    t!("a chat with {name}", name)
}

/// Follows the inviter's name in a preview picture, which is in English; what they invite to comes after it.
pub const INVITES_YOU_TO: &str = "invites you to";

/// Who invites, as HTML, which `name` is as well; below it stands the name of the place that they invite to.
pub fn who_invites(name: &str) -> String {
    marked(t!("{name} invites you to"), &[("name", name)])
}

/// What somebody invites to, counted; above it stands their name.
pub fn invites_you_to(what: &str) -> String {
    t!("invites you to {what}", what)
}

/// The title of the page and the picture of an invite that lets nobody in.
pub fn unavailable() -> &'static str {
    t!("This invite isn’t available")
}

/// What to do about an invite that lets nobody in, in a preview picture, which is in English.
pub const ASK_AGAIN: &str = "Please ask the person who sent it for a new one.";

/// The inviter and the place they invite to, if its name may be shown.
pub fn invites_to(inviter: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => t!("{inviter} invites you to {place}", inviter, place),
        None => t!("{inviter} invites you", inviter),
    }
}

/// What the button to join says: the name of the place or, without one, what is in it.
pub fn join(place: Option<&str>, what: &str) -> String {
    match place {
        Some(place) => t!("Join {place}", place),
        None => t!("Join {what}", what),
    }
}

/// Says what signing in needs, and that it returns to the invite.
pub fn bring_back(server: &str) -> String {
    t!("Sign in with your account on {server}. We’ll bring you back to your invite.", server)
}

/// What to do with the code on a card.
pub fn scan() -> &'static str {
    t!("Scan, join, say hello")
}

/// What it costs, what it takes, and the last day on which it can be done.
pub fn free_until(day: Option<&str>) -> String {
    match day {
        Some(day) => t!("Free. Works in any browser. Until {day}.", day),
        None => t!("Free. Works in any browser.").to_owned(),
    }
}

/// What somebody has come in to: the place by its name, and what is in it.
pub fn joined(place: Option<&str>, what: &str) -> String {
    match (place, what) {
        (Some(place), "") => t!("You joined {place}.", place),
        (Some(place), what) => t!("You joined {place}, {what}.", place, what),
        (None, what) => t!("You joined {what}.", what),
    }
}

/// What somebody who is signed in will join, for below the button; `inviter` is a first name.
pub fn you_join(all: &str, inviter: &str) -> String {
    t!("You join {all}. {inviter} sees that you joined.", all, inviter)
}

/// Says that joining continues if the page is closed.
pub fn goes_on(me: &str) -> String {
    t!("You can close this page; we’ll finish for you. Sign in as {me} on any device to see it again.", me)
}

/// The hint below the field for a user name.
pub fn user_name_hint(server: &str) -> String {
    t!("What you sign in with. Small letters and digits; it becomes a part of your address on {server}.", server)
}

/// Says that a user name is free, and what the whole Matrix id will be.
pub fn name_is_free(user_id: &str) -> String {
    t!("Not taken. You’ll be {user_id}", user_id)
}

/// Says that a password is good.
pub fn strong() -> &'static str {
    t!("Strong enough")
}

/// Names the documents that somebody accepts by creating an account, as HTML, which both arguments are.
pub fn accepts(server: &str, documents: &str) -> String {
    let text = t!("By creating an account on {server} you accept its {documents}");
    marked(text, &[("server", server), ("documents", documents)])
}

/// Addresses people who have an account already.
pub fn have_an_account(server: &str) -> String {
    t!("Have an account on {server}?", server)
}

/// Leads people without an account, where they cannot create one here, to a page that says how to get one, as HTML. `server` is HTML, and `link` the opening
/// tag of the link.
pub fn how_to_get_one(server: &str, link: &str) -> String {
    let text = t!("No account on {server} yet? {link}How to get one{end}.");
    marked(text, &[("server", server), ("link", link), ("end", "</a>")])
}

/// Says how to get an account where they cannot be created here; `inviter` is a first name.
pub fn ask_for_one(server: &str, inviter: &str) -> String {
    t!("No account on {server} yet? Ask {inviter} how to get one.", server, inviter)
}

/// What somebody without an account, or who is not signed in, does after that: two titles and texts.
fn then(all: &str) -> [(String, String); 2] {
    [
        (t!("You join the rooms").to_owned(), t!("All at once: {all}. It takes seconds.", all)),
        (t!("You say hello").to_owned(), t!("In your browser, or in an app for your phone or computer.").to_owned()),
    ]
}

/// The next steps for somebody without an account: a title and a text for each. `all` is what they join, `email` whether they have to confirm an
/// email address.
pub fn steps_from_nothing(all: &str, email: bool) -> [(String, String); 3] {
    let account = match email {
        true => t!("It takes two minutes: you confirm your email address by a link in a message."),
        false => t!("It takes half a minute. No email address, no phone number."),
    };
    let [join, hello] = then(all);
    [(t!("You create an account").to_owned(), account.to_owned()), join, hello]
}

/// The next steps for somebody who is not signed in: a title and a text for each. `all` is what they join.
pub fn steps(server: &str, all: &str) -> [(String, String); 3] {
    let account = t!("With your Matrix account on {server}, in whatever way it offers.", server);
    let [join, hello] = then(all);
    [(t!("You sign in").to_owned(), account), join, hello]
}

/// The next steps for somebody who is signed in: a title and a text for each.
pub fn steps_signed_in(me: &str) -> [(String, String); 2] {
    let meanwhile = t!("One by one, within seconds. You can close the page; we’ll finish for you.").to_owned();
    [
        (t!("You join the rooms").to_owned(), meanwhile),
        (t!("They’re in your Matrix app too").to_owned(), t!("In whichever one you use, signed in as {me}.", me)),
    ]
}

/// Questions and answers before joining; `inviter` is a first name. `creates` says whether accounts can be created
/// here.
pub fn answers(server: &str, inviter: &str, creates: bool) -> [(String, String); 3] {
    let what = t!(
        "A group chat on {server}. It uses Matrix, an open network: like email, it belongs to no one company and works in many apps.",
        server
    );
    let cost = match creates {
        true => t!("Nothing. You need a user name and a password, that’s all.").to_owned(),
        false => t!("Nothing. You need an account on {server}, that’s all.", server),
    };
    let who = t!(
        "People in the rooms you join see your display name, your picture and what you write. {inviter} sees that you joined.",
        inviter
    );
    [
        (t!("What is this?").to_owned(), what),
        (t!("What does it cost?").to_owned(), cost),
        (t!("Who sees me?").to_owned(), who),
    ]
}

/// The sentence below a headline that says how much of joining worked: `joined` is the number of places that were
/// joined, `missed` are the names of the others.
pub fn missing(joined: usize, missed: &[String]) -> String {
    match (joined, missed) {
        (_, []) => t!("It stopped before the end. Trying again does only what is missing.").to_owned(),
        (0, _) => t!("None of it could be joined.").to_owned(),
        (_, [one]) => t!("You joined everything but {place}.", place = one),
        (_, all) => t!("Missing: {places}.", places = list(all)),
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
            Room { id: "!a:x".into(), name, space, ..Room::default() }
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
    fn members_are_counted() {
        assert_eq!((members(1), members(24)), ("1 member".to_owned(), "24 members".to_owned()));
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
