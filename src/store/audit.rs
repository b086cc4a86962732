//! Who did what. An entry is written in the same transaction as what it tells of.

use app::{Action, Detail, Door};

use super::{
    Millis, Pool, Result,
    days::{ACCOUNTS_TURN, ONE_ACCOUNT, day_of},
    in_transaction, on_pool,
};

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Millis,
    /// Tells entries of the same moment apart; random.
    pub id: String,
    /// Matrix id of who did it.
    pub actor: String,
    /// Through which door they came.
    pub door: Door,
    /// What they did.
    pub action: Action,
    /// The code of the invite, if it is about one.
    pub code: Option<String>,
    /// What else there is to say.
    pub detail: Option<Detail>,
}

impl Entry {
    /// Why they did it, if that is told.
    pub(super) fn why(&self) -> Option<&str> {
        match &self.detail {
            Some(Detail::Why(reason)) => Some(reason),
            _ => None,
        }
    }
}

/// An entry with what is known of its invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The entry.
    pub entry: Entry,
    /// The invite's number.
    pub number: Option<i64>,
    /// Matrix id of the invite's owner.
    pub owner: Option<String>,
}

/// What entries are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// Anything.
    Anything,
    /// What the person with this Matrix id did.
    By(&'a str),
    /// What was done with invites of the person with this Matrix id.
    InvitesOf(&'a str),
    /// What was done with the invite of this code.
    Invite(&'a str),
}

/// Which entries are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<'a> {
    /// From when on.
    pub since: Millis,
    /// Only those before this one, by time and id.
    pub before: Option<(Millis, &'a str)>,
    /// What they are about.
    pub about: About<'a>,
    /// How many at most.
    pub take: i64,
}

#[derive(sqlx::FromRow)]
struct NotedRow {
    at: Millis,
    id: String,
    actor: String,
    door: String,
    action: String,
    code: Option<String>,
    detail: Option<String>,
    number: Option<i64>,
    owner: Option<String>,
}

impl From<NotedRow> for Noted {
    fn from(row: NotedRow) -> Self {
        let NotedRow { at, id, actor, door, action, code, detail, number, owner } = row;
        let (door, action) = (Door::of(&door), Action::of(&action));
        Self { entry: Entry { at, id, actor, door, action, code, detail: detail.map(read) }, number, owner }
    }
}

/// A detail as it stands in the table: JSON.
pub(super) fn kept(detail: &Detail) -> String {
    // Plain data with text keys: there is nothing that could not be written.
    serde_json::to_string(detail).unwrap_or_default()
}

/// A detail that was kept. Versions before this one have written words for people.
fn read(text: String) -> Detail {
    serde_json::from_str(&text).unwrap_or(Detail::Noted(text))
}

pub(super) const NOTE: &str = "INSERT INTO audit (at, id, actor, door, action, code, detail, owner)
     VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT owner FROM invites WHERE code = $6))";

/// Writes an entry in a transaction.
macro_rules! note {
    ($tx:expr, $entry:expr) => {{
        let entry: &$crate::store::Entry = $entry;
        sqlx::query($crate::store::audit::NOTE)
            .bind(entry.at)
            .bind(&entry.id)
            .bind(&entry.actor)
            .bind(entry.door.key())
            .bind(entry.action.key())
            .bind(&entry.code)
            .bind(entry.detail.as_ref().map($crate::store::audit::kept))
            .execute($tx)
            .await?;
    }};
}

pub(super) use note;

macro_rules! select_entries {
    ($about:literal) => {
        concat!(
            "SELECT a.at, a.id, a.actor, a.door, a.action, a.code, a.detail, i.number, i.owner
             FROM audit a LEFT JOIN invites i ON i.code = a.code
             WHERE a.at >= $1 AND a.at <= $2 AND (a.at < $2 OR a.at = $2 AND a.id < $3) ",
            $about,
            " ORDER BY a.at DESC, a.id DESC LIMIT $4"
        )
    };
}

/// The audit log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit(pub(super) Pool);

impl Audit {
    /// Writes an entry about something that is no writing itself. An account that was created is counted on its day.
    pub async fn note(&self, entry: &Entry) -> Result<()> {
        if entry.action == Action::AccountCreated {
            return Box::pin(self.note_account(entry)).await;
        }
        on_pool!(&self.0, |pool| note!(pool, entry))?;
        Ok(())
    }

    async fn note_account(&self, entry: &Entry) -> Result<()> {
        in_transaction!(&self.0, |tx| {
            note!(&mut *tx, entry);
            // The second of two at once sees the entry of the first.
            sqlx::query(ACCOUNTS_TURN).bind(day_of(entry.at)).execute(&mut *tx).await?;
            let one = sqlx::query(ONE_ACCOUNT).bind(day_of(entry.at)).bind(&entry.actor).bind(&entry.id);
            one.execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Entries, the last first.
    pub async fn entries(&self, span: &Span<'_>) -> Result<Vec<Noted>> {
        const ANYTHING: &str = select_entries!("");
        const BY: &str = select_entries!("AND a.actor = $5");
        const INVITES_OF: &str = select_entries!("AND a.owner = $5");
        const INVITE: &str = select_entries!("AND a.code = $5");
        let (before, id) = span.before.unwrap_or((Millis::MAX, ""));
        let (select, what) = match span.about {
            About::Anything => (ANYTHING, None),
            About::By(actor) => (BY, Some(actor)),
            About::InvitesOf(owner) => (INVITES_OF, Some(owner)),
            About::Invite(code) => (INVITE, Some(code)),
        };
        on_pool!(&self.0, |pool| {
            let mut query = sqlx::query_as(select).bind(span.since).bind(before).bind(id).bind(span.take);
            if let Some(what) = what {
                query = query.bind(what);
            }
            let rows: Vec<NotedRow> = query.fetch_all(pool).await?;
            rows.into_iter().map(Noted::from).collect()
        })
    }

    /// Forgets what is older.
    pub async fn forget(&self, before: Millis) -> Result<()> {
        const FORGET: &str = "DELETE FROM audit WHERE at < $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(FORGET).bind(before).execute(pool).await?;
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use app::Field;

    use super::*;

    #[test]
    fn a_detail_is_read_as_it_was_written() {
        for detail in [
            Detail::Made { rooms: 2, chat: true, max_uses: Some(5), ends: false },
            Detail::Fields(vec![Field::Rooms, Field::ExpiresAt]),
            Detail::Came { joined: 3, missed: 1 },
            Detail::Room("!a:x".to_owned()),
            Detail::Why("Too \"many\"".to_owned()),
            Detail::Noted("2 rooms, a direct chat".to_owned()),
        ] {
            assert_eq!(read(kept(&detail)), detail);
        }
        assert_eq!(read("2 rooms, a direct chat".to_owned()), Detail::Noted("2 rooms, a direct chat".to_owned()));
    }
}
