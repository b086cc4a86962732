//! The terms of an invite: what it gives, to whom and how. Its owner decides them.

use serde::{Deserialize, Serialize};

use super::{Edit, Field, Limits};

/// The terms that the owner of an invite has decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// Room ids, without duplicates, in the owner's order.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// Whether the code should also open an account.
    pub registration: bool,
    /// The owner's label.
    pub label: Option<String>,
    /// The owner's message to people who open the link.
    pub welcome: Option<String>,
    /// The title under which everybody who has the code sees it, even where the names of the rooms are hidden.
    pub public_title: Option<String>,
    /// The id of the room whose picture everybody who has the code sees, even where the names of the rooms are hidden. Only one of
    /// [`Self::rooms`] counts.
    pub picture: Option<String>,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: bool,
    /// When, and how often, it may be used.
    pub limits: Limits,
}

/// A member's request to make or change an invite.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// The code that they chose, or that of the invite to change; generated if unset.
    pub code: Option<String>,
    /// Whether it must be a new invite, so that an existing code is an error.
    pub new: bool,
    /// Whether the invite is paused; `None` leaves that unchanged.
    pub paused: Option<bool>,
    /// The requested terms.
    pub terms: Wanted,
}

/// Terms as a request states them: anything that it does not mention stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Room ids or aliases, in the order in which they are to be shown.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// Whether the code should also open an account.
    pub registration: Option<bool>,
    /// The owner's label.
    pub label: Edit<String>,
    /// The owner's message to people who open the link.
    pub welcome: Edit<String>,
    /// The title under which everybody who has the code sees it.
    pub public_title: Edit<String>,
    /// The id of the room whose picture everybody who has the code sees.
    pub picture: Edit<String>,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: Option<bool>,
    /// When, and how often, it may be used.
    pub limits: WantedLimits,
}

/// Limits as a request states them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedLimits {
    /// The time from which it may be used, in milliseconds since the epoch.
    pub not_before: Edit<i64>,
    /// The time at which it ends, in milliseconds since the epoch.
    pub expires_at: Edit<i64>,
    /// How many people it may let in.
    pub max_uses: Edit<u32>,
}

impl Wanted {
    /// The terms that result from applying the request to those `before`.
    pub fn over(self, before: Terms) -> Terms {
        Terms {
            rooms: self.rooms,
            chat: self.chat,
            registration: self.registration.unwrap_or(before.registration),
            label: self.label.over(before.label),
            welcome: self.welcome.over(before.welcome),
            public_title: self.public_title.over(before.public_title),
            picture: self.picture.over(before.picture),
            show_rooms: self.show_rooms.unwrap_or(before.show_rooms),
            limits: self.limits.over(before.limits),
        }
    }
}

impl WantedLimits {
    fn over(self, before: Limits) -> Limits {
        Limits {
            not_before: self.not_before.over(before.not_before),
            expires_at: self.expires_at.over(before.expires_at),
            max_uses: self.max_uses.over(before.max_uses),
        }
    }
}

impl Terms {
    /// The terms of a new invite whose owner decides nothing but where it leads.
    pub fn usual(limits: Limits) -> Self {
        Self { registration: true, limits, ..Self::default() }
    }

    /// What the owner calls it: by the label or, without one, by the title that everybody sees.
    pub fn name(&self) -> Option<&str> {
        self.label.as_deref().or(self.public_title.as_deref())
    }

    /// The fields that differ from `before`.
    pub fn changed(&self, before: &Self) -> Vec<Field> {
        let changed = [
            (Field::Rooms, before.rooms != self.rooms),
            (Field::Chat, before.chat != self.chat),
            (Field::Registration, before.registration != self.registration),
            (Field::Label, before.label != self.label),
            (Field::Welcome, before.welcome != self.welcome),
            (Field::PublicTitle, before.public_title != self.public_title),
            (Field::Picture, before.picture != self.picture),
            (Field::ShowRooms, before.show_rooms != self.show_rooms),
            (Field::NotBefore, before.limits.not_before != self.limits.not_before),
            (Field::ExpiresAt, before.limits.expires_at != self.limits.expires_at),
            (Field::MaxUses, before.limits.max_uses != self.limits.max_uses),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect()
    }

    /// Whether the change lets in more people, into more rooms, or for longer.
    pub fn widens(&self, before: &Self) -> bool {
        // Unset is the widest bound of all.
        let later = |new: Option<i64>, old: Option<i64>| new.unwrap_or(i64::MAX) > old.unwrap_or(i64::MAX);
        let (new, old) = (self.limits, before.limits);
        self.rooms.iter().any(|room| !before.rooms.contains(room))
            || self.chat && !before.chat
            || self.registration && !before.registration
            || later(new.expires_at, old.expires_at)
            || later(new.max_uses.map(i64::from), old.max_uses.map(i64::from))
            || new.not_before.unwrap_or_default() < old.not_before.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            rooms: vec!["!a:x".into(), "!b:x".into()],
            label: Some("Party".into()),
            limits: Limits { not_before: Some(100), expires_at: Some(200), max_uses: Some(5) },
            ..Terms::default()
        }
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let wanted =
            Wanted { rooms: terms().rooms, chat: true, welcome: Edit::Set(Some("Hi".into())), ..Wanted::default() };
        let after = wanted.over(terms());
        assert_eq!(after, Terms { chat: true, welcome: Some("Hi".into()), ..terms() });
        assert_eq!(after.changed(&terms()), [Field::Chat, Field::Welcome]);
        let unset = Wanted { rooms: terms().rooms, label: Edit::Set(None), ..Wanted::default() };
        assert_eq!(unset.over(terms()).label, None);
        let shown = Wanted {
            rooms: terms().rooms,
            public_title: Edit::Set(Some("Camp".into())),
            picture: Edit::Set(Some("!a:x".into())),
            ..Wanted::default()
        };
        let after = shown.over(terms());
        assert_eq!(after.changed(&terms()), [Field::PublicTitle, Field::Picture]);
        assert_eq!((after.name(), Terms { label: None, ..after.clone() }.name()), (Some("Party"), Some("Camp")));
    }

    #[test]
    fn a_change_widens_what_lets_in_more_people_into_more_or_for_longer() {
        let widens = |change: fn(&mut Terms)| {
            let mut after = terms();
            change(&mut after);
            after.widens(&terms())
        };
        assert!(widens(|terms| terms.rooms.push("!c:x".into())));
        assert!(widens(|terms| terms.chat = true));
        assert!(widens(|terms| terms.registration = true));
        assert!(widens(|terms| terms.limits.expires_at = None));
        assert!(widens(|terms| terms.limits.max_uses = Some(6)));
        assert!(widens(|terms| terms.limits.not_before = None));
        assert!(!widens(
            |terms| terms.limits = Limits { not_before: Some(101), expires_at: Some(199), max_uses: Some(4) }
        ));
        assert!(!widens(|terms| terms.rooms.truncate(1)));
        assert!(!widens(|terms| terms.welcome = Some("Hi".into())));
        assert!(!widens(|terms| terms.public_title = Some("Camp".into())));
    }
}
