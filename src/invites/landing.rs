//! The content of an invite's landing page, and somebody's progress.

use std::collections::HashMap;

use app::{Error as Refusal, Landing, Progress, Relation, Room, RoomLinks, SignUp, Step, StepState};
use matrix_sdk::ruma::{OwnedRoomId, RoomId, UserId};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{guest::Guest, parse::user_id, redeem::turn_of};
use crate::{
    account::Account,
    error::Result,
    homeserver::{InviterState, RoomSummary, Standing, Viewer},
    store::{Came, Redemption, StoredInvite},
};

/// Characters with a special meaning in the fragment of an address, or in one of Element's.
const IN_A_FRAGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'/').add(b'?').add(b'#').add(b'%');

impl Guest {
    /// The invite with this code and its inviter, if somebody who holds it may see them: if it lets them in, or is
    /// their own.
    pub(super) async fn shown_to(&self, user: Option<&UserId>, code: &str) -> Result<(StoredInvite, InviterState)> {
        let stored = self.catalog.find(code).await?.filter(|stored| stored.deleted_at.is_none());
        let stored = stored.ok_or(Refusal::UnknownInvite)?;
        let owner = user_id(&stored.invite.owner)?;
        let own = user == Some(&*owner);
        if !own && !self.catalog.is_open_to(&stored, user).await? {
            return Err(Refusal::UnknownInvite.into());
        }
        let inviter = Box::pin(self.accounts.inviter(&owner)).await?;
        match inviter.standing.may_invite() || own && inviter.standing == Standing::ShadowBanned {
            true => Ok((stored, inviter)),
            false => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// The content of an invite's landing page, without the ways to get an account, and the invite itself.
    pub(super) async fn see_landing(&self, account: Option<&Account>, code: &str) -> Result<(Landing, StoredInvite)> {
        let now = (self.catalog.clock)();
        let (stored, inviter) = self.shown_to(account.map(Account::user_id), code).await?;
        let owner = user_id(&stored.invite.owner)?;
        let relation = match account {
            None => Relation::SignedOut(SignUp::Elsewhere { help: None }),
            Some(account) if account.user_id() == owner => Relation::Owner,
            Some(account) => {
                let person = self.accounts.person(account.user_id()).await;
                let progress = self.see_progress(&stored, account).await?;
                match progress.running || progress.has_begun() {
                    true => Relation::Redeeming(person, progress),
                    false => Relation::Invited(person),
                }
            }
        };
        let state = stored.state(now);
        let mut invite = stored.invite.clone();
        let blocks = self.stored_rooms.blocks(code).await?;
        invite.terms.rooms.retain(|room| blocks.iter().all(|block| block.room != *room));
        let rooms = self.rooms_of(Viewer::Member(&owner), &invite.terms.rooms).await?;
        let spaces = rooms.iter().filter(|room| room.space).count();
        let picture = invite.terms.picture.as_deref().and_then(|chosen| picture(chosen, &rooms));
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let landing = Landing {
            inviter: inviter.person,
            welcome: invite.terms.welcome,
            public_title: invite.terms.public_title,
            picture,
            rooms: count(rooms.len() - spaces),
            spaces: count(spaces),
            chat: invite.terms.chat,
            shown: if invite.terms.show_rooms { rooms } else { Vec::new() },
            expires_at: invite.terms.limits.expires_at,
            state,
            relation,
            apps: Vec::new(),
            now,
        };
        self.kept.keep(code, invite.terms.picture, &landing);
        Ok((landing, stored))
    }

    /// Rooms as somebody sees them.
    pub(super) async fn rooms_of(&self, viewer: Viewer<'_>, rooms: &[String]) -> Result<Vec<Room>> {
        // An alias that was not resolved yet is a room of which nothing is known.
        let ids: Vec<OwnedRoomId> = rooms.iter().filter_map(|room| room.as_str().try_into().ok()).collect();
        let summaries = self.rooms.summaries(viewer, &ids).await?;
        let mut seen: HashMap<OwnedRoomId, Option<RoomSummary>> = ids.into_iter().zip(summaries).collect();
        Ok(rooms.iter().map(|id| room(id, seen.remove(id.as_str()).flatten())).collect())
    }

    /// Somebody's progress. Of the rooms that they have not joined yet they see what a stranger with the code would
    /// see. Once they cannot continue they see nothing of those: only the rooms that they have joined, and that others
    /// were missed.
    pub(super) async fn see_progress(&self, stored: &StoredInvite, account: &Account) -> Result<Progress> {
        let (invite, me) = (&stored.invite, account.user_id());
        let (running, redemption) = self.look_at_redemption(&invite.code, me).await?;
        let goes_on = !redemption.complete && (running || self.catalog.is_open_to(stored, Some(me)).await?);
        let blocks = self.stored_rooms.blocks(&invite.code).await?;
        let blocked = |room: &String| blocks.iter().any(|block| block.room == *room);
        let is_in = |room: &&String| redemption.is_in(Some(room));
        let tried = |room: &String| redemption.outcomes.iter().any(|outcome| outcome.room.as_ref() == Some(room));
        let rooms = invite.terms.rooms.iter();
        let rooms =
            rooms.filter(|room| is_in(room) || !blocked(room) && (goes_on || !redemption.complete && tried(room)));
        let (entered, others): (Vec<&String>, Vec<&String>) = rooms.clone().partition(is_in);
        let cloned = |rooms: Vec<&String>| rooms.into_iter().cloned().collect::<Vec<_>>();
        let mut seen = self.rooms_of(Viewer::Caller(account), &cloned(entered)).await?;
        if goes_on && invite.terms.show_rooms {
            seen.extend(self.rooms_of(Viewer::Member(&user_id(&invite.owner)?), &cloned(others)).await?);
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
        let mut steps: Vec<Step> = rooms
            .map(|id| Step {
                room: seen.iter().find(|room| room.id == *id).cloned(),
                chat: false,
                state: state(Some(id), Some(id)),
            })
            .collect();
        let chat = redemption.outcomes.iter().find(|outcome| outcome.room.is_none());
        // The Python module did not record the id of the direct chat.
        let unnamed = redemption.is_in(None) && redemption.chat.room.is_none();
        if invite.terms.chat && !unnamed && (goes_on || chat.is_some()) {
            steps.push(Step { room: None, chat: true, state: state(None, redemption.chat.room.as_deref()) });
        }
        Ok(Progress { steps, running, complete: redemption.complete })
    }

    /// Whether somebody's redemption is running now, in this instance or another one, and what has come of it.
    async fn look_at_redemption(&self, code: &str, me: &UserId) -> Result<(bool, Redemption)> {
        // Read first: a redemption that ends in between is then shown as running for a moment, rather than as stopped
        // too early.
        let runs_here = self.running.is_at_work(code, me);
        match self.redemptions.get(code, me.as_str()).await? {
            Some(begun) if !runs_here && !begun.complete => {
                if self.leases.is_at_work(&turn_of(me), code).await? {
                    return Ok((true, begun));
                }
                // It may have ended elsewhere in between.
                Ok((false, self.redemptions.get(code, me.as_str()).await?.unwrap_or(begun)))
            }
            redemption => Ok((runs_here, redemption.unwrap_or_default())),
        }
    }

    fn links(&self, room: &RoomId) -> RoomLinks {
        let via = [self.server_name.clone()];
        let app = room.matrix_uri_via(via.clone(), false).to_string();
        RoomLinks {
            acter: app.replacen("matrix:", "acter:", 1),
            matrix_to: room.matrix_to_uri_via(via).to_string(),
            element: self.catalog.rules.element_web_url.as_ref().map(|element| {
                let room = utf8_percent_encode(room.as_str(), IN_A_FRAGMENT);
                format!("{}/#/room/{room}", element.as_str().trim_end_matches('/'))
            }),
            app,
        }
    }
}

/// The picture of the room that was chosen for that, if it is one of these and has one. Nothing else of the room is told.
fn picture(chosen: &str, rooms: &[Room]) -> Option<Room> {
    let room = rooms.iter().find(|room| room.id == chosen && room.avatar_url.is_some())?;
    Some(Room { avatar_url: room.avatar_url.clone(), space: room.space, ..Room::default() })
}

fn room(id: &str, summary: Option<RoomSummary>) -> Room {
    let id = id.to_owned();
    match summary {
        Some(RoomSummary { name, avatar_url, space, members, .. }) => {
            Room { id, name, avatar_url, space, members, left: false }
        }
        None => Room { id, ..Room::default() },
    }
}
