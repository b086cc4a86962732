//! Redeeming an invite. In the end the person has joined every room, or knows which are missing and why, and nothing
//! was done twice.
//!
//! The outcome for each room is stored as soon as it is known. A redemption that was interrupted, by an error or by the
//! end of the process, is finished by the person's next one, which finds there what is done. A lease in the database
//! makes one person's redemptions run one after the other, also across instances.

use std::{sync::Arc, time::Duration};

use app::{Action, Detail, Error as Refusal, Invite, Joined, Reason};
use futures_util::{StreamExt, stream};
use matrix_sdk::ruma::{OwnedRoomId, UserId};
use tokio::time::Instant;

use super::{
    aliases::Aliases,
    audit::AuditLog,
    catalog::Catalog,
    chat::Chats,
    journey::{Journey, missed},
    lease::{Leases, Turns},
    parse::{number, user_id},
    queue::Queues,
    registration_token::RegistrationTokens,
    work::{Done, Work},
};
use crate::{
    account::Account,
    clock::Clock,
    error::{Error, Result},
    homeserver::{Accounts, Acting, Entrance, Rooms, Standing, Viewer},
    metrics::Metrics,
    store::{self, Begun, Came, Millis, Outcome, Redemption, Redemptions, Signals},
};

/// How many rooms are joined at once. More would gain nothing: the time is spent in the homeserver.
const ROOMS_JOINED_AT_ONCE: usize = 4;

/// The timing of the lease that one person's redemptions take.
const LEASE_TIMING: Turns =
    Turns { lease: Duration::from_secs(10), queue: Duration::from_secs(60), look: Duration::from_millis(100) };

/// How long one redemption waits out the homeserver's rate limits.
const RATE_LIMIT_PATIENCE: Duration = Duration::from_secs(20);

/// The name of the lease that somebody's redemptions take, one after the other, each on its code.
pub(super) fn turn_of(redeemer: &UserId) -> String {
    format!("redeem:{redeemer}")
}

/// Redeems invites.
pub(super) struct Redeeming {
    pub(super) catalog: Catalog,
    pub(super) aliases: Aliases,
    pub(super) redemptions: Redemptions,
    pub(super) stored_rooms: store::Rooms,
    pub(super) accounts: Accounts,
    pub(super) rooms: Rooms,
    pub(super) acting: Acting,
    pub(super) signals: Signals,
    pub(super) chats: Chats,
    pub(super) tokens: RegistrationTokens,
    pub(super) leases: Leases,
    pub(super) queues: Queues,
    pub(super) audit: AuditLog,
    pub(super) work: Arc<Done>,
    pub(super) metrics: Metrics,
    pub(super) clock: Clock,
}

impl Redeeming {
    /// Returns an error unless somebody may begin to redeem a code, or continue.
    pub(super) async fn check(&self, redeemer: &UserId, code: &str) -> Result<()> {
        let invite = self.catalog.open_or_own(redeemer, code).await?;
        if invite.owner == redeemer.as_str() {
            return Err(Refusal::OwnInvite.into());
        }
        match self.redemptions.is_complete(code, redeemer.as_str()).await? {
            true => Err(Refusal::AlreadyRedeemed.into()),
            false => Ok(()),
        }
    }

    /// Redeems while no other redemption of this person is running.
    pub(super) async fn redeem_in_turn(&self, account: &Account, code: &str) -> Result<Joined> {
        let begun = Instant::now();
        let _place = self.queues.enter(account.user_id(), LEASE_TIMING.queue).await?;
        let turns = Turns { queue: LEASE_TIMING.queue.saturating_sub(begun.elapsed()), ..LEASE_TIMING };
        let turn = turn_of(account.user_id());
        let joined = self.leases.in_turn(&turn, code, turns, Box::pin(self.redeem_now(account, code))).await?;
        joined.ok_or_else(Error::unreachable)
    }

    async fn redeem_now(&self, account: &Account, code: &str) -> Result<Joined> {
        let redeemer = account.user_id();
        // Read again, because it may have changed while the request waited for its turn.
        let mut invite = self.catalog.open_or_own(redeemer, code).await?;
        if self.aliases.resolve_aliases(code, &invite.terms.rooms).await? {
            invite = self.catalog.open_or_own(redeemer, code).await?;
        }
        let before = self.redemptions.get(code, redeemer.as_str()).await?.unwrap_or_default();
        if before.complete {
            return Ok(summary(&invite.terms.rooms, before));
        }
        let (rooms, unknown) = missing(&invite.terms.rooms, &before);
        let wants_chat = invite.terms.chat && !before.is_in(None);
        self.check_work(redeemer, &rooms, wants_chat)?;
        let journey = self.set_out(&invite, redeemer).await?;
        self.tokens.settle_soon(&invite);
        self.work.note(Work::EnterRoom, redeemer, rooms.len(), (self.clock)());
        for room in unknown {
            let came = Came::Missed { reason: Reason::RoomUnknown, errcode: "M_NOT_FOUND".to_owned(), again: true };
            self.note(&journey, Some(&room), came).await?;
        }
        let chat = async {
            match wants_chat {
                true => self.note(&journey, None, self.chats.ensure(&journey, &before.chat).await?).await,
                false => Ok(()),
            }
        };
        // Both run to their end, even if the other fails.
        let (rooms, chat) = tokio::join!(self.enter_rooms(&journey, &invite, rooms), chat);
        rooms?;
        chat?;
        self.arrive(account, &invite, &before).await
    }

