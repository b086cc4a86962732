//! Redeeming: the person is in every room, or knows which are missing and why, and nothing is ever done twice.
//!
//! What came of each room is written down as it happens. A redemption that was cut short, by an error or by the end of the
//! process, is finished by the next one of the same person, who finds there what is done. While somebody redeems, they hold a
//! lease in the database, so one person's redemptions run one after the other, also across instances.

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
    store::{self, Begun, Came, Millis, Outcome, Redemption, Redemptions, Signals},
};

/// How many rooms are entered at once. More gain nothing: the time is the homeserver's own.
const AT_ONCE: usize = 4;

/// How one person's redemptions take turns.
const TURNS: Turns =
    Turns { lease: Duration::from_secs(10), queue: Duration::from_secs(60), look: Duration::from_millis(100) };

/// For how long the homeserver's own limits are waited out in one redemption.
const PATIENCE: Duration = Duration::from_secs(20);

/// Redeems.
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
    pub(super) clock: Clock,
}

impl Redeeming {
    /// Whether somebody may begin to redeem a code, or go on with it.
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

    /// Redeems while no other redemption of the person's is at work.
    pub(super) async fn redeem_in_turn(&self, account: &Account, code: &str) -> Result<Joined> {
        let begun = Instant::now();
        let _place = self.queues.enter(account.user_id(), TURNS.queue).await?;
        let turns = Turns { queue: TURNS.queue.saturating_sub(begun.elapsed()), ..TURNS };
        let turn = format!("redeem:{}", account.user_id());
        let joined = self.leases.in_turn(&turn, turns, Box::pin(self.redeem_now(account, code))).await?;
        joined.ok_or_else(Error::unreachable)
    }

    async fn redeem_now(&self, account: &Account, code: &str) -> Result<Joined> {
        let redeemer = account.user_id();
        // Read again: what was true when the request came may have changed while it waited for its turn.
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
        // Both go on to their end, whatever becomes of the other.
        let (rooms, chat) = tokio::join!(self.enter_rooms(&journey, &invite, rooms), chat);
        rooms?;
        chat?;
        self.arrive(account, &invite, &before).await
    }

    /// Begins: both accounts may be used, and a use of the invite is taken.
    async fn set_out(&self, invite: &Invite, redeemer: &UserId) -> Result<Journey> {
        let (code, owner) = (&invite.code, user_id(&invite.owner)?);
        let caller = self.check_standing(&owner, redeemer).await.inspect_err(|error| {
            // A homeserver that does not answer now is nobody's fault here.
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
            patience: Instant::now() + PATIENCE,
        };
        // Asked again where the use is taken: seconds may have passed since it was looked at.
        match self.redemptions.begin(code, journey.redeemer.user().as_str(), self.catalog.ends()).await? {
            Begun::No => Err(Refusal::UnknownInvite.into()),
            Begun::Yes => Ok(journey),
        }
    }

    /// Ends: what has come of it since `before` is counted and noted.
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

    /// Whether both accounts may be used, and the redeemer's state if so.
    async fn check_standing(&self, owner: &UserId, redeemer: &UserId) -> Result<Standing> {
        // The redeemer first: whoever is refused anyway makes nobody look at the owner's account.
        let caller = self.accounts.caller_standing(redeemer).await?;
        match caller {
            Standing::Active | Standing::ShadowBanned => {}
            Standing::Suspended => return Err(Refusal::Suspended.into()),
            Standing::Locked => return Err(Refusal::Locked.into()),
            Standing::Deactivated | Standing::Unknown => return Err(Refusal::SignedOut { soft: false }.into()),
        }
        match self.accounts.standing(owner).await? {
            Standing::Active => Ok(caller),
            // Nobody is to find out: to them as well as to those who come it is an invite that does not work.
            Standing::ShadowBanned => Err(Refusal::UnknownInvite.into()),
            _ => Err(Refusal::OwnerGone.into()),
        }
    }

    /// Whether somebody may make the homeserver do that much now.
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
        // Spaces first: whoever is in them may come into many a room by themselves.
        for rooms in self.waves(journey, invite, rooms).await {
            let mut entering = stream::iter(rooms).map(&enter).buffer_unordered(AT_ONCE);
            while let Some(entered) = entering.next().await {
                entered?;
            }
        }
        Ok(())
    }

    /// The spaces and then the other rooms, each with whether the redeemer may come in uninvited once they are in the invite's other rooms. What
    /// the owner saw a moment ago will do: where it has changed, the owner invites.
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

    /// Writes down what came of a room, or of the direct chat.
    pub(super) async fn note(&self, journey: &Journey, room: Option<&str>, came: Came) -> Result<()> {
        let outcome = Outcome { room: room.map(str::to_owned), came };
        let redeemer = journey.redeemer.user().as_str();
        self.redemptions.note_outcome(&journey.code, redeemer, &outcome, (self.clock)()).await?;
        self.signals.tell(&journey.code, redeemer);
        Ok(())
    }
}

/// The rooms in which somebody is not yet through their redemption, and those of them that are named by an alias of the Python module's which
/// the homeserver has not told yet.
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

/// What a redemption has come to, for the rooms that the invite has now, in its order.
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
            // A room that has left the invite since is not missing any more.
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
