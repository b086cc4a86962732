//! Some of many invites, for pages.

use app::ServerSort;

use super::{
    AsWritten, Invites, Millis, Result, StoredInvite,
    invites::{InviteRow, SEPARATOR, select_invites},
    on_pool,
};

/// Which of all live invites are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among<'a> {
    /// Every one.
    All,
    /// Those of the owner with this Matrix id.
    Of(&'a str),
    /// Those that lead into the room with this id.
    Into(&'a str),
    /// Those that their owners have paused.
    Paused,
    /// Those that a server admin has paused.
    Held,
    /// Those that have a start time.
    WithStart,
}

/// The place of an invite in an order: those with smaller ones come first.
pub type Place = (Millis, i64);

impl AsWritten<StoredInvite> {
    /// Its place among all live invites.
    pub fn place(&self, sort: ServerSort) -> Place {
        match sort {
            ServerSort::Newest => (0, -self.0.number),
            ServerSort::Oldest => (0, self.0.number),
            ServerSort::EndsNext => (self.0.invite.terms.limits.expires_at.unwrap_or(Millis::MAX), self.0.number),
        }
    }
}

macro_rules! newest {
    ($among:tt) => {
        select_invites!("WHERE number < $2 AND deleted_at IS NULL", $among, " ORDER BY number DESC LIMIT $3")
    };
}

macro_rules! oldest {
    ($among:tt) => {
        select_invites!("WHERE number > $2 AND deleted_at IS NULL", $among, " ORDER BY number LIMIT $3")
    };
}

impl Invites {
    /// Live invites, whoever made them: at most `most` of those behind a place in an order. Those that end next are never fewer than all that
    /// have an end, whatever `among` says.
    pub async fn live(
        &self,
        among: Among<'_>,
        sort: ServerSort,
        behind: Place,
        most: i64,
    ) -> Result<Vec<AsWritten<StoredInvite>>> {
        const NEWEST_INTO: &str = select_invites!(
            "WHERE code IN (SELECT r.code FROM invite_rooms r WHERE r.room = $4 AND r.number < $2
                ORDER BY r.number DESC LIMIT $3)
             ORDER BY number DESC"
        );
        const OLDEST_INTO: &str = select_invites!(
            "WHERE code IN (SELECT r.code FROM invite_rooms r WHERE r.room = $4 AND r.number > $2
                ORDER BY r.number LIMIT $3)
             ORDER BY number"
        );
        const ENDS_NEXT: &str = select_invites!(
            "WHERE deleted_at IS NULL AND expires_at >= $4 AND (expires_at > $4 OR number > $2)
             ORDER BY expires_at, number LIMIT $3"
        );
        let (at, number) = behind;
        let (select, number) = match (sort, among) {
            (ServerSort::Newest, Among::All) => (newest!(""), -number),
            (ServerSort::Newest, Among::Of(_)) => (newest!(" AND owner = $4"), -number),
            (ServerSort::Newest, Among::Into(_)) => (NEWEST_INTO, -number),
            (ServerSort::Newest, Among::Paused) => (newest!(" AND paused_by IS NOT NULL"), -number),
            (ServerSort::Newest, Among::Held) => (newest!(" AND held_by IS NOT NULL"), -number),
            (ServerSort::Newest, Among::WithStart) => (newest!(" AND not_before IS NOT NULL"), -number),
            (ServerSort::Oldest, Among::All) => (oldest!(""), number),
            (ServerSort::Oldest, Among::Of(_)) => (oldest!(" AND owner = $4"), number),
            (ServerSort::Oldest, Among::Into(_)) => (OLDEST_INTO, number),
            (ServerSort::Oldest, Among::Paused) => (oldest!(" AND paused_by IS NOT NULL"), number),
            (ServerSort::Oldest, Among::Held) => (oldest!(" AND held_by IS NOT NULL"), number),
            (ServerSort::Oldest, Among::WithStart) => (oldest!(" AND not_before IS NOT NULL"), number),
            (ServerSort::EndsNext, _) => (ENDS_NEXT, number),
        };
        let rows: Vec<InviteRow> = on_pool!(&self.0, |pool| {
            let query = sqlx::query_as(select).bind(SEPARATOR).bind(number).bind(most);
            let query = match (sort, among) {
                (ServerSort::EndsNext, _) => query.bind(at),
                (_, Among::Of(what) | Among::Into(what)) => query.bind(what),
                (_, Among::All | Among::Paused | Among::Held | Among::WithStart) => query,
            };
            query.fetch_all(pool).await?
        })?;
        Ok(rows.into_iter().map(InviteRow::read).collect())
    }

    /// How many live invites there are, counted up to `most`.
    pub async fn how_many(&self, most: i64) -> Result<usize> {
        const NUMBERS: &str =
            "SELECT number FROM invites WHERE number < $1 AND deleted_at IS NULL ORDER BY number DESC LIMIT $2";
        let numbers: Vec<i64> =
            on_pool!(&self.0, |pool| sqlx::query_scalar(NUMBERS).bind(i64::MAX).bind(most).fetch_all(pool).await?)?;
        Ok(numbers.len())
    }
}