    /// Begins a redemption: checks that both accounts can be used, and takes a use of the invite.
    async fn set_out(&self, invite: &Invite, redeemer: &UserId) -> Result<Journey> {
        let (code, owner) = (&invite.code, user_id(&invite.owner)?);
        let caller = self.check_standing(&owner, redeemer).await.inspect_err(|error| {
            // If the homeserver does not answer, nobody here is to blame.
            if !matches!(error, Error::Refused(Refusal::Unreachable { .. })) {
                self.work.note(Work::RedeemInVain, redeemer, 1, (self.clock)());
            }
        })?;
        let (owner, redeemer) = tokio::try_join!(self.acting.act_as(&owner), self.acting.act_as(redeemer))?;
        let journey = Journey {
            code: code.clone(),
            ignored: redeemer.ignores(owner.user()).await?,
            shadow_banned: caller == Standing::ShadowBanned,
            owner,
            redeemer,
            patience: Instant::now() + RATE_LIMIT_PATIENCE,
        };
        // Checked again in the transaction that takes the use: seconds may have passed since the invite was read.
        match self.redemptions.begin(code, journey.redeemer.user().as_str(), self.catalog.ends()).await? {
            Begun::No => Err(Refusal::UnknownInvite.into()),
            Begun::Yes => Ok(journey),
        }
    }

    /// Ends a redemption: counts and records what it has achieved since `before`.
    async fn arrive(&self, account: &Account, invite: &Invite, before: &Redemption) -> Result<Joined> {
        let (code, redeemer) = (&invite.code, account.user_id());
        let me = redeemer.as_str();
        let after = self.redemptions.get(code, me).await?.unwrap_or_default();
        let in_vain = after.came_in_to() == before.came_in_to();
        let joined = summary(&invite.terms.rooms, after);
        if joined.missed.is_empty() {
            self.redemptions.complete(code, me, (self.clock)()).await?;
        } else if joined.rooms.is_empty() {
            self.redemptions.give_use_back(code, me, Millis::MAX, (self.clock)()).await?;
            self.tokens.settle_soon(invite);
        }
        if in_vain && !joined.missed.is_empty() {
            self.work.note(Work::RedeemInVain, redeemer, 1, (self.clock)());
        }
        let (rooms, missed) = (joined.rooms.len(), joined.missed.len());
        if !in_vain || *before == Redemption::default() {
            let detail = Detail::Came { joined: number(rooms), missed: number(missed) };
            self.audit.note(&self.audit.entry(account, Action::Redeemed, Some(code), Some(detail))?).await?;
        }
        tracing::info!(redeemer = me, owner = invite.owner, joined = rooms, missed, "an invite was redeemed");
        Ok(joined)
    }

    /// Checks that both accounts can be used, and returns the state of the redeemer's.
    async fn check_standing(&self, owner: &UserId, redeemer: &UserId) -> Result<Standing> {
        // The redeemer first: if they are refused anyway, the owner's account need not be queried.
        let caller = self.accounts.caller_standing(redeemer).await?;
        match caller {
            Standing::Active | Standing::ShadowBanned => {}
            Standing::Suspended => return Err(Refusal::Suspended.into()),
            Standing::Locked => return Err(Refusal::Locked.into()),
            Standing::Deactivated | Standing::Unknown => return Err(Refusal::SignedOut { soft: false }.into()),
        }
        match self.accounts.standing(owner).await? {
            Standing::Active => Ok(caller),
            // Nobody must find out: for the owner as well as for redeemers, the invite just does not work.
            Standing::ShadowBanned => Err(Refusal::UnknownInvite.into()),
            _ => Err(Refusal::OwnerGone.into()),
        }
    }

    /// Checks that somebody may cause this much work for the homeserver now.
    fn check_work(&self, redeemer: &UserId, rooms: &[OwnedRoomId], chat: bool) -> Result<(), Refusal> {
        let now = (self.clock)();
        self.work.check(Work::RedeemInVain, redeemer, now)?;
        if !rooms.is_empty() {
            self.work.check(Work::EnterRoom, redeemer, now)?;
        }
        match chat {
            true => self.work.check(Work::MakeChat, redeemer, now),
            false => Ok(()),
        }
    }

    async fn enter_rooms(&self, journey: &Journey, invite: &Invite, rooms: Vec<OwnedRoomId>) -> Result<()> {
        let blocks = self.stored_rooms.blocks(&journey.code).await?;
        let enter = async |(room, is_open): (OwnedRoomId, bool)| {
            let came = match blocks.iter().any(|block| block.room == room) {
                true => missed(Reason::RoomBlocked, "M_FORBIDDEN"),
                false => journey.enter(&room, is_open).await?,
            };
            self.note(journey, Some(room.as_str()), came).await
        };
        // Spaces first: their members may join many a room without an invitation.
        for rooms in self.waves(journey, invite, rooms).await {
            let mut entering = stream::iter(rooms).map(&enter).buffer_unordered(ROOMS_JOINED_AT_ONCE);
            while let Some(entered) = entering.next().await {
                entered?;
            }
        }
        Ok(())
    }

