//! What whoever holds a code sees, before and while they redeem it.

use app::{Error as Refusal, Invite, Landing, Progress, Relation, Room, RoomLinks, Step, StepState};
use matrix_sdk::ruma::{OwnedRoomId, RoomId, UserId};

use super::{Inner, Invites, registration::state, user_id};
use crate::{
    account::{Account, Origin},
    error::Result,
    homeserver::RoomSummary,
    store::Came,
};

impl Invites {
    /// The page behind an invite's link, for anybody who has it. Its owner sees it also when it lets nobody in; to everybody else it is then
    /// as if it had never been.
    pub async fn landing(&self, account: Option<&Account>, origin: &Origin, code: &str) -> Result<Landing> {
        let look = self.0.landing(account, code);
        self.0.guarded_for(account.map(Account::user_id), origin, look).await
    }

    /// How far somebody is with redeeming a code.
    pub async fn progress(&self, account: &Account, code: &str) -> Result<Progress> {
        let look = async {
            let stored = self.0.stored(code).await?.ok_or(Refusal::UnknownInvite)?;
            let me = account.user_id();
            // Whoever has begun sees it through, whatever has become of the invite since.
            let open = self.0.is_open_to(&stored, Some(me)).await?;
            if !open && self.0.store.redemption(code, me.as_str()).await?.is_none() {
                return Err(Refusal::UnknownInvite.into());
            }
            self.0.progress(&stored.invite, me).await
        };
        self.0.guarded(account, look).await
    }
}

impl Inner {
    async fn landing(&self, account: Option<&Account>, code: &str) -> Result<Landing> {
        let now = (self.clock)();
        let stored = self.stored(code).await?.filter(|stored| stored.deleted_at.is_none());
        let stored = stored.ok_or(Refusal::UnknownInvite)?;
        let owner = user_id(&stored.invite.owner)?;
        let user = account.map(Account::user_id);
        let own = user == Some(&*owner);
        if !own && !self.is_open_to(&stored, user).await? {
            return Err(Refusal::UnknownInvite.into());
        }
        let inviter = Box::pin(self.homeserver.inviter(&owner)).await?;
        if !inviter.standing.may_invite() {
            return Err(Refusal::UnknownInvite.into());
        }
        let state = state(&stored, now);
        let mut invite = stored.invite;
        let blocks = self.store.blocks(code).await?;
        invite.rooms.retain(|room| blocks.iter().all(|block| block.room != *room));
        let rooms = self.rooms_as(&owner, &invite.rooms).await?;
        let spaces = rooms.iter().filter(|room| room.space).count();
        let relation = match account {
            None => Relation::SignedOut,
            Some(_) if own => Relation::Owner,
            Some(account) => {
                let me = account.user_id();
                let person = self.homeserver.person(me).await;
                let progress = self.progress(&invite, me).await?;
                match progress.has_begun() {
                    true => Relation::Redeeming(person, progress),
                    false => Relation::Invited(person),
                }
            }
        };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Landing {
            inviter: inviter.person,
            welcome: invite.welcome,
            rooms: count(rooms.len() - spaces),
            spaces: count(spaces),
            chat: invite.chat,
            shown: if invite.show_rooms { rooms } else { Vec::new() },
            expires_at: invite.limits.expires_at,
            state,
            relation,
            now,
        })
    }

    /// Rooms as somebody sees them.
    pub(super) async fn rooms_as(&self, user: &UserId, rooms: &[String]) -> Result<Vec<Room>> {
        let ids: Vec<OwnedRoomId> = rooms.iter().filter_map(|room| room.as_str().try_into().ok()).collect();
        let summaries = self.homeserver.summaries(user, &ids).await?;
        Ok(ids.into_iter().zip(summaries).map(|(id, summary)| room(&id, summary)).collect())
    }

    async fn progress(&self, invite: &Invite, redeemer: &UserId) -> Result<Progress> {
        // Asked first: what ends in between is then shown as running for a moment, rather than as stopped before its end.
        let running = self.running.is_at_work(&invite.code, redeemer);
        let redemption = self.store.redemption(&invite.code, redeemer.as_str()).await?.unwrap_or_default();
        let seen: Vec<String> = invite.rooms.iter().filter(|room| redemption.is_in(Some(room))).cloned().collect();
        let mut seen = self.rooms_as(redeemer, &seen).await?;
        if invite.show_rooms {
            seen.extend(self.rooms_as(&user_id(&invite.owner)?, &invite.rooms).await?);
        }
        let state = |of: Option<&str>, room: Option<&str>| match redemption
            .outcomes
            .iter()
            .find(|outcome| outcome.room.as_deref() == of)
            .map(|outcome| &outcome.came)
        {
            None => StepState::Waiting,
            Some(Came::Missed { reason, .. }) => StepState::Missed(reason.clone()),
            Some(Came::In) => match room.and_then(|room| <&RoomId>::try_from(room).ok()) {
                Some(room) => StepState::In(self.links(room)),
                None => StepState::Waiting,
            },
        };
        let mut steps: Vec<Step> = invite
            .rooms
            .iter()
            .map(|id| Step {
                room: seen.iter().find(|room| room.id == *id).cloned(),
                chat: false,
                state: state(Some(id), Some(id)),
            })
            .collect();
        if invite.chat {
            steps.push(Step { room: None, chat: true, state: state(None, redemption.chat.room.as_deref()) });
        }
        Ok(Progress { steps, running, complete: redemption.complete })
    }

    fn links(&self, room: &RoomId) -> RoomLinks {
        let via = [self.homeserver.server_name().clone()];
        let app = room.matrix_uri_via(via.clone(), false).to_string();
        RoomLinks {
            acter: app.replacen("matrix:", "acter:", 1),
            matrix_to: room.matrix_to_uri_via(via).to_string(),
            element: self
                .rules
                .element_web_url
                .as_ref()
                .map(|element| format!("{}/#/room/{room}", element.as_str().trim_end_matches('/'))),
            app,
        }
    }
}

fn room(id: &RoomId, summary: Option<RoomSummary>) -> Room {
    let summary = summary.unwrap_or(RoomSummary { name: None, avatar_url: None, space: false });
    Room { id: id.to_string(), name: summary.name, avatar_url: summary.avatar_url, space: summary.space }
}
