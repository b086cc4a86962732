//! Redeeming: the person is in every room, or knows which are missing and why, and nothing is ever done twice.
//!
//! What came of each room is written down as it happens. A redemption that was cut short, by an error or by the end of the
//! process, is finished by the next one of the same person, who finds there what is done. While somebody redeems, they hold a
//! lease in the database, so one person's redemptions run one after the other, also across instances.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::{Action, Detail, Error as Refusal, Invite, InviteState, Joined, Reason};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
    stream,
};
use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId, UserId};
use tokio::time::Instant;

use super::{Inner, Invites, entry::missed, lease::Turns, number, user_id, work::Work};
use crate::{
    account::Account,
    error::{Error, Result},
    homeserver::{Actor, Entrance, Standing, Viewer},
    store::{Begun, Came, Millis, Outcome, Redemption, StoredInvite},
};

/// How many rooms are entered at once. More gain nothing: the time is the homeserver's own.
const AT_ONCE: usize = 4;

/// How one person's redemptions take turns.
const TURNS: Turns =
    Turns { lease: Duration::from_secs(10), queue: Duration::from_secs(60), look: Duration::from_millis(100) };

/// For how long the homeserver's own limits are waited out in one redemption.
const PATIENCE: Duration = Duration::from_secs(20);

type Task = Shared<BoxFuture<'static, Result<Joined, Refusal>>>;

/// The redemptions at work in this process, by code and redeemer.
#[derive(Default, Clone)]
pub(super) struct Running(Arc<Mutex<HashMap<(String, OwnedUserId), Task>>>);

impl Running {
    /// The work that is being done for this code and person already, or `start`ed now.
    fn join(&self, key: (String, OwnedUserId), start: impl FnOnce() -> Task) -> Task {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.entry(key).or_insert_with(start).clone()
    }

    /// Whether this code is being redeemed for this person now.
    pub(super) fn is_at_work(&self, code: &str, redeemer: &UserId) -> bool {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.contains_key(&(code.to_owned(), redeemer.to_owned()))
    }

    fn end(&self, key: &(String, OwnedUserId)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Ends an entry of [`Running`] even if its work panics.
struct Ending {
    running: Running,
    key: (String, OwnedUserId),
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.running.end(&self.key);
    }
}

/// Everything that the steps of one redemption share.
pub(super) struct Journey {
    pub(super) code: String,
    /// Whose invite it is, acted for.
    pub(super) owner: Actor,
    /// Who redeems, acted for.
    pub(super) redeemer: Actor,
    /// Until when the homeserver's limits are waited out.
    pub(super) patience: Instant,
    /// Whether the redeemer ignores the owner, so that no invitation reaches them.
    pub(super) ignored: bool,
    /// Whether the homeserver pretends to the redeemer that all works.
    pub(super) shadow_banned: bool,
}

impl Invites {
    /// Brings somebody into everything that a code leads to.
    ///
    /// Several requests for the same code and person are one redemption and get one answer. It goes on to its end even if
    /// whoever asked hangs up.
    pub async fn redeem(&self, account: &Account, code: &str) -> Result<Joined> {
        let me = account.user_id();
        self.0.guarded(account, code, self.0.check_redeemable(me, code)).await?;
        let key = (code.to_owned(), me.to_owned());
        let start = || {
            let ending = Ending { running: self.0.running.clone(), key: key.clone() };
            let (inner, account) = (Arc::clone(&self.0), account.clone());
            let work = self
                .0
                .tasks
                .spawn(async move { inner.redeem_in_turn(&account, &ending.key.0).await.map_err(Error::into_told) });
            work.map(|ended| ended.unwrap_or(Err(Refusal::Internal))).boxed().shared()
        };
        Ok(self.0.running.join(key.clone(), start).await?)
    }
}

impl Inner {
    /// Whether somebody may begin to redeem a code, or go on with it.
    async fn check_redeemable(&self, redeemer: &UserId, code: &str) -> Result<()> {
        let invite = self.live_invite(redeemer, code).await?;
        if invite.owner == redeemer.as_str() {
            return Err(Refusal::OwnInvite.into());
        }
        match self.store.has_redeemed(code, redeemer.as_str()).await? {
            true => Err(Refusal::AlreadyRedeemed.into()),
            false => Ok(()),
        }
    }

