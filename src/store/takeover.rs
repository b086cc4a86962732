//! Writing what other programs have left beside what is here.

use std::collections::BTreeSet;

use super::{
    Came, Freshness, Millis, OldInvite, Outcome, Pool, RegistrationToken, Result,
    changes::HIDE,
    days::{Tally, count_days},
    freshness::Changed,
    invites::CHANGED,
    on_pool,
    redemptions::{arrive, complete, write_outcome},
};

/// What a takeover has written, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Invites that were not here before.
    pub invites: u64,
    /// How many of these were deleted: their codes stay taken.
    pub deleted: u64,
    /// Invites that were here before, and were deleted there since.
    pub deleted_since: u64,
    /// Rooms into which the new invites lead.
    pub rooms: u64,
    /// People who came, each with one code.
    pub came: u64,
    /// Codes that are another invite's here already, which is left as it is.
    pub conflicts: u64,
}

/// One redemption as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenGuest {
    /// Matrix id.
    pub redeemer: String,
    /// When they began.
    pub at: Millis,
    /// Whether they are in everything.
    pub complete: bool,
    /// What came of each room.
    pub outcomes: Vec<Outcome>,
}

/// Whose an invite was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The Python module's.
    Module,
    /// matrix-registration's: a token that opens accounts.
    MatrixRegistration {
        /// How many more.
        left: Option<i64>,
        /// Until when.
        until: Option<Millis>,
        /// Whether somebody has ended it there.
        disabled: bool,
    },
}

impl Source {
    /// The word that is kept.
    fn as_str(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::MatrixRegistration { .. } => "matrix-registration",
        }
    }
}

/// One invite as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenInvite {
    /// The invite; of its guests only who they are.
    pub old: OldInvite,
    /// Those who came.
    pub guests: Vec<TakenGuest>,
    /// Whose it was.
    pub source: Source,
}

/// An invite that is here already: its owner, when it was made and deleted, and whose it was.
type Known = (String, Millis, Option<Millis>, String);

impl TakenInvite {
    /// Whether an invite that is here already is this one: of somebody else, or made here under the same code, it is not.
    fn is_known_as(&self, (owner, created_at, _, source): &Known) -> bool {
        *owner == self.old.owner
            && match self.source {
                // The same millisecond: nobody else has made it.
                Source::Module => *created_at == self.old.created_at,
                Source::MatrixRegistration { .. } => source == self.source.as_str(),
            }
    }

    /// Whether one that is here already, and goes on, has ended there since. One that has run out there may have been changed here.
    fn has_ended(&self) -> bool {
        match self.source {
            Source::Module => self.old.deleted_at.is_some(),
            Source::MatrixRegistration { disabled, .. } => disabled,
        }
    }
}

/// Takes the rows of all owners, as whoever makes an invite does before they take the counter.
macro_rules! take_owners {
    ($tx:expr, $invites:expr) => {
        let owners: BTreeSet<&str> = $invites.iter().map(|invite| invite.old.owner.as_str()).collect();
        for owner in owners {
            $crate::store::owners::take_owner!($tx, owner);
        }
    };
}

const NUMBER: &str = "UPDATE counters SET value = value + 1 WHERE name = 'invites' RETURNING value";
const CREATE: &str =
    "INSERT INTO invites (code, owner, chat, registration, registration_token, opens_accounts, created_at, changed_at,
        deleted_at, token_due, number, source, expires_at, max_uses)
     VALUES ($1, $2, $3, TRUE, $4, $5, $6, $7, $8, $7, $9, $10, $11, $12)";
const ROOM: &str = "INSERT INTO invite_rooms (code, room, position, number)
     SELECT $1, $2, $3, CASE WHEN deleted_at IS NULL THEN number END FROM invites WHERE code = $1
     ON CONFLICT DO NOTHING";
const GUEST: &str = "INSERT INTO redemptions (code, redeemer, started_at, use_at)
     VALUES ($1, $2, $3, $4) ON CONFLICT (code, redeemer) DO NOTHING";
const BEGUN: &str = "UPDATE invites SET begun = begun + 1 WHERE code = $1";
const USE: &str = "UPDATE invites SET uses = uses + 1 WHERE code = $1";

/// Writes an invite that is not known yet, and its rooms.
macro_rules! create {
    ($tx:expr, $taken:expr, $tally:expr, $invite:expr, $now:expr) => {
        let TakenInvite { old, source, .. } = $invite;
        let number: i64 = sqlx::query_scalar(NUMBER).fetch_one(&mut **$tx).await?;
        let (registration, opens_accounts, until, left) = match *source {
            Source::Module => (RegistrationToken::Inherited, false, None, None),
            Source::MatrixRegistration { left, until, .. } => (RegistrationToken::None, true, until, left),
        };
        sqlx::query(CREATE)
            .bind(&old.code)
            .bind(&old.owner)
            .bind(old.chat)
            .bind(registration.as_str())
            .bind(opens_accounts)
            .bind(old.created_at)
            .bind($now)
            .bind(old.deleted_at)
            .bind(number)
            .bind(source.as_str())
            .bind(until)
            .bind(left)
            .execute(&mut **$tx)
            .await?;
        for (position, room) in (0_i64..).zip(&old.rooms) {
            sqlx::query(ROOM).bind(&old.code).bind(room).bind(position).execute(&mut **$tx).await?;
            $taken.rooms += 1;
        }
        $taken.invites += 1;
        $tally.created(old.created_at);
        $taken.deleted += u64::from(old.deleted_at.is_some());
    };
}

