//! Making an invite, and changing one.

use app::{
    Code, Draft, Edit, Error as Refusal, Invite, InviteState, LONGEST_LABEL, LONGEST_WELCOME, Limits, Registration,
};

use super::{
    Inner, Invites,
    audit::{Action, listed},
    check_owner,
    guesses::Guess,
    registration::state,
    work::Work,
};
use crate::{
    account::Account,
    error::{Error, Result},
    store::{Millis, NewInvite, Pause, StoredInvite, Written},
};

/// An invite as it is now that it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The invite.
    pub invite: Invite,
    /// Whether it lets people in.
    pub state: InviteState,
    /// Whether its code opens accounts.
    pub registration: Registration,
}

impl Invites {
    /// Makes an invite, or changes one of one's own.
    ///
    /// The invite exists even if its registration token could not be made: then the answer says so, and it is tried again.
    pub async fn save(&self, account: &Account, draft: Draft) -> Result<Saved> {
        let code = match draft.code.as_deref() {
            Some(code) => Some(self.0.code(account, code).await?),
            None => None,
        };
        self.0.done.take(Work::SaveInvite, account.user_id(), 1, self.now())?;
        let Some(code) = code else { return self.0.save(account, draft, None, None).await };
        let guess = self.0.guesses.begin(code.as_str(), Some(account.user_id()), account.origin().address).await?;
        let old = self.0.taken_by_me(account, code.as_str()).await;
        // Whoever asks for a code that is not theirs learns whether it is there, whatever else comes of it, and also if they hang up now: it costs
        // what looking it up does, and is given back only when an invite has come of it.
        let charged = match &old {
            Ok(Some(_)) => None,
            _ => guess.map(Guess::failed),
        };
        let saved = self.0.save(account, draft, Some(code), old?).await?;
        if let Some(charged) = charged {
            charged.give_back();
        }
        Ok(saved)
    }
}

impl Inner {
    /// With the code asked for, if one is, and the invite of the account's own that has it already.
    async fn save(
        &self,
        account: &Account,
        draft: Draft,
        code: Option<Code>,
        old: Option<StoredInvite>,
    ) -> Result<Saved> {
        if draft.new && old.is_some() {
            let problem = "is one of your own invites already: choose another one, or edit that one".to_owned();
            return Err(Refusal::Invalid { field: "token".to_owned(), problem }.into());
        }
        if self.homeserver.is_suspended(account.user_id()).await? {
            return Err(Refusal::Suspended.into());
        }
        let now = (self.clock)();
        let limits = self.limits(&draft, old.as_ref(), now)?;
        match &old {
            None => self.check_creator(account, code.as_ref(), now).await?,
            Some(old) if widens(&draft, limits, old) => self.check_creator(account, None, now).await?,
            Some(_) => {}
        }
        let registration = draft.registration.or(old.as_ref().map(|old| old.registration)).unwrap_or(true);
        let opens_accounts = self.opens_accounts(account, old.as_ref(), registration, now).await?;
        let known = old.as_ref().map_or(&[][..], |old| &old.invite.rooms);
        let rooms = self.check_rooms(account, &draft.rooms, known).await?;
        if old.is_none() && code.is_some() {
            self.done.take(Work::ChooseCode, account.user_id(), 1, now)?;
        }
        let before = old.as_ref().map(|old| &old.invite);
        let old_text = |text: fn(&Invite) -> &Option<String>| before.and_then(|old| text(old).clone());
        let new = NewInvite {
            rooms,
            owner: account.user_id().to_string(),
            chat: draft.chat,
            label: text("label", draft.label.over(old_text(|old| &old.label)), LONGEST_LABEL, false)?,
            welcome: text("welcome", draft.welcome.over(old_text(|old| &old.welcome)), LONGEST_WELCOME, true)?,
            show_rooms: draft.show_rooms.or(before.map(|old| old.show_rooms)).unwrap_or_default(),
            registration,
            opens_accounts,
            code: code.map_or_else(|| Code::generate(getrandom::fill), Ok)?.into(),
            limits,
        };
        match &old {
            Some(old) => self.change(account, old, &new).await?,
            None => self.create(account, &new, now).await?,
        }
        if let Some(paused) = draft.paused
            && paused != before.is_some_and(|old| old.paused)
        {
            self.pause(account, &new.code, paused).await?;
        }
        let registration = self.settle_registration(&new.code).await?;
        let stored = self.stored(&new.code).await?.ok_or(Refusal::UnknownInvite)?;
        let state = state(&stored, (self.clock)());
        Ok(Saved { invite: stored.invite, state, registration })
    }

    /// A code as it may be chosen, or as the account has it already.
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

    /// Whether an invite opens accounts from now on. One that did not may not begin to in the hands of somebody who could not make it so, but is
    /// saved all the same.
    async fn opens_accounts(
        &self,
        account: &Account,
        old: Option<&StoredInvite>,
        wanted: bool,
        now: Millis,
    ) -> Result<bool> {
        match old {
            Some(old) if self.rules.registration && wanted && !old.opens_accounts => {
                match self.check_creator(account, None, now).await {
                    Err(Error::Refused(Refusal::Rule { .. })) => Ok(false),
                    checked => checked.map(|()| true),
                }
            }
            _ => Ok(self.rules.registration),
        }
    }

    /// The live invite with this code, if it is the account's own; nothing if there never was one.
    async fn taken_by_me(&self, account: &Account, code: &str) -> Result<Option<StoredInvite>> {
        let Some(old) = self.store.invite(code).await? else { return Ok(None) };
        check_owner(&old, account.user_id())?;
        match old.deleted_at {
            Some(_) => Err(Refusal::CodeSpent { code: code.to_owned() }.into()),
            None => Ok(Some(old)),
        }
    }

