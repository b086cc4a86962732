//! Importing the invites of the Python module `synapse_super_invites` and the tokens of `matrix-registration`, and
//! interpreting their data.

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

/// The longest code that is imported, in bytes.
const LONGEST_CODE: usize = 1500;

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Takeover {
    /// What was written.
    pub taken: Taken,
    /// Invites and people that were skipped because their Matrix ids are invalid.
    pub strangers: usize,
    /// Codes that were skipped because no database can store them, or nobody could use them.
    pub unusable: usize,
    /// Rooms that were skipped because they were given neither by id nor by alias; they led nowhere in the module
    /// either.
    pub nowhere: usize,
}

/// Imports the data of other programs.
pub struct Takeovers {
    pub(super) store: store::Takeovers,
    /// Their tables in this service's own database.
    pub(super) here: OtherPrograms,
    pub(super) aliases: Aliases,
    pub(super) clock: Clock,
}

impl Takeovers {
    /// Imports the module's data from a database, which may be this one; `None` if the module never used it. With `dry`
    /// nothing is written.
    pub async fn take_over(&self, from: &OtherPrograms, dry: bool) -> Result<Option<Takeover>> {
        let Some(old) = from.module_invites().await? else { return Ok(None) };
        let mut takeover = Takeover::default();
        let invites: Vec<TakenInvite> = old.into_iter().filter_map(|old| takeover.read(old)).collect();
        takeover.taken = self.store.take_over(&invites, (self.clock)(), dry).await?;
        Ok(Some(takeover))
    }

    /// Imports the module's data from this database, unless nothing was added since the last time.
    pub async fn take_over_here(&self) -> Result<Option<Takeover>> {
        let state = self.here.module_state().await?;
        if state.is_some() && state == self.store.taken_over().await? {
            return Ok(None);
        }
        let takeover = self.take_over(&self.here, false).await?;
        // The state from before the import: whatever was added in the meantime is imported next time.
        if let Some(state) = state {
            self.store.set_taken_over(&state).await?;
        }
        Ok(takeover)
    }

    /// Imports the tokens of matrix-registration from another database, as invites of `owner` that open accounts and
    /// lead nowhere else. With `dry` nothing is written.
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

    /// Tries once to resolve every alias that the module stored; returns whether the homeserver gave an answer for all.
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
        // PostgreSQL's texts cannot contain NUL, and longer ones cannot be indexed.
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

/// A token as an invite without rooms. A token that cannot open any more accounts becomes a deleted code.
fn read_token(token: OldToken, owner: &UserId, now: Millis) -> TakenInvite {
    let OldToken { name, until, most, used, disabled } = token;
    let left = most.map(|most| most.saturating_sub(used).clamp(0, u32::MAX.into()));
    let is_over = disabled || left == Some(0) || until.is_some_and(|until| until <= now);
    TakenInvite {
        old: OldInvite {
            code: name,
            owner: owner.to_string(),
            chat: false,
            // The real time is not known.
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
    // The module did not record the id of the direct chat.
    outcomes.extend(invite.chat.then_some(Outcome { room: None, came: Came::In }));
    let complete = !guest.cut_off && outcomes.iter().all(|outcome| outcome.came == Came::In);
    TakenGuest { redeemer: guest.redeemer, at: guest.at, complete, outcomes }
}

/// Interprets an error message of Synapse's, which is all that the module stored.
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
        // The message follows the status, as Python formats such errors.
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

    /// The outcome for each room; `None` for those that were joined.
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
        // Outcomes that were cut off because the column was full are unknown.
        let cut_off = guest("!a:x skipped: '429: Too Many Requests'\n!b:x skip", true);
        assert_eq!(came(&cut_off).len(), 2, "{cut_off:?}");
        assert!(!cut_off.complete);
    }
}