/// Writes that somebody came with an invite, unless that is known.
macro_rules! note_guest {
    ($tx:expr, $taken:expr, $tally:expr, $code:expr, $guest:expr) => {
        let TakenGuest { redeemer, at, complete, outcomes } = $guest;
        let is_in = outcomes.iter().any(|one| one.came == Came::In);
        let came_at = (*complete || is_in).then_some(*at);
        let written = sqlx::query(GUEST).bind($code).bind(redeemer).bind(*at).bind(came_at).execute(&mut **$tx).await?;
        if written.rows_affected() > 0 {
            $taken.came += 1;
            sqlx::query(BEGUN).bind($code).execute(&mut **$tx).await?;
            if came_at.is_some() {
                sqlx::query(USE).bind($code).execute(&mut **$tx).await?;
                arrive!(&mut **$tx, $tally, $code, redeemer, *at);
            }
            if *complete {
                complete!(&mut **$tx, $code, redeemer, *at);
            }
            for outcome in outcomes {
                write_outcome!(&mut **$tx, $tally, $code, redeemer, outcome, *at);
            }
        }
    };
}

/// What was taken over from other programs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Takeovers(pub(super) Pool, pub(super) Freshness);

impl Takeovers {
    /// Writes invites of another program beside what is here, in one transaction; with `dry` it only says what it would write. Doing it again
    /// writes what has come since.
    pub async fn take_over(&self, invites: &[TakenInvite], now: Millis, dry: bool) -> Result<Taken> {
        // Nobody else numbers invites until this is done: several instances may start at once.
        const ALONE: &str = "UPDATE counters SET value = value WHERE name = 'invites'";
        const KNOWN: &str = "SELECT owner, created_at, deleted_at, source FROM invites WHERE code = $1";
        const DELETE: &str = "UPDATE invites SET deleted_at = $2, changed_at = $3, token_due = $3 WHERE code = $1";
        const SOURCE: &str = "UPDATE invites SET source = $2 WHERE code = $1";
        let mut taken = Taken::default();
        let change = self.1.change();
        super::in_long_transaction!(&self.0, super::LONG_POSTGRES_TIMEOUT, dry, |tx| {
            take_owners!(&mut *tx, invites);
            sqlx::query(ALONE).execute(&mut *tx).await?;
            let mut tally = Tally::default();
            for invite in invites {
                let TakenInvite { old, guests, source } = invite;
                let known: Option<Known> = sqlx::query_as(KNOWN).bind(&old.code).fetch_optional(&mut *tx).await?;
                match known {
                    Some(known) if !invite.is_known_as(&known) => {
                        taken.conflicts += 1;
                        continue;
                    }
                    Some((_, _, None, _)) if invite.has_ended() => {
                        sqlx::query(DELETE).bind(&old.code).bind(old.deleted_at).bind(now).execute(&mut *tx).await?;
                        sqlx::query(HIDE).bind(&old.code).execute(&mut *tx).await?;
                        taken.deleted_since += 1;
                    }
                    // One that was taken over before this was noted.
                    Some((.., known)) if known != source.as_str() => {
                        sqlx::query(SOURCE).bind(&old.code).bind(source.as_str()).execute(&mut *tx).await?;
                    }
                    Some(_) => {}
                    None => {
                        create!(&mut tx, taken, tally, invite, now);
                    }
                }
                for guest in guests {
                    note_guest!(&mut tx, taken, tally, &old.code, guest);
                }
                sqlx::query(CHANGED).bind(&old.code).execute(&mut *tx).await?;
            }
            count_days!(&mut *tx, tally);
            super::tell!(&mut *tx, self.1, &Changed::everything());
        });
        change.done(&Changed::everything());
        Ok(taken)
    }

    /// The state in which the module's tables were taken over here the last time.
    pub async fn taken_over(&self) -> Result<Option<String>> {
        const TAKEN_OVER: &str = "SELECT value FROM keys WHERE name = 'taken over'";
        on_pool!(&self.0, |pool| sqlx::query_scalar(TAKEN_OVER).fetch_optional(pool).await?)
    }

    /// Notes it.
    pub async fn set_taken_over(&self, state: &str) -> Result<()> {
        const SET: &str = "INSERT INTO keys (name, value) VALUES ('taken over', $1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        on_pool!(&self.0, |pool| {
            sqlx::query(SET).bind(state).execute(pool).await?;
        })?;
        Ok(())
    }
}
