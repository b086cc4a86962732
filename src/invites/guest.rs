//! Whoever holds a code: what they see, before and while they redeem it, and that they redeem it.

use std::sync::Arc;

use app::{AccountAdvice, AccountForm, Error as Refusal, Joined, Landing, Preview, Progress, Relation};
use futures_util::FutureExt;
use matrix_sdk::ruma::OwnedServerName;
use tokio_util::task::TaskTracker;

use super::{
    catalog::Catalog,
    guesses::Guesses,
    kept::Kept,
    parse::user_id,
    redeem::Redeeming,
    running::{Ending, Running},
    sign_up::SignUps,
    watchers::{Watcher, Watchers},
};
use crate::{
    account::{Account, Origin},
    error::{Error, Result},
    homeserver::{Accounts, Rooms, SignedIn, Standing},
    store::{self, Redemptions, Signals, StoredInvite},
};

/// What whoever holds a code can do.
pub struct Guest {
    pub(super) catalog: Catalog,
    pub(super) guesses: Guesses,
    pub(super) redemptions: Redemptions,
    pub(super) stored_rooms: store::Rooms,
    pub(super) accounts: Accounts,
    pub(super) rooms: Rooms,
    pub(super) server_name: OwnedServerName,
    pub(super) redeeming: Arc<Redeeming>,
    pub(super) running: Running,
    pub(super) signals: Signals,
    pub(super) watchers: Watchers,
    pub(super) sign_ups: SignUps,
    pub(super) kept: Kept,
    pub(super) tasks: TaskTracker,
}

impl Guest {
    /// Brings somebody into everything that a code leads to.
    ///
    /// Several requests for the same code and person are one redemption and get one answer. It goes on to its end even if
    /// whoever asked hangs up.
    pub async fn redeem(&self, account: &Account, code: &str) -> Result<Joined> {
        let me = account.user_id();
        self.guesses.guard(account, code, self.redeeming.check(me, code)).await?;
        let key = (code.to_owned(), me.to_owned());
        let start = || {
            let ending = Ending { running: self.running.clone(), key: key.clone() };
            let (redeeming, account) = (Arc::clone(&self.redeeming), account.clone());
            let signals = self.signals.clone();
            let work = self.tasks.spawn(async move {
                let (code, me) = (ending.key.0.clone(), account.user_id().as_str());
                signals.tell(&code, me);
                let joined = redeeming.redeem_in_turn(&account, &code).await.map_err(Error::into_told);
                // It has ended for whoever looks now.
                drop(ending);
                signals.tell(&code, me);
                joined
            });
            work.map(|ended| ended.unwrap_or(Err(Refusal::Internal))).boxed().shared()
        };
        Ok(self.running.join(key.clone(), start).await?)
    }

    /// Watches how a redemption of somebody's comes along. Whether they may know of it is for [`Self::progress`] to say.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if they, or all together, watch too much already.
    pub fn watch(&self, account: &Account, code: &str) -> Result<Watcher, Refusal> {
        let me = account.user_id();
        self.watchers.admit(me, || self.signals.watch(code, me.as_str()))
    }

    /// What a code promises, for somebody who holds it. Its owner sees it also when it lets nobody in.
    pub async fn preview(&self, account: &Account, code: &str) -> Result<Preview> {
        self.guesses.guard(account, code, self.look(account, code)).await
    }

    /// The page behind an invite's link, for anybody who has it. Its owner sees it also when it lets nobody in; to everybody else it is then
    /// as if it had never been.
    pub async fn landing(&self, account: Option<&Account>, origin: &Origin, code: &str) -> Result<Landing> {
        let look = async {
            let (mut landing, stored) = self.see_landing(account, code).await?;
            if let Relation::SignedOut(sign_up) = &mut landing.relation {
                *sign_up = self.sign_ups.offer(&stored).await;
            }
            Ok(landing)
        };
        self.guesses.guard_for(account.map(Account::user_id), origin, code, look).await
    }

    /// As much of that page as is on a picture of it.
    pub async fn front(&self, origin: &Origin, code: &str) -> Result<Landing> {
        let look = async { Ok(self.see_landing(None, code).await?.0) };
        self.guesses.guard_for(None, origin, code, look).await
    }

