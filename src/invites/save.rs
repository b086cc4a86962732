//! Making and changing invites.

use app::{
    Action, Code, Detail, Draft, Error as Refusal, Field, Invite, InviteState, Limits, Problem, Registration, Terms,
};

use super::{
    guesses::Guess,
    owner::{Owner, check_owner},
    parse::{number, text},
    work::Work,
};
use crate::{
    account::Account,
    error::{Error, Result},
    store::{AsWritten, Millis, NewInvite, Pause, StoredInvite, Written},
};

/// An invite after it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The invite as it was stored.
    pub invite: Invite,
    /// Its state.
    pub state: InviteState,
    /// Whether its code opens accounts, and why not if it does not.
    pub registration: Registration,
}

impl Owner {
    /// Makes an invite, or changes one of the account's own.
    ///
    /// The invite is saved even if its registration token could not be made: then the answer says so, and making it is
    /// tried again later.
    pub async fn save(&self, account: &Account, draft: Draft) -> Result<Saved> {
        let code = match draft.code.as_deref() {
            Some(code) => Some(self.code(account, code).await?),
            None => None,
        };
        self.work.take(Work::SaveInvite, account.user_id(), 1, (self.clock)())?;
        let Some(code) = code else { return Box::pin(self.save_as(account, draft, None, None)).await };
        let guess = self.guesses.begin_for(code.as_str(), Some(account.user_id()), account.origin()).await?;
        let old = self.taken_by_me(account, code.as_str()).await;
        // Asking for a code that is not their own tells the sender whether it exists, whatever else happens, and even
        // if they disconnect now. So it costs as much as looking it up, and is refunded only when an invite was made
        // with it.
        let charged = match &old {
            Ok(Some(_)) => None,
            _ => guess.map(Guess::failed),
        };
        let saved = Box::pin(self.save_as(account, draft, Some(code), old?)).await?;
        if let Some(charged) = charged {
            charged.give_back();
        }
        Ok(saved)
    }
}

impl Owner {
    /// `code` is the requested code, and `old` the account's own invite that has it already.
    async fn save_as(
        &self,
        account: &Account,
        draft: Draft,
        code: Option<Code>,
        old: Option<StoredInvite>,
    ) -> Result<Saved> {
        if draft.new && old.is_some() {
            return Err(Refusal::Invalid { field: Field::Code, problem: Problem::OwnCode }.into());
        }
        if self.accounts.is_suspended(account.user_id()).await? {
            return Err(Refusal::Suspended.into());
        }
        let now = (self.clock)();
        let Draft { terms: wanted, paused, .. } = draft;
        let past = wanted.limits.expires_at.clone();
        let before = old
            .as_ref()
            .map_or_else(|| Terms::usual(self.catalog.rules.usual_limits(now)), |old| old.invite.terms.clone());
        let mut terms = wanted.over(before.clone());
        let created_at = old.as_ref().map_or(now, |old| old.invite.created_at);
        self.catalog.rules.check_limits(terms.limits, before.limits, &past, created_at, now)?;
        match &old {
            None => self.creators.check(account, code.as_ref(), now).await?,
            Some(_) if terms.widens(&before) => self.creators.check(account, None, now).await?,
            Some(_) => {}
        }
        let opens_accounts = self.opens_accounts(account, old.as_ref(), terms.registration, now).await?;
        let known = old.as_ref().map_or(&[][..], |old| &old.invite.terms.rooms);
        terms.rooms = self.room_check.check(account, &terms.rooms, known).await?;
        terms.label = text(Field::Label, terms.label, false)?;
        terms.welcome = text(Field::Welcome, terms.welcome, true)?;
        terms.public_title = text(Field::PublicTitle, terms.public_title, false)?;
        terms.picture = picture(terms.picture, &terms.rooms, before.picture.as_ref())?;
        if old.is_none() && code.is_some() {
            self.work.take(Work::ChooseCode, account.user_id(), 1, now)?;
        }
        let new = NewInvite {
            code: code.map_or_else(|| self.chance.code(), Ok)?.into(),
            owner: account.user_id().to_string(),
            terms,
            opens_accounts,
        };
        match &old {
            Some(old) => self.change(account, old, &new).await?,
            None => self.create(account, &new, now).await?,
        }
        if let Some(paused) = paused
            && paused != old.is_some_and(|old| old.invite.paused)
        {
            self.switches.pause(account, &new.code, paused, Pause::Owner, None).await?;
        }
        let registration = self.tokens.settle(&new.code).await?;
        let stored = self.catalog.find(&new.code).await?.ok_or(Refusal::UnknownInvite)?;
        let state = stored.state((self.clock)());
        Ok(Saved { invite: stored.invite, state, registration })
    }

