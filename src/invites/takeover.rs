//! Taking over the invites of the Python module `synapse_super_invites`, what its notes mean here, and the tokens of `matrix-registration`.

use app::{Code, Reason};
use matrix_sdk::ruma::{RoomOrAliasId, UserId};

use super::{
    aliases::Aliases,
    journey::{missed, said},
};
use crate::{
    clock::Clock,
    error::Result,
    store::{
        self, Came, Millis, OldGuest, OldInvite, OldToken, OtherPrograms, Outcome, Source, Taken, TakenGuest,
        TakenInvite,
    },
};

/// The most bytes of a code that is taken over.
const LONGEST_CODE: usize = 1500;

/// What was done, and what could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Takeover {
    /// What was written.
    pub taken: Taken,
    /// Invites and people whose Matrix ids are none.
    pub strangers: usize,
    /// Codes that no database can hold, or nobody can ask for.
    pub unusable: usize,
    /// Rooms that were named by something that is neither an id nor an alias, which led nowhere in the module either.
    pub nowhere: usize,
}

/// Takes over what other programs have left.
pub struct Takeovers {
    pub(super) store: store::Takeovers,
    /// What they have left in this very database.
    pub(super) here: OtherPrograms,
    pub(super) aliases: Aliases,
    pub(super) clock: Clock,
}

impl Takeovers {
    /// Takes over what the module has left in a database, which may be this one; nothing where it never was. With `dry` nothing is written.
    pub async fn take_over(&self, from: &OtherPrograms, dry: bool) -> Result<Option<Takeover>> {
        let Some(old) = from.module_invites().await? else { return Ok(None) };
        let mut takeover = Takeover::default();
        let invites: Vec<TakenInvite> = old.into_iter().filter_map(|old| takeover.read(old)).collect();
        takeover.taken = self.store.take_over(&invites, (self.clock)(), dry).await?;
        Ok(Some(takeover))
    }

    /// Takes over what the module has left in this very database, unless nothing has come since the last time.
    pub async fn take_over_here(&self) -> Result<Option<Takeover>> {
        let state = self.here.module_state().await?;
        if state.is_some() && state == self.store.taken_over().await? {
            return Ok(None);
        }
        let takeover = self.take_over(&self.here, false).await?;
        // As it was before: what has come in the meantime is taken over the next time.
        if let Some(state) = state {
            self.store.set_taken_over(&state).await?;
        }
        Ok(takeover)
    }

    /// Takes over the tokens that matrix-registration has left in another database, as somebody's invites that open accounts and lead nowhere
    /// else. With `dry` nothing is written.
    pub async fn take_over_tokens(&self, from: &OtherPrograms, owner: &UserId, dry: bool) -> Result<Takeover> {
        let now = (self.clock)();
        let mut takeover = Takeover::default();
        let mut invites = Vec::new();
        for token in from.registration_tokens().await? {
            match Code::parse(&token.name) {
                Ok(_) => invites.push(read_token(token, owner, now)),
                Err(_) => takeover.unusable += 1,
            }
        }
        takeover.taken = self.store.take_over(&invites, now, dry).await?;
        Ok(takeover)
    }

    /// Asks the homeserver once about every alias that the module kept; whether it has told.
    pub async fn resolve_all_aliases(&self) -> Result<bool> {
        self.aliases.resolve_all_aliases().await
    }
}

impl Takeover {
    fn read(&mut self, mut old: OldInvite) -> Option<TakenInvite> {
        if UserId::parse(&old.owner).is_err() {
            self.strangers += 1;
            return None;
        }
        // PostgreSQL has no text with NUL in it, and no index over longer ones.
        if old.code.len() > LONGEST_CODE || old.code.contains('\0') {
            self.unusable += 1;
            return None;
        }
        let named = old.rooms.len();
        let is_room = |room: &str| <&RoomOrAliasId>::try_from(room).is_ok() && !room.contains(char::is_control);
        old.rooms.retain(|room| is_room(room));
        self.nowhere += named - old.rooms.len();
        let mut guests = Vec::new();
        for mut guest in std::mem::take(&mut old.came) {
            guest.errors = guest.errors.replace('\0', "");
            match UserId::parse(&guest.redeemer) {
                Ok(_) => guests.push(read_guest(&old, guest)),
                Err(_) => self.strangers += 1,
            }
        }
        Some(TakenInvite { old, guests, source: Source::Module })
    }
}

