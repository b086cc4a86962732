//! People and invites in responses, for those who may see them.

use app::{InviteState, KnownInvite, Person};
use serde::Serialize;
use utoipa::{ToSchema, openapi::Object};

use super::shape::words;

/// A person, with the field names of the Matrix specification (Client-Server API, "Profiles").
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(super) struct Shown {
    /// Their Matrix id.
    user_id: String,
    #[schema(required = true)]
    display_name: Option<String>,
    /// An `mxc:` address.
    #[schema(required = true)]
    avatar_url: Option<String>,
}

impl From<Person> for Shown {
    fn from(Person { user_id, display_name, avatar_url }: Person) -> Self {
        Self { user_id, display_name, avatar_url }
    }
}

/// An invite as shown to somebody who may know of it, but not use it.
#[derive(Serialize, ToSchema)]
#[schema(as = KnownInvite)]
pub(super) struct Known {
    /// The invite's number, which names it without telling its code.
    invite: i64,
    /// Who made it.
    owner: Shown,
    /// When it was made, in milliseconds since the epoch.
    created_ts: i64,
    #[schema(schema_with = states)]
    state: &'static str,
    /// How many people have joined with it.
    accepted_count: u32,
    /// When it ends, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<i64>,
}

/// The schema of an invite's state.
pub(super) fn states() -> Object {
    let states = [
        InviteState::Open,
        InviteState::NotYet,
        InviteState::Paused,
        InviteState::PausedByAdmin,
        InviteState::AllPaused,
        InviteState::Expired,
        InviteState::UsedUp,
    ];
    words(states.map(InviteState::key), "Whether the invite lets people in now (`open`), or why it does not.")
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
