//! Several of a member's own invites, chosen together.

use std::collections::HashSet;

use app::{Deed, Done, Error as Refusal, Invite, InviteCard};
use futures_util::{StreamExt, stream};

use super::{lists::Listed, owner::Owner, parse::number, work::Work};
use crate::{
    account::Account,
    error::{Error, Result},
    store::Pause,
};

/// The most invites that are chosen at once: more than any page shows.
const MOST_CHOSEN: usize = 100;

/// How many of them are worked on at once.
const CHANGED_AT_ONCE: usize = 4;

/// Some of a member's own invites.
pub struct Chosen<'a> {
    owner: &'a Owner,
    account: &'a Account,
    listed: Listed,
    /// Those codes that are the member's, each once.
    codes: Vec<String>,
    /// How many others there were: deleted ones, or somebody else's.
    missing: u32,
}

impl<'a> Chosen<'a> {
    /// Those of the member's invites that have these codes. Nothing is looked up by any other code, so choosing tells nobody which
    /// codes exist.
    ///
    /// # Errors
    /// [`Refusal::Outdated`] for more codes than a page of ours sends.
    pub async fn of(owner: &'a Owner, account: &'a Account, codes: Vec<String>) -> Result<Self> {
        if codes.len() > MOST_CHOSEN {
            return Err(Refusal::Outdated.into());
        }
        let listed = owner.list_from_database(account).await?;
        let mut seen = HashSet::new();
        let distinct: Vec<String> = codes.into_iter().filter(|code| seen.insert(code.clone())).collect();
        let (codes, others): (Vec<_>, Vec<_>) = {
            let own: HashSet<&str> = listed.invites.iter().map(|invite| invite.code.as_str()).collect();
            distinct.into_iter().partition(|code| own.contains(code.as_str()))
        };
        Ok(Self { owner, account, listed, codes, missing: number(others.len()) })
    }

    fn invites(&self) -> impl Iterator<Item = &Invite> {
        self.codes.iter().filter_map(|code| self.listed.invites.iter().find(|invite| invite.code == *code))
    }

    /// The invites, as a list shows them.
    pub async fn cards(&self) -> Vec<InviteCard> {
        let mine = self.owner.my_rooms(self.account).await;
        self.invites().map(|invite| mine.card(invite.clone(), self.listed.state(invite), &[])).collect()
    }

    /// Pauses or resumes them.
    pub async fn pause(self, paused: bool) -> Result<Done> {
        let owner = self.owner;
        let todo: Vec<String> =
            self.invites().filter(|invite| invite.paused != paused).map(|invite| invite.code.clone()).collect();
        owner.work.take(Work::SaveInvite, self.account.user_id(), todo.len(), (owner.clock)())?;
        let account = self.account;
        let pause = move |code: String| async move {
            owner.switches.pause(account, &code, paused, Pause::Owner, None).await?;
            owner.tokens.settle(&code).await.map(drop)
        };
        let results: Vec<Result<()>> = stream::iter(todo).map(pause).buffer_unordered(CHANGED_AT_ONCE).collect().await;
        self.done(if paused { Deed::Paused } else { Deed::Resumed }, results)
    }

    /// Deletes them. Their codes can never be used again.
    pub async fn delete(self) -> Result<Done> {
        let (owner, account) = (self.owner, self.account);
        let delete = move |code: String| async move { owner.switches.delete(account, &code).await };
        let results: Vec<Result<()>> =
            stream::iter(self.codes.clone()).map(delete).buffer_unordered(CHANGED_AT_ONCE).collect().await;
        self.done(Deed::Deleted, results)
    }

    /// What became of them. If nothing could be done at all, the reason is an error.
    fn done(&self, deed: Deed, results: Vec<Result<()>>) -> Result<Done> {
        let failures: Vec<Error> = results.into_iter().filter_map(Result::err).collect();
        let failed = number(failures.len());
        let invites = number(self.codes.len()) - failed;
        let mut failures = failures.into_iter();
        if invites == 0
            && let Some(error) = failures.next()
        {
            return Err(error);
        }
        // What is not a refusal is logged by that.
        failures.for_each(|error| drop(error.into_told()));
        Ok(Done { deed, invites, failed: failed + self.missing })
    }
}