/// A token as an invite into nothing. One that opens no more accounts is a code that was deleted.
fn read_token(token: OldToken, owner: &UserId, now: Millis) -> TakenInvite {
    let OldToken { name, until, most, used, disabled } = token;
    let left = most.map(|most| most.saturating_sub(used).clamp(0, u32::MAX.into()));
    let is_over = disabled || left == Some(0) || until.is_some_and(|until| until <= now);
    TakenInvite {
        old: OldInvite {
            code: name,
            owner: owner.to_string(),
            chat: false,
            // It was not noted.
            created_at: now,
            deleted_at: is_over.then_some(now),
            rooms: Vec::new(),
            came: Vec::new(),
        },
        guests: Vec::new(),
        source: Source::MatrixRegistration { left: left.filter(|_| !is_over), until, disabled },
    }
}

fn read_guest(invite: &OldInvite, guest: OldGuest) -> TakenGuest {
    let noted = |room: &str| {
        let begin = format!("{room} skipped: '");
        guest.errors.lines().find_map(|line| line.strip_prefix(&begin)).map(|text| text.trim_end_matches('\''))
    };
    let mut outcomes = Vec::new();
    for room in &invite.rooms {
        let came = match noted(room) {
            None if guest.cut_off => continue,
            None => Came::In,
            Some(text) => read_error(text, &guest.redeemer),
        };
        outcomes.push(Outcome { room: Some(room.clone()), came });
    }
    // The module did not note which room it is.
    outcomes.extend(invite.chat.then_some(Outcome { room: None, came: Came::In }));
    let complete = !guest.cut_off && outcomes.iter().all(|outcome| outcome.came == Came::In);
    TakenGuest { redeemer: guest.redeemer, at: guest.at, complete, outcomes }
}

/// What an error of Synapse's was, in whose words the module noted it.
fn read_error(text: &str, redeemer: &str) -> Came {
    let has = |part: &str| text.contains(part);
    if has("is already in the room") && has(redeemer) {
        return Came::In;
    }
    if has("banned") {
        return missed(Reason::Banned, "M_BAD_STATE");
    }
    if has("not in room") {
        return missed(Reason::OwnerLeft, "M_FORBIDDEN");
    }
    if has("permission to invite") {
        return missed(Reason::OwnerMayNotInvite, "M_FORBIDDEN");
    }
    let reason = match has("429") || has("Too Many Requests") {
        true => Reason::Busy,
        // Behind the status, as Python shows such errors.
        false => said(text.split_once(": ").map_or(text, |(_, words)| words)),
    };
    Came::Missed { reason, errcode: "M_UNKNOWN".to_owned(), again: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(errors: &str, cut_off: bool) -> TakenGuest {
        let rooms = ["!a:x", "!b:x", "#c:x"].map(str::to_owned).to_vec();
        let (code, owner) = ("code".to_owned(), "@o:x".to_owned());
        let invite = OldInvite { code, owner, chat: true, created_at: 1, deleted_at: None, rooms, came: Vec::new() };
        read_guest(&invite, OldGuest { redeemer: "@cleo:test".into(), at: 2, errors: errors.into(), cut_off })
    }

    /// What came of each room; nothing where they are in.
    fn came(guest: &TakenGuest) -> Vec<(&str, Option<&Reason>)> {
        let outcomes = guest.outcomes.iter();
        outcomes
            .map(|outcome| {
                let reason = match &outcome.came {
                    Came::In => None,
                    Came::Missed { reason, .. } => Some(reason),
                };
                (outcome.room.as_deref().unwrap_or("chat"), reason)
            })
            .collect()
    }

    #[test]
    fn what_the_module_noted_is_understood() {
        let all = guest("", false);
        assert!(all.complete && came(&all).iter().all(|(_, came)| came.is_none()));
        let before = guest("!a:x skipped: '403: @cleo:test is already in the room.'", false);
        assert!(before.complete, "who was there before is there");
        let some = guest(
            "!a:x skipped: '403: @o:x not in room !a:x.'\n!b:x skipped: '403: Cannot invite user who was banned'\n\
             #c:x skipped: '400: #c:x was not legal room ID or room alias'",
            false,
        );
        assert!(!some.complete);
        assert_eq!(
            came(&some),
            [
                ("!a:x", Some(&Reason::OwnerLeft)),
                ("!b:x", Some(&Reason::Banned)),
                ("#c:x", Some(&Reason::Said("#c:x was not legal room ID or room alias".to_owned()))),
                ("chat", None),
            ]
        );
        let busy = guest("!a:x skipped: '429: Too Many Requests'", false);
        assert!(matches!(&busy.outcomes[0].came, Came::Missed { again: true, .. }));
        // What was not noted because there was no room for more is not known.
        let cut_off = guest("!a:x skipped: '429: Too Many Requests'\n!b:x skip", true);
        assert_eq!(came(&cut_off).len(), 2, "{cut_off:?}");
        assert!(!cut_off.complete);
    }
}