    /// That page while the homeserver does not answer, from what was shown last.
    pub async fn landing_while_away(&self, origin: &Origin, code: &str) -> Result<Landing> {
        let look = async {
            let stored = self.catalog.find(code).await?.ok_or(Refusal::UnknownInvite)?;
            match self.catalog.is_open_to(&stored, None).await? {
                true => Ok(self.kept.landing(&stored, &self.stored_rooms.blocks(code).await?, (self.catalog.clock)())),
                false => Err(Refusal::UnknownInvite.into()),
            }
        };
        self.guesses.guard_for(None, origin, code, look).await
    }

    /// What is said of a form for an account while it is filled in.
    pub async fn advise(&self, form: &AccountForm, origin: &Origin) -> Result<AccountAdvice> {
        self.sign_ups.advise(form, origin).await
    }

    /// Opens an account for somebody who holds a code, as far as it or the homeserver lets them, and signs them in.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for what is wrong with a field, [`Refusal::NoAccountWithIt`], [`Refusal::NoNewAccounts`], [`Refusal::OneMoreStep`], those of
    /// [`Self::landing`], and [`Refusal::TooFast`].
    pub async fn create_account(&self, code: &str, form: AccountForm, origin: &Origin) -> Result<SignedIn> {
        let sign_ups = &self.sign_ups;
        let wish = sign_ups.wish(form)?;
        sign_ups.charge_address(origin)?;
        let begun = sign_ups.has_begun(&wish, code, origin);
        let look = async {
            match self.shown_to(None, code).await {
                // Perhaps by themselves: they may have an account, and have come in.
                Err(Error::Refused(Refusal::UnknownInvite)) if begun => {
                    Ok(self.catalog.find(code).await?.ok_or(Refusal::UnknownInvite)?)
                }
                shown => Ok(shown?.0),
            }
        };
        let stored = self.guesses.guard_for(None, origin, code, look).await?;
        sign_ups.charge_code(&stored.invite.code)?;
        let account = sign_ups.open(&wish, &stored, origin).await?;
        tracing::info!(user = %account.user_id, "an account was created with an invite");
        Ok(account)
    }

    /// How far somebody is with redeeming a code. Of an invite that was deleted only those are told who are still being let in.
    pub async fn progress(&self, account: &Account, code: &str) -> Result<Progress> {
        let look = async {
            let stored = self.catalog.find(code).await?.ok_or(Refusal::UnknownInvite)?;
            let progress = self.see_progress(&stored, account).await?;
            let may_know = match stored.deleted_at {
                Some(_) => progress.running,
                None => progress.running || progress.has_begun(),
            };
            match may_know || self.catalog.is_open_to(&stored, Some(account.user_id())).await? {
                true => Ok(progress),
                false => Err(Refusal::UnknownInvite.into()),
            }
        };
        self.guesses.guard(account, code, look).await
    }

    async fn look(&self, account: &Account, code: &str) -> Result<Preview> {
        let stored = self.catalog.find(code).await?.ok_or(Refusal::UnknownInvite)?;
        let state = stored.state((self.catalog.clock)());
        let open = self.catalog.is_open_to(&stored, Some(account.user_id())).await?;
        let StoredInvite { invite, deleted_at, .. } = stored;
        if deleted_at.is_some() {
            return Err(Refusal::Ended.into());
        }
        if !open && invite.owner != account.user_id().as_str() {
            return Err(Refusal::UnknownInvite.into());
        }
        let owner = user_id(&invite.owner)?;
        let inviter = Box::pin(self.accounts.inviter(&owner)).await?;
        match inviter.standing {
            Standing::Active => {}
            Standing::ShadowBanned if owner == account.user_id() => {}
            Standing::ShadowBanned => return Err(Refusal::UnknownInvite.into()),
            _ => return Err(Refusal::OwnerGone.into()),
        }
        let redemption = self.redemptions.get(code, account.user_id().as_str()).await?;
        let redeemed = redemption.is_some_and(|redemption| redemption.is_over(&invite.terms.rooms, invite.terms.chat));
        let rooms = invite.terms.rooms.len() + usize::from(invite.terms.chat);
        Ok(Preview {
            rooms: u32::try_from(rooms).unwrap_or(u32::MAX),
            redeemed,
            chat: invite.terms.chat,
            inviter: inviter.person,
            welcome: invite.terms.welcome,
            expires_at: invite.terms.limits.expires_at,
            state,
        })
    }
}
