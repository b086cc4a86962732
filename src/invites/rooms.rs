//! The rooms that an invite may lead into.

use std::{collections::HashSet, sync::Arc};

use app::{Error as Refusal, Field, Problem, RoomProblem, RoomRefusal};
use futures_util::{StreamExt, TryStreamExt, stream};
use matrix_sdk::ruma::{OwnedRoomAliasId, OwnedRoomId};

use super::{
    parse::{LONGEST_ID, number},
    rules::Rules,
    work::{Done, Work},
};
use crate::{
    account::Account,
    clock::Clock,
    error::Result,
    homeserver::{MayInvite, Rooms},
};

/// How many rooms are queried at once. Few, because the homeserver answers one query after the other anyway, and those
/// that wait there would delay everybody else's.
const ROOMS_QUERIED_AT_ONCE: usize = 2;

/// A room as a request names it.
enum Named {
    Id(OwnedRoomId),
    Alias(OwnedRoomAliasId),
}

/// A room that an invite may lead into, or why it may not.
type Checked = Result<OwnedRoomId, RoomRefusal>;

/// Checks that a member may let an invite lead into rooms.
pub(super) struct RoomCheck {
    pub(super) rooms: Rooms,
    pub(super) rules: Arc<Rules>,
    pub(super) work: Arc<Done>,
    pub(super) clock: Clock,
}

impl RoomCheck {
    /// The ids of the named rooms, in order and without duplicates. Those in `known` are not checked, so that a room to
    /// which the owner cannot invite any more does not prevent a change; to all others the member must be able to
    /// invite people now.
    pub(super) async fn check(&self, account: &Account, named: &[String], known: &[String]) -> Result<Vec<String>> {
        let mut seen = HashSet::new();
        let named: Vec<&String> = named.iter().filter(|room| seen.insert(room.as_str())).collect();
        if named.len() > self.rules.max_rooms {
            return Err(Refusal::Invalid {
                field: Field::Rooms,
                problem: Problem::TooManyRooms(number(self.rules.max_rooms)),
            }
            .into());
        }
        let known: HashSet<&str> = known.iter().map(String::as_str).collect();
        let new: Vec<(String, Named)> = named
            .iter()
            .filter(|room| !known.contains(room.as_str()))
            .map(|room| Ok(((*room).clone(), parse(room)?)))
            .collect::<Result<_, Refusal>>()?;
        let mut checked = self.check_new(account, new, &known).await?.into_iter();

        let (mut rooms, mut refused) = (Vec::new(), Vec::new());
        for room in named {
            let room = match known.contains(room.as_str()) {
                true => Some(Ok(room.clone())),
                false => checked.next().map(|checked| checked.map(String::from)),
            };
            match room {
                // Two aliases may belong to one room.
                Some(Ok(room)) if !rooms.contains(&room) => rooms.push(room),
                Some(Err(refusal)) => refused.push(refusal),
                _ => {}
            }
        }
        match refused.is_empty() {
            true => Ok(rooms),
            false => Err(Refusal::RoomsRefused(refused).into()),
        }
    }

    async fn check_new(
        &self,
        account: &Account,
        new: Vec<(String, Named)>,
        known: &HashSet<&str>,
    ) -> Result<Vec<Checked>> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        self.work.take(Work::LookUpRoom, account.user_id(), new.len(), (self.clock)())?;
        let mine = self.rooms.rooms_of(account).await?;
        let check = async |(text, named): (String, Named)| -> Result<Checked> {
            let refuse = |problem| Ok(Err(RoomRefusal { room: text.clone(), problem }));
            let room = match named {
                Named::Id(room) => room,
                Named::Alias(alias) => match self.rooms.resolve(alias).await? {
                    Some(room) => room,
                    None => return refuse(RoomProblem::Unknown),
                },
            };
            if known.contains(room.as_str()) {
                return Ok(Ok(room));
            }
            if !mine.contains(&room) {
                return refuse(RoomProblem::NotIn);
            }
            match self.rooms.may_invite(account, &room).await? {
                MayInvite::Yes => Ok(Ok(room)),
                MayInvite::PowerTooLow => refuse(RoomProblem::MayNotInvite),
            }
        };
        stream::iter(new).map(check).buffered(ROOMS_QUERIED_AT_ONCE).try_collect().await
    }
}

fn parse(room: &str) -> Result<Named, Refusal> {
    let legal = room.len() <= LONGEST_ID && !room.contains(char::is_control);
    let named = match room.chars().next() {
        Some('!') if legal && room.len() > 1 => OwnedRoomId::try_from(room).ok().map(Named::Id),
        Some('#') if legal => OwnedRoomAliasId::try_from(room).ok().map(Named::Alias),
        _ => None,
    };
    named.ok_or_else(|| Refusal::Invalid { field: Field::Rooms, problem: Problem::NoRoom(short(room)) })
}

/// A text from outside, truncated for error messages.
fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
