//! The direct chat between redeemer and inviter: a single one, however often something goes wrong on the way.

use std::{collections::HashSet, sync::Arc, time::Duration};

use app::Reason;
use matrix_sdk::ruma::OwnedRoomId;
use tokio::time::{Instant, sleep};

use super::{
    journey::{Journey, missed, seen},
    work::{Done, Work},
};
use crate::{
    chance::Chance,
    clock::Clock,
    error::{Result, StepError},
    homeserver::{self, Error, Membership},
    store::{Came, Chat, Millis, Redemptions},
};

/// How long the homeserver may take to create a chat after its response was lost, in milliseconds.
const MAKING: Millis = 10_000;

/// The interval at which to check whether the chat exists. Each check reads every room that the redeemer is in.
const LOOK: Duration = Duration::from_secs(2);

/// Creates direct chats.
pub(super) struct Chats {
    pub(super) redemptions: Redemptions,
    pub(super) work: Arc<Done>,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

impl Chats {
    /// Makes sure that the two have a direct chat which the redeemer's clients show as such, continuing from where an
    /// earlier attempt stopped.
    pub(super) async fn ensure(&self, journey: &Journey, before: &Chat) -> Result<Came> {
        let none =
            |errcode: &str, again| Came::Missed { reason: Reason::ChatFailed, errcode: errcode.to_owned(), again };
        Ok(if journey.ignored {
            missed(Reason::OwnerIgnored, "M_INVITE_BLOCKED")
        } else if journey.shadow_banned {
            // The homeserver itself would only pretend to create it.
            none("M_UNKNOWN", false)
        } else {
            match self.make_chat(journey, before).await {
                Ok(()) => Came::In,
                Err(StepError::Failed(error)) => return Err(error),
                Err(StepError::Homeserver(unreachable @ Error::Unreachable(_))) => return Err(unreachable.into()),
                Err(StepError::Homeserver(error)) => {
                    tracing::warn!(%error, "no direct chat");
                    match error {
                        Error::Refused(refusal) => none(&refusal.errcode, !refusal.is_judgement()),
                        _ => none("M_UNKNOWN", true),
                    }
                }
            }
        })
    }

    async fn make_chat(&self, journey: &Journey, before: &Chat) -> Result<(), StepError> {
        let (owner, redeemer) = (journey.owner.user(), &journey.redeemer);
        let room = match before.room.as_deref().map(OwnedRoomId::try_from) {
            Some(Ok(room)) => room,
            _ => {
                let room = self.find_or_make_chat(journey, before).await?;
                self.redemptions.note_chat_room(&journey.code, redeemer.user().as_str(), room.as_str()).await?;
                room
            }
        };
        Ok(journey.patiently(|| redeemer.add_direct_chat(owner, &room)).await?)
    }

    async fn find_or_make_chat(&self, journey: &Journey, before: &Chat) -> Result<OwnedRoomId, StepError> {
        let (owner, redeemer) = (journey.owner.user(), &journey.redeemer);
        if let Some(marker) = &before.marker
            && let Some(room) = self.wait_for_unfinished(journey, marker, before.tried_at).await?
        {
            return Ok(room);
        }
        if let Some(room) = find_existing(journey).await? {
            return Ok(room);
        }
        let marker = match &before.marker {
            Some(marker) => marker.clone(),
            None => String::from(self.chance.code()?),
        };
        let (code, me, now) = (&journey.code, redeemer.user().as_str(), (self.clock)());
        self.redemptions.note_chat_marker(code, me, &marker, Some(now)).await?;
        self.work.note(Work::MakeChat, redeemer.user(), 1, now);
        let made = journey.patiently(|| redeemer.create_chat(owner, &marker)).await;
        match &made {
            Err(Error::Refused(refusal)) if refusal.status < 500 => {
                self.redemptions.note_chat_marker(code, me, &marker, None).await?;
            }
            // It may still come to exist: the next attempt waits, counting from now.
            Err(_) => self.redemptions.note_chat_marker(code, me, &marker, Some((self.clock)())).await?,
            Ok(_) => {}
        }
        Ok(made?)
    }

    /// The chat of an earlier attempt that was interrupted, or got no response: nobody knows whether it exists. The
    /// homeserver may still be creating it, so this waits a while for it before another one is made.
    async fn wait_for_unfinished(
        &self,
        journey: &Journey,
        marker: &str,
        tried_at: Option<Millis>,
    ) -> Result<Option<OwnedRoomId>, StepError> {
        let ago = tried_at.map_or(MAKING, |tried_at| (self.clock)() - tried_at);
        // Bounded, because the clocks of instances may differ.
        let may_come_for = u64::try_from((MAKING - ago).clamp(0, MAKING)).unwrap_or_default();
        let until = Instant::now() + Duration::from_millis(may_come_for);
        loop {
            let found = find_unfinished(journey, marker).await?;
            if found.is_some() || Instant::now() >= until {
                return Ok(found);
            }
            sleep(LOOK).await;
        }
    }
}

/// The chat of an interrupted attempt, inviting the owner if that had not happened yet.
async fn find_unfinished(journey: &Journey, marker: &str) -> homeserver::Result<Option<OwnedRoomId>> {
    let (owner, redeemer) = (journey.owner.user(), &journey.redeemer);
    let Some(room) = redeemer.find_chat(marker).await? else { return Ok(None) };
    if seen(redeemer.membership(&room, owner).await)? == Membership::Outside {
        redeemer.invite(&room, owner).await?;
    }
    Ok(Some(room))
}

/// The most rooms that are checked for an existing direct chat of the two. Either of them can list as many as they
/// like.
const LOOKED_AT: usize = 20;

/// A room that one of the two has marked as their direct chat, with the redeemer in it, and the owner in it or invited.
async fn find_existing(journey: &Journey) -> homeserver::Result<Option<OwnedRoomId>> {
    let (owner, redeemer) = (&journey.owner, &journey.redeemer);
    let mut rooms = owner.direct_chats(redeemer.user()).await?;
    rooms.extend(redeemer.direct_chats(owner.user()).await?);
    if rooms.is_empty() {
        return Ok(None);
    }
    let mut joined: HashSet<_> = redeemer.joined_rooms().await?.into_iter().collect();
    // The redeemer's own list first, newest first, without duplicates.
    for room in rooms.into_iter().rev().filter(|room| joined.remove(room)).take(LOOKED_AT) {
        let friend = seen(redeemer.membership(&room, owner.user()).await)?;
        if matches!(friend, Membership::Joined | Membership::Invited) {
            return Ok(Some(room));
        }
    }
    Ok(None)
}
