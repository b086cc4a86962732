//! Sentences about invites for the people who made them.

use super::{chat_with_you, in_a_row, room};
use crate::{Deed, Done, Room, Tab, t, tn, words::marked};

/// What copies a link, before it is pressed.
pub fn copy() -> &'static str {
    t!("Copy")
}

/// What a button says that has copied something.
pub fn copied() -> &'static str {
    t!("Copied ✓")
}

/// What a button says that could not copy: the text is shown beside it.
pub fn select_it() -> &'static str {
    t!("Please select it")
}

/// What an invite is called to its owner: the name that they gave it, or else the rooms that it leads into. Where those have no
/// names that they may know, it is the code.
pub fn invite_title(label: Option<&str>, code: &str, rooms: &[Room]) -> String {
    let without_name = || match rooms {
        [] => chat_with_you().to_owned(),
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
            let number = || u32::try_from(rooms.len()).unwrap_or(u32::MAX);
            vec![in_short(rooms).unwrap_or_else(|| tn!(number(), "{n} room", "{n} rooms"))]
        }
    };
    parts.extend(chat.then(|| if parts.is_empty() { chat_with_you() } else { t!("chat with you") }.to_owned()));
    in_a_row(parts)
}

/// The name of a tab of the list.
pub fn tab(tab: Tab) -> &'static str {
    match tab {
        Tab::Active => t!("invites" => "Active"),
        Tab::Ended => t!("invites" => "Ended"),
    }
}

/// Says that a search has found nothing, as HTML, which what was looked for is as well.
pub fn no_match(search: &str) -> String {
    marked(t!("No invites match “{search}”"), &[("search", search)])
}

/// Says what became of invites that were chosen together.
pub(super) fn done(done: Done) -> String {
    let Done { deed, invites, failed } = done;
    match (deed, invites, failed) {
        (_, 0, 0) => t!("No invite was selected.").to_owned(),
        (Deed::Paused, 0, _) => {
            tn!(failed, "{n} invite could not be paused.", "{n} invites could not be paused.")
        }
        (Deed::Resumed, 0, _) => {
            tn!(failed, "{n} invite could not be resumed.", "{n} invites could not be resumed.")
        }
        (Deed::Deleted, 0, _) => {
            tn!(failed, "{n} invite could not be deleted.", "{n} invites could not be deleted.")
        }
        (Deed::Paused, 1, 0) => t!("Invite paused.").to_owned(),
        (Deed::Resumed, 1, 0) => t!("Invite resumed.").to_owned(),
        (Deed::Deleted, 1, 0) => t!("Invite deleted.").to_owned(),
        (Deed::Paused, _, 0) => tn!(invites, "{n} invite paused.", "{n} invites paused."),
        (Deed::Resumed, _, 0) => tn!(invites, "{n} invite resumed.", "{n} invites resumed."),
        (Deed::Deleted, _, 0) => tn!(invites, "{n} invite deleted.", "{n} invites deleted."),
        (Deed::Paused, ..) => {
            tn!(
                invites,
                "{n} invite paused, {failed} could not be.",
                "{n} invites paused, {failed} could not be.",
                failed
            )
        }
        (Deed::Resumed, ..) => {
            tn!(
                invites,
                "{n} invite resumed, {failed} could not be.",
                "{n} invites resumed, {failed} could not be.",
                failed
            )
        }
        (Deed::Deleted, ..) => {
            tn!(
                invites,
                "{n} invite deleted, {failed} could not be.",
                "{n} invites deleted, {failed} could not be.",
                failed
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(of: &[(&str, bool)]) -> Vec<Room> {
        let one = |(name, space): &(&str, bool)| {
            let name = (!name.is_empty()).then(|| (*name).to_owned());
            Room { id: "!a:x".to_owned(), name, space: *space, ..Room::default() }
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
