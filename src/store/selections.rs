//! Some of many invites, for pages.

use super::{
    AsWritten, Invites, Result, StoredInvite, containing,
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
}

impl Invites {
    /// Live invites, whoever made them, the newest first: at most `most` of those with numbers below `before`.
    pub async fn live(&self, among: Among<'_>, before: i64, most: i64) -> Result<Vec<AsWritten<StoredInvite>>> {
        const ALL: &str = select_invites!("WHERE number < $2 AND deleted_at IS NULL ORDER BY number DESC LIMIT $3");
        const OF: &str =
            select_invites!("WHERE number < $2 AND deleted_at IS NULL AND owner = $4 ORDER BY number DESC LIMIT $3");
        const INTO: &str = select_invites!(
            "WHERE code IN (SELECT r.code FROM invite_rooms r WHERE r.room = $4 AND r.number < $2
                ORDER BY r.number DESC LIMIT $3)
             ORDER BY number DESC"
        );
        let (select, what) = match among {
            Among::All => (ALL, None),
            Among::Of(owner) => (OF, Some(owner)),
            Among::Into(room) => (INTO, Some(room)),
        };
        let rows: Vec<InviteRow> = on_pool!(&self.0, |pool| {
            let mut query = sqlx::query_as(select).bind(SEPARATOR).bind(before).bind(most);
            if let Some(what) = what {
                query = query.bind(what);
            }
            query.fetch_all(pool).await?
        })?;
        Ok(rows.into_iter().map(InviteRow::read).collect())
    }
}
