//! What server admins see of everybody's invites, and what they can do about them.

use std::sync::Arc;

use app::{Action, AuditEntry, AuditPage, Code, Error as Refusal, Intervention, ServerInvite, ServerInvites, code_in};

use super::{
    audit::AuditLog,
    parse::{sought, user_id},
    registration_token::RegistrationTokens,
    rules::Rules,
    shown,
    switches::Switches,
};
use crate::{
    account::Account,
    clock::Clock,
    error::Result,
    homeserver::Accounts,
    store::{self, AllSelection, AsWritten, Invites, Millis, Noted, Pause, Span, StoredInvite},
};

/// How many invites stand on one page.
const ON_A_PAGE: u32 = 20;

/// How many entries stand on one page.
const LINES: i64 = 50;

/// The most entries that are handed out at once.
const MOST: i64 = 10_000;

/// What server admins can do.
pub struct ServerAdmin {
    pub(super) invites: Invites,
    pub(super) log: store::Audit,
    pub(super) accounts: Accounts,
    pub(super) rules: Arc<Rules>,
    pub(super) tokens: RegistrationTokens,
    pub(super) switches: Switches,
    pub(super) audit: AuditLog,
    pub(super) clock: Clock,
}

impl ServerAdmin {
    /// A page of all invites of the server: those whose owner's id has `search` in it or whose code, number or room it is.
    pub async fn server_invites(&self, account: &Account, search: &str, page: u32) -> Result<ServerInvites> {
        self.check_server_admin(account).await?;
        let search = sought(search);
        let text = &*code_in(&search);
        let page = page.max(1);
        let select = async |page: u32| {
            let skip = i64::from(page - 1) * i64::from(ON_A_PAGE);
            self.invites.select_all(&AllSelection { text, skip, take: i64::from(ON_A_PAGE) }).await
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
            invites.push(self.server_invite(stored).await?);
        }
        let all_paused = match self.invites.all_paused().await? {
            Some((actor, at)) => Some((self.accounts.person(&user_id(&actor)?).await, at)),
            None => None,
        };
        Ok(ServerInvites { invites, matching, page, pages, all_paused, proof: String::new(), now: (self.clock)() })
    }

    /// Stops somebody's invite, lets it go on, or ends it for ever.
    pub async fn intervene(&self, account: &Account, number: i64, what: Intervention) -> Result<()> {
        self.check_server_admin(account).await?;
        let found = self.invites.by_number(number).await?.ok_or(Refusal::UnknownInvite)?;
        let found = self.rules.bounded(found);
        let code = &found.invite.code;
        let paused = match what {
            Intervention::Revoke => return self.switches.delete(account, code).await,
            Intervention::Pause => true,
            Intervention::Resume => false,
        };
        self.switches.pause(account, code, paused, Pause::Admin).await?;
        self.tokens.settle(code).await.map(drop)
    }

    /// Stops every invite of the server, or lets them go on. Their registration tokens follow within seconds.
    pub async fn pause_all(&self, account: &Account, paused: bool) -> Result<()> {
        self.check_server_admin(account).await?;
        let action = if paused { Action::PausedAll } else { Action::ResumedAll };
        let entry = self.audit.entry(account, action, None, None)?;
        Ok(self.invites.pause_all(paused, &entry).await?)
    }

    /// Whether every invite of the server is stopped.
    pub async fn all_paused(&self) -> Result<bool> {
        Ok(self.invites.all_paused().await?.is_some())
    }

    /// A page of the log for a server admin, the last entry first. `before` is where the page before this one has ended.
    pub async fn audit(&self, account: &Account, search: &str, before: &str) -> Result<AuditPage> {
        self.check_server_admin(account).await?;
        let (search, before) = (sought(search), sought(before));
        let before = before.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id)));
        let span = Span { since: 0, before, search: &search, take: LINES + 1 };
        let mut entries = self.log.entries(&span).await?;
        let more = entries.len() > usize::try_from(LINES).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        let next = entries.last().filter(|_| more).map(|last| format!("{}-{}", last.entry.at, last.entry.id));
        Ok(AuditPage { entries: entries.into_iter().map(line).collect(), next, now: (self.clock)() })
    }

    /// What was done since then, for a server admin: the last first, and at most `most`.
    pub async fn audit_since(&self, account: &Account, since: Millis, most: Option<u32>) -> Result<Vec<AuditEntry>> {
        self.check_server_admin(account).await?;
        let take = most.map_or(MOST, i64::from).min(MOST);
        let entries = self.log.entries(&Span { since, before: None, search: "", take }).await?;
        Ok(entries.into_iter().map(line).collect())
    }

    async fn check_server_admin(&self, account: &Account) -> Result<()> {
        match self.accounts.is_server_admin(account).await? {
            true => Ok(()),
            false => Err(Refusal::ServerAdminsOnly.into()),
        }
    }

    async fn server_invite(&self, stored: AsWritten<StoredInvite>) -> Result<ServerInvite> {
        let StoredInvite { invite, number, opens_accounts, all_paused, .. } = self.rules.bounded(stored);
        let registration = invite.terms.registration;
        let state = invite.state(all_paused, (self.clock)());
        Ok(ServerInvite {
            invite: shown::known(&self.accounts, number, &invite, invite.came, state).await?,
            code: Code::masked(&invite.code),
            rooms: invite.terms.rooms,
            chat: invite.terms.chat,
            registration: registration && opens_accounts && self.rules.registration,
        })
    }
}

fn line(noted: Noted) -> AuditEntry {
    let Noted { entry, number, owner } = noted;
    AuditEntry {
        at: entry.at,
        actor: entry.actor,
        door: entry.door,
        action: entry.action,
        invite: number,
        owner,
        code: entry.code.map(|code| Code::masked(&code)),
        detail: entry.detail,
    }
}
