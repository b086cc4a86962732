//! Making, changing, pausing and deleting invites. Each transaction writes who has done it as well.

use app::Terms;

use super::{
    Entry, Invites, Millis, Result, Written,
    audit::note,
    days::{Tally, count_days},
    in_changing_transaction,
    invites::changed,
    owners::take_owner,
};

/// What an invite is written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvite {
    /// The secret text.
    pub code: String,
    /// Matrix id of the owner.
    pub owner: String,
    /// What it gives.
    pub terms: Terms,
    /// Whether codes open accounts here now.
    pub opens_accounts: bool,
}

/// Who stops an invite for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Its owner.
    Owner,
    /// A server admin; only they let it go on.
    Admin,
}

/// How many invites somebody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The most that let people in, or will.
    pub open: i64,
    /// Those that were not made after this have ended.
    pub made_after: Millis,
    /// Those that have let in so many have ended.
    pub most_uses: i64,
    /// The most that were made lately.
    pub lately: i64,
    /// Since when is lately.
    pub since: Millis,
}

/// How many invites somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverQuota {
    /// Too many that let people in.
    Open,
    /// Too many that were made lately.
    Lately,
}

/// Binds what is written of an invite.
macro_rules! bind_invite {
    ($text:expr, $new:expr, $now:expr) => {{
        let new: &NewInvite = $new;
        sqlx::query($text)
            .bind(&new.code)
            .bind(&new.owner)
            .bind(new.terms.chat)
            .bind(new.terms.registration)
            .bind($now)
            .bind(&new.terms.label)
            .bind(new.terms.show_rooms)
            .bind(&new.terms.welcome)
            .bind(new.terms.limits.not_before)
            .bind(new.terms.limits.expires_at)
            .bind(new.terms.limits.max_uses.map(i64::from))
            .bind(new.opens_accounts)
            .bind(&new.terms.public_title)
            .bind(&new.terms.picture)
    }};
}

macro_rules! add_rooms {
    ($tx:expr, $new:expr) => {
        for (position, room) in (0_i64..).zip(&$new.terms.rooms) {
            sqlx::query(ADD_ROOM).bind(&$new.code).bind(room).bind(position).execute($tx).await?;
        }
    };
}

/// How many open invites the owner has beside this one.
macro_rules! others_open {
    ($tx:expr, $new:expr, $quota:expr, $now:expr) => {{
        let (new, quota): (&NewInvite, &Quota) = ($new, $quota);
        let open = sqlx::query_scalar(OTHERS_OPEN).bind(&new.owner).bind(&new.code).bind($now);
        let open: i64 = open.bind(quota.made_after).bind(quota.most_uses).fetch_one($tx).await?;
        open
    }};
}

const OTHERS_OPEN: &str = "SELECT COUNT(*) FROM invites WHERE owner = $1 AND code <> $2 AND deleted_at IS NULL
     AND (expires_at IS NULL OR expires_at > $3) AND created_at > $4 AND (max_uses IS NULL OR uses < max_uses) AND uses < $5";

/// The admins of its rooms do not see an invite any more that was deleted.
pub(super) const HIDE: &str = "UPDATE invite_rooms SET number = NULL WHERE code = $1";

const ADD_ROOM: &str = "INSERT INTO invite_rooms (code, room, position, number)
     SELECT $1, $2, $3, number FROM invites WHERE code = $1";

