//! What people who hold a code can do: see the invite, redeem it, and watch its progress.

use std::{sync::Arc, time::Instant};

use app::{AccountAdvice, AccountForm, Action, Error as Refusal, Joined, Landing, Preview, Progress, Relation};
use futures_util::FutureExt;
use matrix_sdk::ruma::OwnedServerName;
use tokio_util::task::TaskTracker;

use super::{
    audit::AuditLog,
    begun::BrowserMemory,
    catalog::{Admits, Catalog},
    guesses::Guesses,
    kept::Kept,
    lease::Leases,
    offers::Offers,
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
    metrics::Metrics,
    store::{self, Redemptions, Signals},
    trace::carried,
};

/// The use cases of people who hold a code.
pub struct Guest {
    pub(super) catalog: Catalog,
    pub(super) offers: Offers,
    pub(super) guesses: Guesses,
    pub(super) redemptions: Redemptions,
    pub(super) stored_rooms: store::Rooms,
    pub(super) accounts: Accounts,
    pub(super) rooms: Rooms,
    pub(super) server_name: OwnedServerName,
    pub(super) redeeming: Arc<Redeeming>,
    pub(super) running: Running,
    pub(super) leases: Leases,
    pub(super) signals: Signals,
    pub(super) watchers: Watchers,
    pub(super) sign_ups: SignUps,
    pub(super) kept: Kept,
    pub(super) metrics: Metrics,
    pub(super) audit: AuditLog,
    pub(super) tasks: TaskTracker,
}

impl Guest {
    /// Redeems a code: brings somebody into everything that it leads to.
    ///
    /// Concurrent requests for the same code and person are one redemption and get the same answer. It runs to its end
    /// even if the client disconnects.
    pub async fn redeem(&self, account: &Account, code: &str) -> Result<Joined> {
        let me = account.user_id();
        self.guesses.guard(account, code, self.redeeming.check(me, code)).await?;
        let key = (code.to_owned(), me.to_owned());
        let start = || {
            let ending = Ending { running: self.running.clone(), key: key.clone() };
            let (redeeming, account) = (Arc::clone(&self.redeeming), account.clone());
            let (signals, metrics) = (self.signals.clone(), self.metrics.clone());
            let work = self.tasks.spawn(carried(async move {
                let (code, me) = (ending.key.0.clone(), account.user_id().as_str());
                let (_counted, begun) = (metrics.redeeming(), Instant::now());
                signals.tell(&code, me);
                let joined = redeeming.redeem_in_turn(&account, &code).await.map_err(Error::into_told);
                metrics.redeemed(outcome(&joined), begun.elapsed());
                // To the caller it must have ended before its result is visible.
                drop(ending);
                signals.tell(&code, me);
                joined
            }));
            work.map(|ended| ended.unwrap_or(Err(Refusal::Internal))).boxed().shared()
        };
        Ok(self.running.join(key.clone(), start).await?)
    }

    /// Watches a redemption. Whether the person may see it is decided by [`Self::progress`].
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if they, or all together, watch too many already.
    pub fn watch(&self, account: &Account, code: &str) -> Result<Watcher, Refusal> {
        let me = account.user_id();
        self.watchers.admit(me, || self.signals.watch(code, me.as_str()))
    }

    /// What a code offers to somebody who holds it. The owner can see it even while it lets nobody in.
    pub async fn preview(&self, account: &Account, code: &str) -> Result<Preview> {
        self.guesses.guard(account, code, self.look(account, code)).await
    }

    /// The content of an invite's landing page, for anybody who has the link. The owner can see it even while it lets
    /// nobody in; to everybody else the invite then does not exist.
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

    /// The first of some codes, any of which somebody may have meant who typed one, that lets them in or is their own. It is one look-up.
    pub async fn meant(&self, account: Option<&Account>, origin: &Origin, codes: &[String]) -> Result<String> {
        let user = account.map(Account::user_id);
        let look = async {
            for code in codes {
                let stored = self.catalog.find(code).await?.filter(|stored| stored.deleted_at.is_none());
                let Some(stored) = stored else { continue };
                let own = user.is_some_and(|user| stored.invite.owner == user.as_str());
                if own || self.catalog.is_open_to(&stored, user).await? {
                    return Ok(code.clone());
                }
            }
            Err(Refusal::UnknownInvite.into())
        };
        self.guesses.guard_for(user, origin, codes.first().map_or("", String::as_str), look).await
    }

