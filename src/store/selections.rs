//! Some of many invites, for pages.

use app::{Invite, Sort};

use super::{
    AsWritten, Invites, Result, StoredInvite, containing,
    invites::{InviteRow, SEPARATOR, select_invites},
    on_pool,
};

/// Which of all invites are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllSelection<'a> {
    /// A part of the owner's id, or a whole code, room id or number; nothing for all.
    pub text: &'a str,
    /// How many to leave out.
    pub skip: i64,
    /// How many at most.
    pub take: i64,
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

/// Those of all owners that match an [`AllSelection`].
macro_rules! of_all {
    ($rest:literal) => {
        concat!(
            "WHERE deleted_at IS NULL AND (LOWER(owner) LIKE $2 ESCAPE '!' OR code = $3 OR CAST(number AS TEXT) = $3
                OR EXISTS (SELECT 1 FROM invite_rooms r WHERE r.code = i.code AND r.room = $3)) ",
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
            Ok((rows.into_iter().map(InviteRow::read_invite).collect(), matching, all))
        })
    }

    /// Those of all live invites that are asked for, the newest first, and how many match.
    pub async fn select_all(&self, selection: &AllSelection<'_>) -> Result<(Vec<AsWritten<StoredInvite>>, i64)> {
        const ALL: &str = select_invites!(of_all!("ORDER BY created_at DESC, code LIMIT $4 OFFSET $5"));
        const MATCHING: &str = concat!("SELECT COUNT(*) FROM invites i ", of_all!("AND $1 <> ''"));
        let pattern = containing(selection.text);
        on_pool!(&self.0, |pool| {
            let rows = sqlx::query_as(ALL).bind(SEPARATOR).bind(&pattern).bind(selection.text);
            let rows: Vec<InviteRow> = rows.bind(selection.take).bind(selection.skip).fetch_all(pool).await?;
            let matching = sqlx::query_scalar(MATCHING).bind(SEPARATOR).bind(&pattern).bind(selection.text);
            Ok((rows.into_iter().map(InviteRow::read).collect(), matching.fetch_one(pool).await?))
        })
    }
}
