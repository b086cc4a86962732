//! Some of many invites, for pages.

use app::{Invite, Sort};

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

/// Which of an owner's invites are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection<'a> {
    /// A part of the label or the code; nothing for all.
    pub text: &'a str,
    /// Rooms one of which an invite leads into, instead.
    pub rooms: &'a [String],
    /// In which order.
    pub sort: Sort,
    /// How many to leave out.
    pub skip: i64,
    /// How many at most.
    pub take: i64,
}

/// The text in which [`Selection::rooms`] is handed to the database: each between two separators.
fn between_separators(rooms: &[String]) -> String {
    rooms.iter().fold(SEPARATOR.to_owned(), |text, room| text + room.as_str() + SEPARATOR)
}

/// Those of an owner (`$2`) that match a [`Selection`].
macro_rules! matching {
    ($rest:literal) => {
        concat!(
            "WHERE owner = $2 AND deleted_at IS NULL AND (LOWER(COALESCE(label, '')) LIKE $3 ESCAPE '!'
                OR LOWER(code) LIKE $3 ESCAPE '!' OR EXISTS (SELECT 1 FROM invite_rooms r
                    WHERE r.code = i.code AND REPLACE($4, $1 || r.room || $1, '') <> $4)) ",
            $rest
        )
    };
}

impl Invites {
    /// Those of an owner's invites that are asked for, and how many match and how many there are in all.
    pub async fn select(&self, owner: &str, selection: &Selection<'_>) -> Result<(Vec<AsWritten<Invite>>, i64, i64)> {
        const NEWEST: &str = select_invites!(matching!("ORDER BY created_at DESC, code LIMIT $5 OFFSET $6"));
        const MOST_PEOPLE: &str =
            select_invites!(matching!("ORDER BY came DESC, created_at DESC, code LIMIT $5 OFFSET $6"));
        const LAST_CAME: &str = select_invites!(matching!(
            "ORDER BY last_came_at DESC NULLS LAST, created_at DESC, code LIMIT $5 OFFSET $6"
        ));
        const NAME: &str = select_invites!(matching!("ORDER BY LOWER(COALESCE(label, code)), code LIMIT $5 OFFSET $6"));
        const MATCHING: &str = concat!("SELECT COUNT(*) FROM invites i ", matching!(""));
        const ALL: &str = "SELECT COUNT(*) FROM invites WHERE owner = $1 AND deleted_at IS NULL";
        let select = match selection.sort {
            Sort::Newest => NEWEST,
            Sort::MostPeople => MOST_PEOPLE,
            Sort::LastCame => LAST_CAME,
            Sort::Name => NAME,
        };
        let (text, rooms) = (containing(selection.text), between_separators(selection.rooms));
        on_pool!(&self.0, |pool| {
            let rows: Vec<InviteRow> = sqlx::query_as(select)
                .bind(SEPARATOR)
                .bind(owner)
                .bind(&text)
                .bind(&rooms)
                .bind(selection.take)
                .bind(selection.skip)
                .fetch_all(pool)
                .await?;
            let matching = sqlx::query_scalar(MATCHING).bind(SEPARATOR).bind(owner).bind(&text).bind(&rooms);
            let matching = matching.fetch_one(pool).await?;
            let all = sqlx::query_scalar(ALL).bind(owner).fetch_one(pool).await?;
            (rows.into_iter().map(InviteRow::read_invite).collect(), matching, all)
        })
    }

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