    /// A code that may be chosen, or one that an invite of the account has already.
    async fn code(&self, account: &Account, text: &str) -> Result<Code> {
        match Code::parse(text) {
            Ok(code) => Ok(code),
            Err(illegal) => match self.taken_by_me(account, text).await {
                Ok(Some(_)) => Ok(Code::known(text)),
                Err(error @ (Error::Failed(_) | Error::Refused(Refusal::CodeSpent { .. }))) => Err(error),
                _ => Err(illegal.into()),
            },
        }
    }

    /// Whether an invite opens accounts from now on. If it did not, and the sender could not make a new one that does,
    /// it stays as it is, but is saved all the same.
    async fn opens_accounts(
        &self,
        account: &Account,
        old: Option<&StoredInvite>,
        wanted: bool,
        now: Millis,
    ) -> Result<bool> {
        match old {
            Some(old) if self.catalog.rules.registration && wanted && !old.opens_accounts => {
                match self.creators.check(account, None, now).await {
                    Err(Error::Refused(Refusal::Forbidden(_))) => Ok(false),
                    checked => checked.map(|()| true),
                }
            }
            _ => Ok(self.catalog.rules.registration),
        }
    }

    /// The live invite with this code, if it is the account's own; `None` if there never was one.
    async fn taken_by_me(&self, account: &Account, code: &str) -> Result<Option<StoredInvite>> {
        // Compared with what its owner asked for then, not with what is allowed now.
        let Some(old) = self.invites.get(code).await?.map(AsWritten::as_written) else { return Ok(None) };
        check_owner(&old, account.user_id())?;
        match old.deleted_at {
            Some(_) => Err(Refusal::CodeSpent { code: code.to_owned() }.into()),
            None => Ok(Some(old)),
        }
    }

    async fn create(&self, account: &Account, new: &NewInvite, now: Millis) -> Result<()> {
        let entry = self.audit.entry(account, Action::Created, Some(&new.code), Some(described(new)))?;
        let created = self.invites.create(new, &self.catalog.rules.quota(now), &entry, now).await?;
        match created.map_err(|over| self.catalog.rules.over_quota(over))? {
            Written::Done => Ok(()),
            // Another request was faster: the same member's, or somebody else's.
            Written::NotAsExpected => match self.taken_by_me(account, &new.code).await {
                Ok(_) => Err(Refusal::NotYours.into()),
                Err(error) => Err(error),
            },
        }
    }

    async fn change(&self, account: &Account, old: &StoredInvite, new: &NewInvite) -> Result<()> {
        let fields = new.terms.changed(&old.invite.terms);
        let detail = (!fields.is_empty()).then_some(Detail::Fields(fields));
        let entry = self.audit.entry(account, Action::Changed, Some(&new.code), detail)?;
        let now = entry.at;
        let has_ended = |limits| {
            let mut invite = old.invite.clone();
            invite.terms.limits = limits;
            self.catalog.rules.bound(&mut invite);
            invite.has_ended(now)
        };
        let quota =
            (has_ended(old.invite.terms.limits) && !has_ended(new.terms.limits)).then(|| self.catalog.rules.quota(now));
        let changed = self.invites.change(new, quota.as_ref(), &entry, now).await?;
        match changed.map_err(|over| self.catalog.rules.over_quota(over))? {
            Written::Done => Ok(()),
            // It was deleted in the meantime.
            Written::NotAsExpected => Err(Refusal::CodeSpent { code: new.code.clone() }.into()),
        }
    }
}

/// The room whose picture is shown: one of the invite's. With a room that is taken out of the invite, its picture goes.
fn picture(chosen: Option<String>, rooms: &[String], before: Option<&String>) -> Result<Option<String>, Refusal> {
    match chosen {
        Some(room) if !rooms.contains(&room) && before != Some(&room) => {
            Err(Refusal::Invalid { field: Field::Picture, problem: Problem::NotAmongRooms })
        }
        chosen => Ok(chosen.filter(|room| rooms.contains(room))),
    }
}

/// The properties of a new invite, for the audit log.
fn described(new: &NewInvite) -> Detail {
    let Terms { rooms, chat, limits, .. } = &new.terms;
    let Limits { max_uses, expires_at, .. } = *limits;
    Detail::Made { rooms: number(rooms.len()), chat: *chat, max_uses, ends: expires_at.is_some() }
}
