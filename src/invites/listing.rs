//! The list of a member's own invites, a page at a time.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use app::{Invite, InvitePage, InviteQuery, Room, Sort, Tab, wording};

use super::{
    lists::Listed,
    overview::MyRooms,
    owner::Owner,
    parse::{number, sought},
};
use crate::{account::Account, error::Result};

/// How many invites are on a page.
const ON_A_PAGE: usize = 25;

impl Owner {
    /// One page of the member's own invites. All of them are in memory: what is sought, the order and the tab need names of rooms and the
    /// operator's current limits, neither of which the database knows.
    pub async fn page(&self, account: &Account, query: InviteQuery) -> Result<InvitePage> {
        let mine = self.my_rooms(account).await;
        let listed = self.list(account).await?;
        let (found, others) = found(&listed, &mine, &query);
        let start = begins(&found, &query.after);
        let end = found.len().min(start + ON_A_PAGE);
        let mut cards = Vec::new();
        for invite in &found[start..end] {
            let blocks = self.stored_rooms.blocks(&invite.code).await?;
            cards.push(mine.card((*invite).clone(), listed.state(invite), &blocks));
        }
        let code = |at: usize| found.get(at).map(|invite| invite.code.clone());
        let (here, there) = (number(found.len()), number(others));
        let (active, ended) = match query.tab {
            Tab::Active => (here, there),
            Tab::Ended => (there, here),
        };
        Ok(InvitePage {
            invites: cards,
            active,
            ended,
            all: number(listed.invites.len()),
            before: number(start),
            // The page before this one begins behind the invite that precedes it, if one does.
            previous: (start > 0).then(|| start.checked_sub(ON_A_PAGE + 1).and_then(code).unwrap_or_default()),
            next: (end < found.len()).then(|| code(end - 1)).flatten(),
            public: None,
            now: (self.clock)(),
        })
    }
}

/// Where the page begins that follows this invite: at the first one, if there is none of that code any more.
fn begins(found: &[&Invite], after: &str) -> usize {
    let start = found.iter().position(|invite| invite.code == after).map_or(0, |at| at + 1);
    if start < found.len() { start } else { start.saturating_sub(ON_A_PAGE) }
}

/// The invites of the tab that match the search, in order, and how many of the other tab match.
fn found<'a>(listed: &'a Listed, mine: &MyRooms, query: &InviteQuery) -> (Vec<&'a Invite>, usize) {
    let text = sought(&query.search).to_lowercase();
    let has = |name: &str| name.to_lowercase().contains(&text);
    let rooms = mine.0.iter().flat_map(HashMap::iter);
    let rooms: HashSet<&String> =
        rooms.filter(|(_, room)| room.name.as_deref().is_some_and(has)).map(|(id, _)| id).collect();
    let matches = |invite: &Invite| {
        let terms = &invite.terms;
        text.is_empty()
            || [&terms.label, &terms.public_title].into_iter().flatten().any(|name| has(name))
            || has(&invite.code)
            || terms.rooms.iter().any(|room| rooms.contains(room))
    };
    // The newest first.
    let matching = listed.invites.iter().rev().filter(|invite| matches(invite));
    let (ended, active): (Vec<_>, Vec<_>) = matching.partition(|invite| invite.has_ended(listed.now));
    let (mut found, others) = match query.tab {
        Tab::Active => (active, ended),
        Tab::Ended => (ended, active),
    };
    match query.sort {
        Sort::Newest => {}
        Sort::EndsNext => found.sort_by_key(|invite| invite.terms.limits.expires_at.unwrap_or(i64::MAX)),
        Sort::MostPeople => found.sort_by_key(|invite| Reverse(invite.came)),
        Sort::LastCame => found.sort_by_key(|invite| Reverse(invite.last_came)),
        Sort::Name => found.sort_by_cached_key(|invite| {
            let rooms: Vec<Room> = invite.terms.rooms.iter().map(|room| mine.room(room)).collect();
            wording::invite_title(invite.terms.name(), &invite.code, &rooms).to_lowercase()
        }),
    }
    (found, others.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use app::{Limits, Terms};

    use super::*;

    fn invite(number: u32, label: &str, limits: Limits) -> Invite {
        Invite {
            code: format!("code-{number}"),
            owner: "@anna:x".to_owned(),
            terms: Terms { label: Some(label.to_owned()), limits, ..Terms::default() },
            came: number % 7,
            last_came: (number > 5).then_some(i64::from(number)),
            created_at: i64::from(number),
            uses: 0,
            paused: false,
            held: false,
        }
    }

    fn codes(listed: &Listed, query: &InviteQuery) -> (Vec<u32>, usize) {
        let (found, others) = found(listed, &MyRooms(None), query);
        (found.iter().map(|invite| invite.code[5..].parse().unwrap()).collect(), others)
    }

    #[test]
    fn each_tab_has_its_invites_in_the_order_that_was_asked_for() {
        let ends = |expires_at| Limits { expires_at, ..Limits::default() };
        let invites = vec![
            invite(1, "b", ends(Some(3000))),
            invite(2, "A", ends(None)),
            invite(3, "c", ends(Some(2000))),
            invite(6, "d", ends(Some(500))),
        ];
        let listed = Listed::new(Arc::new(invites), false, 1000);
        let ask = |tab, sort| codes(&listed, &InviteQuery { tab, sort, ..InviteQuery::default() });
        assert_eq!(ask(Tab::Active, Sort::Newest), (vec![3, 2, 1], 1));
        assert_eq!(ask(Tab::Active, Sort::EndsNext).0, [3, 1, 2]);
        assert_eq!(ask(Tab::Active, Sort::MostPeople).0, [3, 2, 1]);
        assert_eq!(ask(Tab::Active, Sort::Name).0, [2, 1, 3]);
        assert_eq!(ask(Tab::Ended, Sort::Newest), (vec![6], 3));
    }

    #[test]
    fn pages_follow_each_other_without_a_gap_and_end_with_the_last() {
        let many: Vec<Invite> = (0..60).map(|number| invite(number, "x", Limits::default())).collect();
        let found: Vec<&Invite> = many.iter().collect();
        assert_eq!(begins(&found, ""), 0);
        assert_eq!(begins(&found, "code-24"), 25);
        assert_eq!(begins(&found, "gone"), 0);
        assert_eq!(begins(&found, "code-59"), 35, "nothing follows: the last page");
    }
}
