//! Searching the audit log, for server admins.

use std::{cmp::Reverse, collections::BTreeMap};

use app::{AuditPage, AuditQuery};
use matrix_sdk::ruma::UserId;

use super::{
    parse::sought,
    server_admin::{ServerAdmin, line},
};
use crate::{
    account::Account,
    error::Result,
    store::{About, Millis, Noted, Span},
};

/// How many entries are on a page.
const LINES: usize = 50;

/// How many entries are read at once where not all of them are shown.
const BATCH: usize = 500;

/// How many are looked through for one page.
const LOOKED_THROUGH: usize = 5000;

/// What entries to look for.
#[derive(Default)]
struct Sources {
    everything: bool,
    code: Option<String>,
    /// People who did something themselves.
    actors: Vec<String>,
    /// People with whose invites something was done.
    owners: Vec<String>,
    too_many_people: bool,
}

/// The time and the id of an entry, which order all entries.
type Place = (Millis, String);

impl Sources {
    fn about(&self) -> Vec<About<'_>> {
        let everything = self.everything.then_some(About::Anything).into_iter();
        let code = self.code.iter().map(|code| About::Invite(code));
        let actors = self.actors.iter().map(|actor| About::By(actor));
        let owners = self.owners.iter().map(|owner| About::InvitesOf(owner));
        everything.chain(code).chain(actors).chain(owners).collect()
    }
}

impl ServerAdmin {
    /// A page of the audit log for a server admin, newest first: the actions of the person whose id the search is,
    /// those on the invite with this number, and everything about people who have made invites and in whose user
    /// names a word begins with it; of these, only what was done by whom and what is asked for.
    pub async fn find_entries(&self, account: &Account, query: &AuditQuery) -> Result<AuditPage> {
        self.check_server_admin(account).await?;
        let search = sought(&query.search).to_lowercase();
        let who = sought(&query.who);
        let sources = self.entry_sources(&search, &who).await?;
        // If it was not looked for, it has to be compared.
        let compared = !search.is_empty() && !who.is_empty();
        let fits = |noted: &Noted| {
            let is_found = || {
                let is_in = |id: &str| id.to_lowercase().contains(&search);
                let is_number = noted.number.is_some_and(|number| number.to_string() == search);
                is_number || is_in(&noted.entry.actor) || noted.owner.as_deref().is_some_and(is_in)
            };
            query.action.is_none_or(|action| action == noted.entry.action) && (!compared || is_found())
        };
        let take = if compared || query.action.is_some() { BATCH } else { LINES + 1 };
        let before = sought(&query.before);
        let mut before = before.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        let (mut entries, mut looked_through, mut next, mut unfinished) = (Vec::new(), 0, None, false);
        loop {
            let (batch, more) = self.entry_batch(&sources, before.as_ref(), take).await?;
            looked_through += batch.len();
            before = batch.last().map(place).or(before);
            entries.extend(batch.into_iter().filter(&fits));
            if entries.len() > LINES {
                entries.truncate(LINES);
                next = entries.last().map(place);
                break;
            }
            if !more {
                break;
            }
            if looked_through >= LOOKED_THROUGH {
                (next, unfinished) = (before, true);
                break;
            }
        }
        Ok(AuditPage {
            entries: entries.into_iter().map(line).collect(),
            next: next.map(|(at, id)| format!("{at}-{id}")),
            unfinished,
            too_many_people: sources.too_many_people,
            now: (self.clock)(),
        })
    }

    async fn entry_sources(&self, search: &str, who: &str) -> Result<Sources> {
        if !who.is_empty() {
            let actors = self.user_called(who).into_iter().collect();
            return Ok(Sources { actors, ..Sources::default() });
        }
        if search.is_empty() {
            return Ok(Sources { everything: true, ..Sources::default() });
        }
        let code = match search.parse() {
            Ok(number) => self.invites.code_of(number).await?,
            Err(_) => None,
        };
        let people = self.owners_called(search).await?;
        let mut ids = people.ids;
        let guest = self.user_called(search);
        ids.extend(guest.filter(|guest| !ids.contains(guest)));
        Ok(Sources { everything: false, code, actors: ids.clone(), owners: ids, too_many_people: people.too_many })
    }

    /// The next of what all sources have, and whether there may be more.
    async fn entry_batch(&self, sources: &Sources, before: Option<&Place>, take: usize) -> Result<(Vec<Noted>, bool)> {
        let before = before.map(|(at, id)| (*at, id.as_str()));
        let most = i64::try_from(take).unwrap_or(i64::MAX);
        let mut found = BTreeMap::new();
        let mut more = false;
        for about in sources.about() {
            let part = self.log.entries(&Span { since: 0, before, about, take: most }).await?;
            more |= part.len() == take;
            found.extend(part.into_iter().map(|noted| (Reverse(place(&noted)), noted)));
        }
        // Behind these, a source may have some that it was not asked for.
        more |= found.len() > take;
        Ok((found.into_values().take(take).collect(), more))
    }

    /// The Matrix id for a text that is one, or a user name of this server.
    fn user_called(&self, name: &str) -> Option<String> {
        UserId::parse_with_server_name(name.to_lowercase(), &self.server_name).ok().map(|id| id.to_string())
    }
}

fn place(noted: &Noted) -> Place {
    (noted.entry.at, noted.entry.id.clone())
}