    /// The spaces, and then the other rooms, each with whether the redeemer may join it without an invitation once they
    /// are in the invite's other rooms. Slightly outdated data will do: if a room has changed, the owner invites.
    async fn waves(
        &self,
        journey: &Journey,
        invite: &Invite,
        rooms: Vec<OwnedRoomId>,
    ) -> [Vec<(OwnedRoomId, bool)>; 2] {
        let summaries = self.rooms.summaries(Viewer::Member(journey.owner.user()), &rooms).await;
        let summaries = summaries.unwrap_or_else(|error| {
            tracing::debug!(%error, "all rooms are entered by invitation");
            vec![None; rooms.len()]
        });
        let mut waves = [Vec::new(), Vec::new()];
        for (room, summary) in rooms.into_iter().zip(summaries) {
            let leads_there = |id: &OwnedRoomId| invite.terms.rooms.iter().any(|room| *room == *id);
            let is_open = match summary.as_ref().map(|summary| &summary.entrance) {
                Some(Entrance::Public | Entrance::Through(None)) => true,
                Some(Entrance::Through(Some(others))) => others.iter().any(leads_there),
                Some(Entrance::Closed) | None => false,
            };
            let wave = usize::from(!summary.is_some_and(|summary| summary.space));
            waves[wave].push((room, is_open));
        }
        waves
    }

    /// Stores the outcome for a room, or for the direct chat.
    pub(super) async fn note(&self, journey: &Journey, room: Option<&str>, came: Came) -> Result<()> {
        let outcome = Outcome { room: room.map(str::to_owned), came };
        let came = match &outcome.came {
            Came::In => "joined",
            Came::Missed { reason, .. } => reason.key(),
        };
        self.metrics.room(if room.is_some() { "room" } else { "chat" }, came);
        let redeemer = journey.redeemer.user().as_str();
        self.redemptions.note_outcome(&journey.code, redeemer, &outcome, (self.clock)()).await?;
        self.signals.tell(&journey.code, redeemer);
        Ok(())
    }
}

/// The rooms that somebody has not joined yet by their redemption, and, apart from these, the unresolved aliases of the
/// Python module.
fn missing(rooms: &[String], redemption: &Redemption) -> (Vec<OwnedRoomId>, Vec<String>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for room in rooms.iter().filter(|room| !redemption.is_in(Some(room))) {
        match OwnedRoomId::try_from(room.as_str()) {
            Ok(room) => known.push(room),
            Err(_) => unknown.push(room.clone()),
        }
    }
    (known, unknown)
}

/// The result of a redemption for the rooms that the invite has now, in its order.
fn summary(rooms: &[String], redemption: Redemption) -> Joined {
    let mut joined = Joined::default();
    let position = |outcome: &Outcome| {
        let named = |room: &String| outcome.room.as_ref() == Some(room);
        rooms.iter().position(named).unwrap_or(rooms.len())
    };
    let mut outcomes = redemption.outcomes;
    outcomes.sort_by_key(|outcome| (outcome.room.is_none(), position(outcome)));
    for outcome in outcomes {
        match outcome.missed() {
            // A room that was since removed from the invite is not missing any more.
            Some(missed) if outcome.room.is_none() || position(&outcome) < rooms.len() => joined.missed.push(missed),
            Some(_) => {}
            None => joined.rooms.extend(outcome.room.or_else(|| redemption.chat.room.clone())),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(room: Option<&str>, came: Came) -> Outcome {
        Outcome { room: room.map(str::to_owned), came }
    }

    fn missed() -> Came {
        super::missed(Reason::Banned, "M_BAD_STATE")
    }

    #[test]
    fn the_answer_is_in_the_invites_order_and_ends_with_the_chat() {
        let rooms = ["!b:x", "!a:x", "!c:x", "#d:x"].map(str::to_owned);
        let mut redemption = Redemption::default();
        redemption.chat.room = Some("!chat:x".into());
        redemption.outcomes = vec![
            outcome(None, Came::In),
            outcome(Some("!a:x"), Came::In),
            outcome(Some("!b:x"), Came::In),
            outcome(Some("!c:x"), missed()),
            outcome(Some("!left-the-invite:x"), missed()),
        ];
        let (known, unknown) = missing(&rooms, &redemption);
        assert_eq!((known, unknown), (vec![OwnedRoomId::try_from("!c:x").expect("an id")], vec!["#d:x".to_owned()]));
        let joined = summary(&rooms, redemption);
        assert_eq!(joined.rooms, ["!b:x", "!a:x", "!chat:x"]);
        assert_eq!(joined.missed.len(), 1);
        assert_eq!(joined.missed[0].room.as_deref(), Some("!c:x"));
    }
}
