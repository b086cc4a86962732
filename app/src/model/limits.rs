//! When, and how often, an invite may be used.

use serde::{Deserialize, Serialize};

/// The limits of an invite. Times are milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// The time from which it may be used; at once if unset.
    pub not_before: Option<i64>,
    /// The time at which it ends; never if unset.
    pub expires_at: Option<i64>,
    /// How many people it may let in; unlimited if unset.
    pub max_uses: Option<u32>,
}

impl Limits {
    /// The state that the limits alone imply at `now` for an invite of which `uses` uses are taken.
    pub fn state(self, uses: u32, now: i64) -> InviteState {
        if self.expires_at.is_some_and(|end| now >= end) {
            InviteState::Expired
        } else if self.max_uses.is_some_and(|most| uses >= most) {
            InviteState::UsedUp
        } else if self.not_before.is_some_and(|begin| now < begin) {
            InviteState::NotYet
        } else {
            InviteState::Open
        }
    }
}

/// Whether an invite lets people in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteState {
    /// It lets people in.
    Open,
    /// Its start time is in the future.
    NotYet,
    /// Its owner has paused it.
    Paused,
    /// A server admin has paused it.
    PausedByAdmin,
    /// A server admin has paused all invites of the server.
    AllPaused,
    /// Its end time is past.
    Expired,
    /// All its uses are taken.
    UsedUp,
}

impl InviteState {
    /// All states.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::NotYet, Self::Paused, Self::PausedByAdmin, Self::AllPaused, Self::Expired, Self::UsedUp];

    /// The state of this name, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// The name of the state in the JSON API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NotYet => "not_yet",
            Self::Paused => "paused",
            Self::PausedByAdmin => "paused_by_admin",
            Self::AllPaused => "all_paused",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
        }
    }
}

/// A change to a value that may be unset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Edit<T> {
    /// Keep the old value.
    #[default]
    Keep,
    /// Replace it with this value, or unset it.
    Set(Option<T>),
}

impl<T> Edit<T> {
    /// The value that results from applying the change to an old one.
    pub fn over(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Set(new) => new,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_to_the_millisecond_and_to_the_person() {
        let limits = Limits { not_before: Some(100), expires_at: Some(200), max_uses: Some(5) };
        for (uses, now, state) in [
            (0, 99, InviteState::NotYet),
            (0, 100, InviteState::Open),
            (4, 199, InviteState::Open),
            (5, 199, InviteState::UsedUp),
            (5, 99, InviteState::UsedUp),
            (0, 200, InviteState::Expired),
            (5, 200, InviteState::Expired),
        ] {
            assert_eq!(limits.state(uses, now), state, "{uses} uses at {now}");
        }
        assert_eq!(Limits::default().state(u32::MAX, i64::MAX), InviteState::Open);
    }
}
