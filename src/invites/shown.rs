//! Invites and rooms as shown to people who may see them.

use app::{Invite, InviteState, KnownInvite, Room};

use super::parse::user_id;
use crate::{
    error::Result,
    homeserver::{Accounts, JoinedRoom},
};

/// A room, as shown to one of its members.
pub(super) fn room(room: &JoinedRoom) -> Room {
    let (name, avatar_url) = (room.name.clone(), room.avatar_url.clone());
    Room { id: room.id.to_string(), name, avatar_url, space: room.space, ..Room::default() }
}

/// An invite, as shown to somebody who may know of it, but not use it.
pub(super) async fn known(
    accounts: &Accounts,
    number: i64,
    invite: &Invite,
    came: u32,
    state: InviteState,
) -> Result<KnownInvite> {
    Ok(KnownInvite {
        number,
        owner: accounts.person(&user_id(&invite.owner)?).await,
        created_at: invite.created_at,
        limits: invite.terms.limits,
        state,
        came,
    })
}