    /// The part of the landing page that the preview picture shows.
    pub async fn front(&self, origin: &Origin, code: &str) -> Result<Landing> {
        let look = async { Ok(self.see_landing(None, code).await?.0) };
        self.guesses.guard_for(None, origin, code, look).await
    }

    /// The landing page while the homeserver does not answer, from what was shown before.
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

    /// Feedback on a form for a new account while it is being filled in.
    pub async fn advise(&self, form: &AccountForm, origin: &Origin) -> Result<AccountAdvice> {
        self.sign_ups.advise(form, origin).await
    }

    /// Opens an account for somebody who holds a code, if the code or the homeserver allows it, and signs them in.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for what is wrong with a field, [`Refusal::NoAccountWithIt`], [`Refusal::NoNewAccounts`], [`Refusal::OneMoreStep`], those of
    /// [`Self::landing`], and [`Refusal::TooFast`].
    pub async fn create_account(
        &self,
        code: &str,
        form: AccountForm,
        origin: &Origin,
        browser: &mut BrowserMemory<'_>,
    ) -> Result<SignedIn> {
        let sign_ups = &self.sign_ups;
        let wish = sign_ups.wish(form)?;
        sign_ups.charge_address(origin)?;
        let key = sign_ups.recall(&wish, code, browser);
        let begun = sign_ups.known(&key).is_some();
        let look = async {
            match self.shown_to(None, code).await {
                // Perhaps this person has taken the last use themselves: their account may exist and have joined.
                Err(Error::Refused(Refusal::UnknownInvite)) if begun => {
                    let stored = self.catalog.find(code).await?.filter(|stored| {
                        let admits = Admits::of(&stored.invite, stored.all_paused, (self.catalog.clock)());
                        stored.deleted_at.is_none() && admits == Admits::Holders
                    });
                    Ok(stored.ok_or(Refusal::UnknownInvite)?)
                }
                shown => Ok(shown?.0),
            }
        };
        let stored = self.guesses.guard_for(None, origin, code, look).await?;
        sign_ups.charge_code(&stored.invite.code)?;
        let opened = sign_ups.open(&key, &wish, &stored, origin).await;
        browser.attempt = match opened {
            Ok(_) => None,
            // Of this attempt there may be nothing to keep, and of another one still something.
            Err(_) => sign_ups.known(&key).or_else(|| browser.attempt.take()),
        };
        let account = opened?;
        self.metrics.account_created();
        tracing::info!(user = %account.user_id, "an account was created with an invite");
        let me = Account::new(account.user_id.clone(), "", false).coming_from(origin);
        let noted = async {
            let entry = self.audit.entry(&me, Action::AccountCreated, Some(&stored.invite.code), None)?;
            self.audit.note(&entry).await
        };
        // The account is there, whether that is noted or not.
        if let Err(error) = noted.await {
            error.into_told();
        }
        Ok(account)
    }

    /// The progress of somebody's redemption. Of a deleted invite, only people whose redemption is still running see
    /// it.
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
        let offer = self.offers.get(account.user_id(), code).await?.ok_or(Refusal::UnknownInvite)?;
        let (invite, now) = (&offer.invite, (self.catalog.clock)());
        if offer.is_deleted {
            return Err(Refusal::Ended.into());
        }
        if !offer.is_open(now) && invite.owner != account.user_id().as_str() {
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
        let rooms = invite.terms.rooms.len() + usize::from(invite.terms.chat);
        Ok(Preview {
            rooms: u32::try_from(rooms).unwrap_or(u32::MAX),
            redeemed: offer.is_redeemed,
            chat: invite.terms.chat,
            inviter: inviter.person,
            welcome: invite.terms.welcome.clone(),
            public_title: invite.terms.public_title.clone(),
            expires_at: invite.terms.limits.expires_at,
            state: offer.state(now),
        })
    }
}

/// What came of a redemption, for metrics.
fn outcome(joined: &Result<Joined, Refusal>) -> &'static str {
    match joined {
        Ok(Joined { missed, .. }) if missed.is_empty() => "complete",
        Ok(Joined { rooms, .. }) if rooms.is_empty() => "nothing",
        Ok(_) => "partial",
        Err(Refusal::Internal) => "failed",
        Err(Refusal::Unreachable { .. }) => "unreachable",
        Err(_) => "refused",
    }
}