impl Invites {
    /// Writes a new invite, unless its code was ever used before or its owner has too many.
    pub async fn create(
        &self,
        new: &NewInvite,
        quota: &Quota,
        entry: &Entry,
        now: Millis,
    ) -> Result<Result<Written, OverQuota>> {
        const LATELY: &str = "SELECT COUNT(*) FROM invites WHERE owner = $1 AND created_at > $2";
        const NUMBER: &str = "UPDATE counters SET value = value + 1 WHERE name = 'invites' RETURNING value";
        const CREATE: &str =
            "INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, label, show_rooms,
                welcome, not_before, expires_at, max_uses, opens_accounts, token_due, public_title, picture, number)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $5, $13, $14, $15) ON CONFLICT (code) DO NOTHING";
        Ok(in_changing_transaction!(self, |tx, changes| {
            take_owner!(&mut *tx, &new.owner);
            changes.add(&new.owner);
            changes.add(&new.code);
            let lately: i64 = sqlx::query_scalar(LATELY).bind(&new.owner).bind(quota.since).fetch_one(&mut *tx).await?;
            if lately >= quota.lately {
                Err(OverQuota::Lately)
            } else if others_open!(&mut *tx, new, quota, now) >= quota.open {
                Err(OverQuota::Open)
            } else {
                let number: i64 = sqlx::query_scalar(NUMBER).fetch_one(&mut *tx).await?;
                let written = bind_invite!(CREATE, new, now).bind(number).execute(&mut *tx).await?.rows_affected();
                if written > 0 {
                    add_rooms!(&mut *tx, new);
                    note!(&mut *tx, entry);
                    let mut tally = Tally::default();
                    tally.created(now);
                    count_days!(&mut *tx, tally);
                }
                Ok(written.into())
            }
        }))
    }

    /// Writes a live invite of this owner anew; where there is a quota, it is one that had ended and lets people in again.
    pub async fn change(
        &self,
        new: &NewInvite,
        quota: Option<&Quota>,
        entry: &Entry,
        now: Millis,
    ) -> Result<Result<Written, OverQuota>> {
        const CHANGE: &str =
            "UPDATE invites SET chat = $3, registration = $4, changed_at = $5, label = $6, show_rooms = $7,
                welcome = $8, not_before = $9, expires_at = $10, max_uses = $11, opens_accounts = $12,
                token_due = $5, public_title = $13, picture = $14
             WHERE code = $1 AND owner = $2 AND deleted_at IS NULL";
        const CLEAR: &str = "DELETE FROM invite_rooms WHERE code = $1";
        Ok(in_changing_transaction!(self, |tx, changes| {
            // By the invite, not by who they were: whoever was erased meanwhile is not written down again.
            changed!(&mut *tx, changes, &new.code);
            changes.add(&new.owner);
            let over = match quota {
                Some(quota) => others_open!(&mut *tx, new, quota, now) >= quota.open,
                None => false,
            };
            if over {
                Err(OverQuota::Open)
            } else {
                let written = bind_invite!(CHANGE, new, now).execute(&mut *tx).await?.rows_affected();
                if written > 0 {
                    sqlx::query(CLEAR).bind(&new.code).execute(&mut *tx).await?;
                    add_rooms!(&mut *tx, new);
                    note!(&mut *tx, entry);
                }
                Ok(written.into())
            }
        }))
    }

    /// Stops a live invite for a while, or lets it go on. An owner and a server admin each end what they have begun. Why an admin has done it is
    /// what the entry says.
    pub async fn pause(&self, code: &str, paused: bool, by: Pause, entry: &Entry) -> Result<Written> {
        const BY_OWNER: &str =
            "UPDATE invites SET paused_by = CASE WHEN $2 THEN $3 END, changed_at = $4, token_due = $4
             WHERE code = $1 AND deleted_at IS NULL";
        const BY_ADMIN: &str = "UPDATE invites SET held_by = CASE WHEN $2 THEN $3 END, changed_at = $4, token_due = $4,
                held_reason = CASE WHEN $2 THEN $5 END
             WHERE code = $1 AND deleted_at IS NULL";
        let pause = match by {
            Pause::Owner => BY_OWNER,
            Pause::Admin => BY_ADMIN,
        };
        Ok(in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            let mut rows = sqlx::query(pause).bind(code).bind(paused).bind(&entry.actor).bind(entry.at);
            if by == Pause::Admin {
                rows = rows.bind(entry.why());
            }
            let rows = rows.execute(&mut *tx).await?.rows_affected();
            if rows > 0 {
                note!(&mut *tx, entry);
            }
            rows.into()
        }))
    }

    /// Stops every invite of the server, or lets them go on. Why is what the entry says.
    pub async fn pause_all(&self, paused: bool, entry: &Entry) -> Result<()> {
        const ON: &str =
            "INSERT INTO switches (name, actor, at, reason) VALUES ('pause', $1, $2, $3) ON CONFLICT (name) DO NOTHING";
        const OFF: &str = "DELETE FROM switches WHERE name = 'pause'";
        const DUE: &str = "UPDATE invites SET token_due = $1 WHERE deleted_at IS NULL AND registration";
        in_changing_transaction!(self, |tx, changes| {
            match paused {
                true => {
                    let on = sqlx::query(ON).bind(&entry.actor).bind(entry.at).bind(entry.why());
                    on.execute(&mut *tx).await?
                }
                false => sqlx::query(OFF).execute(&mut *tx).await?,
            };
            sqlx::query(DUE).bind(entry.at).execute(&mut *tx).await?;
            changes.add_everything();
            note!(&mut *tx, entry);
        });
        Ok(())
    }

    /// Marks an invite as deleted.
    pub async fn delete(&self, code: &str, entry: &Entry) -> Result<Written> {
        const DELETE: &str = "UPDATE invites SET deleted_at = $2, changed_at = $2, token_due = $2
             WHERE code = $1 AND deleted_at IS NULL";
        Ok(in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            let rows = sqlx::query(DELETE).bind(code).bind(entry.at).execute(&mut *tx).await?.rows_affected();
            if rows > 0 {
                sqlx::query(HIDE).bind(code).execute(&mut *tx).await?;
                note!(&mut *tx, entry);
            }
            rows.into()
        }))
    }
}
