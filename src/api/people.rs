//! People and invites in responses, for those who may see them.

use app::{KnownInvite, Person};
use serde::Serialize;

/// A person, with the field names of the Matrix specification (Client-Server API, "Profiles").
#[derive(Serialize)]
pub(super) struct Shown {
    user_id: String,
    display_name: Option<String>,
    avatar_url: Option<String>,
}

impl From<Person> for Shown {
    fn from(Person { user_id, display_name, avatar_url }: Person) -> Self {
        Self { user_id, display_name, avatar_url }
    }
}

/// An invite as shown to somebody who may know of it, but not use it.
#[derive(Serialize)]
pub(super) struct Known {
    invite: i64,
    owner: Shown,
    created_ts: i64,
    state: &'static str,
    accepted_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl From<KnownInvite> for Known {
    fn from(known: KnownInvite) -> Self {
        let KnownInvite { number, owner, created_at, limits, state, came } = known;
        Self {
            invite: number,
            owner: owner.into(),
            created_ts: created_at,
            state: state.key(),
            accepted_count: came,
            expires_at: limits.expires_at,
        }
    }
}
