//! What server admins see of everybody's invites, and what they can do about them.

use app::{Action, Code, Error as Refusal, Intervention, ServerInvite, ServerInvites, code_in};

use super::{Inner, Invites, sought, user_id};
use crate::{
    account::Account,
    error::Result,
    store::{AllSelection, AsWritten, Pause, StoredInvite, Written},
};

/// How many invites stand on one page.
const ON_A_PAGE: u32 = 20;

impl Invites {
    /// Whether somebody is a server admin, now.
    pub async fn is_server_admin(&self, account: &Account) -> Result<bool> {
        Ok(self.0.homeserver.is_server_admin(account).await?)
    }

    /// A page of all invites of the server: those whose owner's id has `search` in it or whose code, number or room it is.
    pub async fn server_invites(&self, account: &Account, search: &str, page: u32) -> Result<ServerInvites> {
        self.0.check_server_admin(account).await?;
        let search = sought(search);
        let text = &*code_in(&search);
        let page = page.max(1);
        let select = async |page: u32| {
            let skip = i64::from(page - 1) * i64::from(ON_A_PAGE);
            self.0.store.select_all(&AllSelection { text, skip, take: i64::from(ON_A_PAGE) }).await
        };
        let (mut found, matching) = select(page).await?;
        let matching = u32::try_from(matching).unwrap_or(u32::MAX);
        let pages = matching.div_ceil(ON_A_PAGE).max(1);
        let page = if page > pages {
            (found, _) = select(pages).await?;
            pages
        } else {
            page
        };
        let mut invites = Vec::new();
        for stored in found {
            invites.push(self.0.server_invite(stored).await?);
        }
        let all_paused = match self.0.store.all_paused().await? {
            Some((actor, at)) => Some((self.0.homeserver.person(&user_id(&actor)?).await, at)),
            None => None,
        };
        Ok(ServerInvites { invites, matching, page, pages, all_paused, proof: String::new(), now: self.now() })
    }

    /// Stops somebody's invite, lets it go on, or ends it for ever.
    pub async fn intervene(&self, account: &Account, number: i64, what: Intervention) -> Result<()> {
        self.0.check_server_admin(account).await?;
        let found = self.0.store.invite_by_number(number).await?.ok_or(Refusal::UnknownInvite)?;
        let found = self.0.rules.bounded(found);
        let code = &found.invite.code;
        let paused = match what {
            Intervention::Revoke => return self.0.delete(account, code).await,
            Intervention::Pause => true,
            Intervention::Resume => false,
        };
        let action = if paused { Action::Paused } else { Action::Resumed };
        let entry = self.0.entry(account, action, Some(code), None)?;
        match self.0.store.pause_invite(code, paused, Pause::Admin, &entry).await? {
            Written::Done => self.0.settle_registration(code).await.map(drop),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// Stops every invite of the server, or lets them go on. Their registration tokens follow within seconds.
    pub async fn pause_all(&self, account: &Account, paused: bool) -> Result<()> {
        self.0.check_server_admin(account).await?;
        let action = if paused { Action::PausedAll } else { Action::ResumedAll };
        let entry = self.0.entry(account, action, None, None)?;
        Ok(self.0.store.pause_all(paused, &entry).await?)
    }

    /// Whether every invite of the server is stopped.
    pub async fn all_paused(&self) -> Result<bool> {
        Ok(self.0.store.all_paused().await?.is_some())
    }
}

impl Inner {
    pub(super) async fn check_server_admin(&self, account: &Account) -> Result<()> {
        match self.homeserver.is_server_admin(account).await? {
            true => Ok(()),
            false => Err(Refusal::ServerAdminsOnly.into()),
        }
    }

    async fn server_invite(&self, stored: AsWritten<StoredInvite>) -> Result<ServerInvite> {
        let StoredInvite { invite, number, opens_accounts, all_paused, .. } = self.rules.bounded(stored);
        let registration = invite.terms.registration;
        Ok(ServerInvite {
            invite: self.known(number, &invite, invite.came, all_paused).await?,
            code: Code::masked(&invite.code),
            rooms: invite.terms.rooms,
            chat: invite.terms.chat,
            registration: registration && opens_accounts && self.rules.registration,
        })
    }
}
