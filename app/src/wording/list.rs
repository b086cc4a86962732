//! Sentences about invites for the people who made them.

use super::{CHAT_WITH_YOU, count, room};
use crate::{Deed, Done, Room, Tab};

/// What copies a link, before it is pressed.
pub const COPY: &str = "Copy";

/// What a button says that has copied something.
pub const COPIED: &str = "Copied ✓";

/// What a button says that could not copy: the text is shown beside it.
pub const SELECT: &str = "Please select it";

/// What an invite is called to its owner: the name that they gave it, or else the rooms that it leads into. Where those have no
/// names that they may know, it is the code.
pub fn invite_title(label: Option<&str>, code: &str, rooms: &[Room]) -> String {
    let without_name = || match rooms {
        [] => CHAT_WITH_YOU.to_owned(),
        _ => code.to_owned(),
    };
    label.map(str::to_owned).or_else(|| in_short(rooms)).unwrap_or_else(without_name)
}

/// Rooms in few words: `Garden Collective + 4`. A space comes first, because it is what the others belong to; `None` if none of
/// them has a name.
fn in_short(rooms: &[Room]) -> Option<String> {
    let named = || rooms.iter().filter(|room| room.name.is_some());
    let first = named().find(|room| room.space).or_else(|| named().next())?;
    let others = match rooms.len() - 1 {
        0 => String::new(),
        others => format!(" + {others}"),
    };
    Some(format!("{}{others}", room(first)))
}

/// What an invite leads into, below its title.
pub fn leads_into(rooms: &[Room], chat: bool) -> String {
    let mut parts: Vec<String> = match rooms {
        [one] => vec![room(one).to_owned()],
        [one, other] if !one.space && !other.space => vec![room(one).to_owned(), room(other).to_owned()],
        [] => Vec::new(),
        rooms => {
            vec![in_short(rooms).unwrap_or_else(|| count(u32::try_from(rooms.len()).unwrap_or(u32::MAX), "room"))]
        }
    };
    parts.extend(chat.then(|| if parts.is_empty() { CHAT_WITH_YOU } else { "chat with you" }.to_owned()));
    parts.join(", ")
}

/// How many people an invite has let in, after their number: of how many, if they are limited.
pub fn of_places(most: Option<u32>) -> String {
    most.map_or_else(|| "joined".to_owned(), |most| format!("of {most} joined"))
}

/// The name of a tab of the list.
pub fn tab(tab: Tab) -> &'static str {
    match tab {
        Tab::Active => "Active",
        Tab::Ended => "Ended",
    }
}

/// Says that a search has found nothing: the text before, and the text after, what was looked for.
pub fn no_match() -> (&'static str, &'static str) {
    ("No invites match “", "”")
}

/// Says what became of invites that were chosen together.
pub fn done(done: Done) -> String {
    let what = match done.deed {
        Deed::Paused => "paused",
        Deed::Resumed => "resumed",
        Deed::Deleted => "deleted",
    };
    match (done.invites, done.failed) {
        (0, 0) => "No invite was selected.".to_owned(),
        (0, failed) => format!("{} could not be {what}.", count(failed, "invite")),
        (1, 0) => format!("Invite {what}."),
        (invites, 0) => format!("{} {what}.", count(invites, "invite")),
        (invites, failed) => format!("{} {what}, {failed} could not be.", count(invites, "invite")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Terms;

    fn rooms(of: &[(&str, bool)]) -> Vec<Room> {
        let one = |(name, space): &(&str, bool)| {
            let name = (!name.is_empty()).then(|| (*name).to_owned());
            Room { id: "!a:x".to_owned(), name, avatar_url: None, space: *space, left: false }
        };
        of.iter().map(one).collect()
    }

    fn title(label: Option<&str>, of: &[(&str, bool)]) -> String {
        invite_title(label, "abc", &rooms(of))
    }

    #[test]
    fn an_invite_is_called_by_its_label_or_else_by_its_rooms() {
        let garden = [("General", false), ("Garden", true), ("Seeds", false)];
        assert_eq!(title(Some("Party"), &garden), "Party");
        assert_eq!(title(None, &garden), "Garden + 2", "the space first");
        assert_eq!(title(None, &[("", false), ("Seeds", false)]), "Seeds + 1");
        assert_eq!(title(None, &[("Seeds", false)]), "Seeds");
        assert_eq!(title(None, &[]), "Chat with you");
        assert_eq!(title(None, &[("", false), ("", true)]), "abc", "nothing has a name");
    }

    #[test]
    fn what_it_leads_into_is_said_in_few_words() {
        let garden = [("General", false), ("Garden", true), ("Seeds", false)];
        assert_eq!(leads_into(&rooms(&garden), true), "Garden + 2, chat with you");
        assert_eq!(leads_into(&rooms(&[("General", false), ("Market", false)]), false), "General, Market");
        assert_eq!(leads_into(&rooms(&[("", false), ("", false), ("", false)]), false), "3 rooms");
        assert_eq!(leads_into(&[], true), "Chat with you");
    }

    #[test]
    fn what_was_done_is_told_with_what_could_not_be() {
        let told = |deed, invites, failed| done(Done { deed, invites, failed });
        assert_eq!(told(Deed::Deleted, 3, 1), "3 invites deleted, 1 could not be.");
        assert_eq!(told(Deed::Deleted, 1, 0), "Invite deleted.");
        assert_eq!(told(Deed::Resumed, 0, 2), "2 invites could not be resumed.");
        assert_eq!(told(Deed::Paused, 0, 0), "No invite was selected.");
    }
}
