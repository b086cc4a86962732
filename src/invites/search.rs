//! Searching invites and the audit log, for server admins.

use std::collections::BTreeMap;

use app::{AuditPage, Code, ServerInvite, ServerInvites, code_in};
use matrix_sdk::ruma::UserId;

use super::{
    parse::{LONGEST_ID, sought, user_id},
    server_admin::{ServerAdmin, line},
    shown,
};
use crate::{
    account::Account,
    error::Result,
    store::{About, Among, AsWritten, Millis, Noted, Span, StoredInvite},
};

/// The default number of invites in a response.
const ON_A_PAGE: u32 = 20;

/// The most invites in one response.
const MOST: u32 = 100;

/// How many entries of the audit log are on a page.
const LINES: i64 = 50;

/// For how many people with a matching id invites and entries are looked up; each takes a query.
const PEOPLE: usize = 20;

/// People whose ids match a search.
struct People {
    ids: Vec<String>,
    /// Whether there are more of them than are looked up.
    too_many: bool,
}

impl ServerAdmin {
    /// Some of all invites of the server, newest first: those in whose owner's user name a word begins with `search`, and the
    /// one whose code or number, or those whose room, it is; at most `most` of those with numbers below `before`.
    pub async fn find_invites(
        &self,
        account: &Account,
        search: &str,
        before: Option<i64>,
        most: Option<u32>,
    ) -> Result<ServerInvites> {
        self.check_server_admin(account).await?;
        let search = sought(search);
        let text = &*code_in(&search);
        let (before, most) = (before.unwrap_or(i64::MAX), most.unwrap_or(ON_A_PAGE).clamp(1, MOST));
        let one_more = i64::from(most) + 1;
        let mut found = BTreeMap::new();
        let mut keep = |stored: AsWritten<StoredInvite>| {
            let stored = self.rules.bounded(stored);
            if stored.number < before && stored.deleted_at.is_none() {
                found.insert(stored.number, stored);
            }
        };
        let mut too_many_people = false;
        if text.is_empty() {
            self.invites.live(Among::All, before, one_more).await?.into_iter().for_each(&mut keep);
        } else {
            self.invites.get(text).await?.into_iter().for_each(&mut keep);
            if let Ok(number) = text.parse() {
                self.invites.by_number(number).await?.into_iter().for_each(&mut keep);
            }
            self.invites.live(Among::Into(text), before, one_more).await?.into_iter().for_each(&mut keep);
            let people = self.owners_called(text).await?;
            for owner in &people.ids {
                self.invites.live(Among::Of(owner), before, one_more).await?.into_iter().for_each(&mut keep);
            }
            too_many_people = people.too_many;
        }
        let more = found.len() > most as usize;
        let mut invites = Vec::new();
        for stored in found.into_values().rev().take(most as usize) {
            invites.push(self.server_invite(stored).await?);
        }
        let next = invites.last().filter(|_| more).map(|last| last.invite.number);
        let all_paused = match self.invites.all_paused().await? {
            Some((actor, at)) => Some((self.accounts.person(&user_id(&actor)?).await, at)),
            None => None,
        };
        Ok(ServerInvites { invites, next, too_many_people, all_paused, proof: String::new(), now: (self.clock)() })
    }

    /// A page of the audit log for a server admin, newest first: the actions of the person whose id `search` is, those
    /// on the invite with this number, and everything about people who have made invites and in whose user names a
    /// word begins with `search`. `before` is where the previous page ended.
    pub async fn find_entries(&self, account: &Account, search: &str, before: &str) -> Result<AuditPage> {
        self.check_server_admin(account).await?;
        let (search, before) = (sought(search), sought(before));
        let before = before.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id)));
        let all = Span { since: 0, before, about: About::Anything, take: LINES + 1 };
        let mut found: BTreeMap<(Millis, String), Noted> = BTreeMap::new();
        let mut keep = |noted: Noted| drop(found.insert((noted.entry.at, noted.entry.id.clone()), noted));
        let mut too_many_people = false;
        if search.is_empty() {
            self.log.entries(&all).await?.into_iter().for_each(&mut keep);
        } else {
            if let Ok(number) = search.parse()
                && let Some(code) = self.invites.code_of(number).await?
            {
                self.log.entries(&Span { about: About::Invite(&code), ..all }).await?.into_iter().for_each(&mut keep);
            }
            let mut people = self.owners_called(&search).await?;
            too_many_people = people.too_many;
            let guest = self.user_called(&search);
            people.ids.extend(guest.filter(|guest| !people.ids.contains(guest)));
            for person in &people.ids {
                for about in [About::By(person), About::InvitesOf(person)] {
                    self.log.entries(&Span { about, ..all }).await?.into_iter().for_each(&mut keep);
                }
            }
        }
        let lines = usize::try_from(LINES).unwrap_or(usize::MAX);
        let more = found.len() > lines;
        let entries: Vec<Noted> = found.into_values().rev().take(lines).collect();
        let next = entries.last().filter(|_| more).map(|last| format!("{}-{}", last.entry.at, last.entry.id));
        let entries = entries.into_iter().map(line).collect();
        Ok(AuditPage { entries, next, too_many_people, now: (self.clock)() })
    }

    /// People who have made invites, and in whose user names a word begins with a text.
    async fn owners_called(&self, name: &str) -> Result<People> {
        if name.len() > LONGEST_ID {
            return Ok(People { ids: Vec::new(), too_many: false });
        }
        let mut ids = self.owners.called(name, PEOPLE + 1).await?;
        let too_many = ids.len() > PEOPLE;
        ids.truncate(PEOPLE);
        Ok(People { ids, too_many })
    }

    /// The Matrix id for a text that is one, or a user name of this server.
    fn user_called(&self, name: &str) -> Option<String> {
        UserId::parse_with_server_name(name.to_lowercase(), &self.server_name).ok().map(|id| id.to_string())
    }

    async fn server_invite(&self, stored: StoredInvite) -> Result<ServerInvite> {
        let StoredInvite { invite, number, opens_accounts, all_paused, .. } = stored;
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