    /// An invite that lets this person in, or their own, of which they are told by other means that it is.
    async fn live_invite(&self, redeemer: &UserId, code: &str) -> Result<Invite> {
        let stored = self.stored(code).await?.ok_or(Refusal::UnknownInvite)?;
        let own = stored.deleted_at.is_none() && stored.invite.owner == redeemer.as_str();
        match own || self.is_open_to(&stored, Some(redeemer)).await? {
            true => Ok(stored.invite),
            false => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// Whether an invite lets somebody in. One that is used up lets those in who have one of its uses.
    pub(super) async fn is_open_to(&self, stored: &StoredInvite, user: Option<&UserId>) -> Result<bool> {
        let (invite, stopped) = (&stored.invite, stored.all_paused || stored.invite.is_stopped());
        match (stored.state((self.clock)()), user) {
            _ if stored.deleted_at.is_some() => Ok(false),
            (InviteState::Open, _) => Ok(true),
            (InviteState::UsedUp, Some(user)) if !stopped => {
                Ok(self.store.holds_use(&invite.code, user.as_str()).await?)
            }
            _ => Ok(false),
        }
    }

    /// Redeems while no other redemption of the person's is at work.
    async fn redeem_in_turn(self: &Arc<Self>, account: &Account, code: &str) -> Result<Joined> {
        let turn = format!("redeem:{}", account.user_id());
        let joined = self.in_turn(&turn, TURNS, Box::pin(self.redeem_now(account, code))).await?;
        joined.ok_or_else(Error::unreachable)
    }

    async fn redeem_now(self: &Arc<Self>, account: &Account, code: &str) -> Result<Joined> {
        let redeemer = account.user_id();
        // Read again: what was true when the request came may have changed while it waited for its turn.
        let mut invite = self.live_invite(redeemer, code).await?;
        if self.resolve_aliases(code, &invite.terms.rooms).await? {
            invite = self.live_invite(redeemer, code).await?;
        }
        let before = self.store.redemption(code, redeemer.as_str()).await?.unwrap_or_default();
        if before.complete {
            return Ok(summary(&invite.terms.rooms, before));
        }
        let (rooms, unknown) = missing(&invite.terms.rooms, &before);
        let wants_chat = invite.terms.chat && !before.is_in(None);
        self.check_work(redeemer, &rooms, wants_chat)?;
        let owner = user_id(&invite.owner)?;
        let caller = self.check_standing(&owner, redeemer).await.inspect_err(|error| {
            // A homeserver that does not answer now is nobody's fault here.
            if !matches!(error, Error::Refused(Refusal::Unreachable { .. })) {
                self.done.note(Work::RedeemInVain, redeemer, 1, (self.clock)());
            }
        })?;
        let (owner, redeemer) = tokio::try_join!(self.homeserver.act_as(&owner), self.homeserver.act_as(redeemer))?;
        let journey = Journey {
            code: code.to_owned(),
            ignored: redeemer.ignores(owner.user()).await?,
            shadow_banned: caller == Standing::ShadowBanned,
            owner,
            redeemer,
            patience: Instant::now() + PATIENCE,
        };
        let me = journey.redeemer.user().as_str();
        // Asked again where the use is taken: seconds may have passed since it was looked at.
        if self.store.begin_redemption(code, me, self.ends()).await? == Begun::No {
            return Err(Refusal::UnknownInvite.into());
        }
        self.settle_soon(&invite);
        self.done.note(Work::EnterRoom, journey.redeemer.user(), rooms.len(), (self.clock)());
        for room in unknown {
            let came = Came::Missed { reason: Reason::RoomUnknown, errcode: "M_NOT_FOUND".to_owned(), again: true };
            self.note(&journey, Some(&room), came).await?;
        }
        let chat = async {
            match wants_chat {
                true => self.ensure_chat(&journey, &before.chat).await,
                false => Ok(()),
            }
        };
        // Both go on to their end, whatever becomes of the other.
        let (rooms, chat) = tokio::join!(self.enter_rooms(&journey, &invite, rooms), chat);
        rooms?;
        chat?;

        let after = self.store.redemption(code, me).await?.unwrap_or_default();
        let in_vain = after.came_in_to() == before.came_in_to();
        let joined = summary(&invite.terms.rooms, after);
        if joined.missed.is_empty() {
            self.store.complete_redemption(code, me, (self.clock)()).await?;
        } else if joined.rooms.is_empty() {
            self.store.give_use_back(code, me, Millis::MAX, (self.clock)()).await?;
            self.settle_soon(&invite);
        }
        if in_vain && !joined.missed.is_empty() {
            self.done.note(Work::RedeemInVain, journey.redeemer.user(), 1, (self.clock)());
        }
        if !in_vain || before == Redemption::default() {
            let detail = Detail::Came { joined: number(joined.rooms.len()), missed: number(joined.missed.len()) };
            self.store.note(&self.entry(account, Action::Redeemed, Some(code), Some(detail))?).await?;
        }
        tracing::info!(
            redeemer = me,
            owner = invite.owner,
            joined = joined.rooms.len(),
            missed = joined.missed.len(),
            "an invite was redeemed"
        );
        Ok(joined)
    }

    /// Whether both accounts may be used, and the redeemer's state if so.
    async fn check_standing(&self, owner: &UserId, redeemer: &UserId) -> Result<Standing> {
        // The redeemer first: whoever is refused anyway makes nobody look at the owner's account.
        let caller = self.homeserver.caller_standing(redeemer).await?;
        match caller {
            Standing::Active | Standing::ShadowBanned => {}
            Standing::Suspended => return Err(Refusal::Suspended.into()),
            Standing::Locked => return Err(Refusal::Locked.into()),
            Standing::Deactivated | Standing::Unknown => return Err(Refusal::SignedOut { soft: false }.into()),
        }
        match self.homeserver.standing(owner).await? {
            Standing::Active => Ok(caller),
            // Nobody is to find out: to them as well as to those who come it is an invite that does not work.
            Standing::ShadowBanned => Err(Refusal::UnknownInvite.into()),
            _ => Err(Refusal::OwnerGone.into()),
        }
    }

    /// Whether somebody may make the homeserver do that much now.
    fn check_work(&self, redeemer: &UserId, rooms: &[OwnedRoomId], chat: bool) -> Result<(), Refusal> {
        let now = (self.clock)();
        self.done.check(Work::RedeemInVain, redeemer, now)?;
        if !rooms.is_empty() {
            self.done.check(Work::EnterRoom, redeemer, now)?;
        }
        match chat {
            true => self.done.check(Work::MakeChat, redeemer, now),
            false => Ok(()),
        }
    }

    /// Looks after the registration token of an invite of which a use was taken or given back, while the redemption goes on.
    fn settle_soon(self: &Arc<Self>, invite: &Invite) {
        if invite.terms.limits.max_uses.is_none() {
            return;
        }
        let (inner, code) = (Arc::clone(self), invite.code.clone());
        self.tasks.spawn(async move {
            if let Err(error) = inner.settle_registration(&code).await {
                // What is due stays due.
                tracing::warn!(%error, "a registration token has to wait for the next sweep");
            }
        });
    }

    async fn enter_rooms(&self, journey: &Journey, invite: &Invite, rooms: Vec<OwnedRoomId>) -> Result<()> {
        let blocks = self.store.blocks(&journey.code).await?;
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
        let summaries = self.homeserver.summaries(Viewer::Member(journey.owner.user()), &rooms).await;
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
        Ok(self.store.note_outcome(&journey.code, redeemer, &outcome, (self.clock)()).await?)
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
