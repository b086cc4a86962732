//! What an invite gives, to whom and how: what its owner decides.

use serde::{Deserialize, Serialize};

use super::{Edit, Field, Limits};

/// What the owner of an invite has decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// Room ids, each once, in the owner's order.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// Whether the code is to open an account as well.
    pub registration: bool,
    /// What the owner calls it.
    pub label: Option<String>,
    /// What the owner says to those who open the link.
    pub welcome: Option<String>,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: bool,
    /// When and how often it may be used.
    pub limits: Limits,
}

/// What a member asks for when they make or change an invite.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// The code they chose, or the one to change; a new one is generated if there is none.
    pub code: Option<String>,
    /// Whether it must be a new one, so that the code may not be there.
    pub new: bool,
    /// Whether it is stopped for a while; `None` leaves it as it is.
    pub paused: Option<bool>,
    /// What it gives.
    pub terms: Wanted,
}

/// Terms as a member asks for them: what they do not name stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Room ids or aliases, in the order in which they will be shown.
    pub rooms: Vec<String>,
    /// Whether a direct chat with the owner comes with it.
    pub chat: bool,
    /// Whether the code is to open an account as well.
    pub registration: Option<bool>,
    /// What the owner calls it.
    pub label: Edit<String>,
    /// What the owner says to those who open the link.
    pub welcome: Edit<String>,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: Option<bool>,
    /// When and how often it may be used.
    pub limits: WantedLimits,
}

/// Limits as a member asks for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedLimits {
    /// From when on it may be used, in milliseconds since the epoch.
    pub not_before: Edit<i64>,
    /// From when on it may not be used any more, in milliseconds since the epoch.
    pub expires_at: Edit<i64>,
    /// How many people it may let in.
    pub max_uses: Edit<u32>,
}

impl Wanted {
    /// The terms after the change.
    pub fn over(self, before: Terms) -> Terms {
        Terms {
            rooms: self.rooms,
            chat: self.chat,
            registration: self.registration.unwrap_or(before.registration),
            label: self.label.over(before.label),
            welcome: self.welcome.over(before.welcome),
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
    /// What a new invite gives whose owner says no more than where it leads.
    pub fn usual(limits: Limits) -> Self {
        Self { registration: true, limits, ..Self::default() }
    }

    /// What of it is another than before.
    pub fn changed(&self, before: &Self) -> Vec<Field> {
        let changed = [
            (Field::Rooms, before.rooms != self.rooms),
            (Field::Chat, before.chat != self.chat),
            (Field::Registration, before.registration != self.registration),
            (Field::Label, before.label != self.label),
            (Field::Welcome, before.welcome != self.welcome),
            (Field::ShowRooms, before.show_rooms != self.show_rooms),
            (Field::NotBefore, before.limits.not_before != self.limits.not_before),
            (Field::ExpiresAt, before.limits.expires_at != self.limits.expires_at),
            (Field::MaxUses, before.limits.max_uses != self.limits.max_uses),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect()
    }

    /// Whether a change lets in more people, into more, or for longer.
    pub fn widens(&self, before: &Self) -> bool {
        // Nothing is the widest bound of all.
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
    }
}