    async fn create(&self, account: &Account, new: &NewInvite, now: Millis) -> Result<()> {
        let entry = self.entry(account, Action::Created, Some(&new.code), described(new))?;
        let created = self.store.create_invite(new, &self.rules.quota(now), &entry, now).await?;
        match created.map_err(|over| self.rules.over_quota(over))? {
            Written::Done => Ok(()),
            // Somebody was faster: they themselves, or another one.
            Written::NotAsExpected => match self.taken_by_me(account, &new.code).await {
                Ok(_) => Err(Refusal::NotYours.into()),
                Err(error) => Err(error),
            },
        }
    }

    async fn change(&self, account: &Account, old: &StoredInvite, new: &NewInvite) -> Result<()> {
        let entry = self.entry(account, Action::Changed, Some(&new.code), changes(old, new))?;
        let now = entry.at;
        let has_ended = |limits| {
            let mut invite = Invite { limits, ..old.invite.clone() };
            self.rules.bound(&mut invite);
            matches!(invite.state(now), InviteState::Expired | InviteState::UsedUp)
        };
        let quota = (has_ended(old.invite.limits) && !has_ended(new.limits)).then(|| self.rules.quota(now));
        let changed = self.store.change_invite(new, quota.as_ref(), &entry, now).await?;
        match changed.map_err(|over| self.rules.over_quota(over))? {
            Written::Done => Ok(()),
            // Deleted in this moment.
            Written::NotAsExpected => Err(Refusal::CodeSpent { code: new.code.clone() }.into()),
        }
    }

    /// The limits after a change; what it does not name keeps its value, and a new invite has the server's usual ones.
    fn limits(&self, draft: &Draft, old: Option<&StoredInvite>, now: Millis) -> Result<Limits, Refusal> {
        let usual = || self.rules.usual_limits(now);
        let before = old.map_or_else(usual, |old| old.invite.limits);
        let limits = Limits {
            not_before: draft.not_before.clone().over(before.not_before),
            expires_at: draft.expires_at.clone().over(before.expires_at),
            max_uses: draft.max_uses.clone().over(before.max_uses),
        };
        let invalid = |field: &str, problem: &str| Refusal::Invalid { field: field.into(), problem: problem.into() };
        if limits.max_uses == Some(0) {
            return Err(invalid("max_uses", "must be 1 at least"));
        }
        if let Edit::Set(Some(end)) = draft.expires_at
            && Some(end) != before.expires_at
            && end <= now
        {
            return Err(invalid("expires_at", "lies in the past"));
        }
        if let (Some(begin), Some(end)) = (limits.not_before, limits.expires_at)
            && begin >= end
            && limits != before
        {
            return Err(invalid("expires_at", "must be later than the beginning"));
        }
        self.rules.check_limits(limits, before, old.map_or(now, |old| old.invite.created_at))?;
        Ok(limits)
    }

    /// Stops an invite of one's own for a while, or lets it go on.
    pub(super) async fn pause(&self, account: &Account, code: &str, paused: bool) -> Result<()> {
        let action = if paused { Action::Paused } else { Action::Resumed };
        let entry = self.entry(account, action, Some(code), None)?;
        match self.store.pause_invite(code, paused, Pause::Owner, &entry).await? {
            Written::Done => Ok(()),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }
}

/// Whether a change lets in more people, into more, or for longer: that takes whatever making an invite takes.
fn widens(draft: &Draft, limits: Limits, old: &StoredInvite) -> bool {
    let before = old.invite.limits;
    // Nothing is the widest bound of all.
    let later = |new: Option<i64>, old: Option<i64>| new.unwrap_or(i64::MAX) > old.unwrap_or(i64::MAX);
    draft.rooms.iter().any(|room| !old.invite.rooms.contains(room))
        || draft.chat && !old.invite.chat
        || draft.registration == Some(true) && !old.registration
        || later(limits.expires_at, before.expires_at)
        || later(limits.max_uses.map(i64::from), before.max_uses.map(i64::from))
        || limits.not_before.unwrap_or_default() < before.not_before.unwrap_or_default()
}

/// A text of somebody's without the space around it; nothing if there is nothing else.
pub(super) fn text(field: &str, text: Option<String>, longest: usize, lines: bool) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim().replace("\r\n", "\n");
    let strange = |c: char| c.is_control() && !(lines && c == '\n');
    if text.chars().count() > longest || text.contains(strange) {
        let what = if lines { "a text" } else { "one line" };
        let problem = format!("must be {what} of at most {longest} characters");
        return Err(Refusal::Invalid { field: field.into(), problem });
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// What a new invite is, for the audit log.
fn described(new: &NewInvite) -> Option<String> {
    let number = new.rooms.len();
    let mut parts = vec![format!("{number} room{}", if number == 1 { "" } else { "s" })];
    parts.extend(new.chat.then(|| "a direct chat".to_owned()));
    parts.extend(new.limits.max_uses.map(|most| format!("for at most {most}")));
    parts.extend(new.limits.expires_at.map(|_| "with an end".to_owned()));
    listed(parts)
}

/// What of it is another, for the audit log.
fn changes(old: &StoredInvite, new: &NewInvite) -> Option<String> {
    let before = &old.invite;
    let changed = [
        ("rooms", before.rooms != new.rooms),
        ("chat", before.chat != new.chat),
        ("accounts", old.registration != new.registration),
        ("label", before.label != new.label),
        ("welcome", before.welcome != new.welcome),
        ("shown rooms", before.show_rooms != new.show_rooms),
        ("not_before", before.limits.not_before != new.limits.not_before),
        ("expires_at", before.limits.expires_at != new.limits.expires_at),
        ("max_uses", before.limits.max_uses != new.limits.max_uses),
    ];
    listed(changed.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name))
}
