//! When and how often an invite may be used.

use serde::{Deserialize, Serialize};

/// The bounds of an invite. Times are milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// From when on it may be used; at once if unset.
    pub not_before: Option<i64>,
    /// From when on it may not be used any more; never if unset.
    pub expires_at: Option<i64>,
    /// How many people it may let in; as many as like if unset.
    pub max_uses: Option<u32>,
}

impl Limits {
    /// What they say at `now` of an invite that has let in `uses` people, or is about to.
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
    /// It does.
    Open,
    /// It will.
    NotYet,
    /// Its owner has stopped it for a while.
    Paused,
    /// A server admin has stopped it.
    PausedByAdmin,
    /// A server admin has stopped every invite of the server.
    AllPaused,
    /// Its time is over.
    Expired,
    /// It has let in as many people as it may.
    UsedUp,
}

impl InviteState {
    /// What it is called where programs read it.
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

/// What a change says of a value that may be unset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Edit<T> {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// It is this from now on, or unset.
    Set(Option<T>),
}

impl<T> Edit<T> {
    /// The value after the change.
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
