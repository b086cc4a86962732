//! Links that members share by their apps.

use super::{Ends, Millis, Pool, Result, in_transaction, invites::ended, on_pool};

/// A link that somebody shares.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ShareLink {
    /// What stands in its address.
    pub hash: String,
    /// Matrix id of who shares it.
    pub sharer: String,
    /// Where it leads, percent-encoded.
    pub path: String,
    /// What goes with it, form-encoded.
    pub query: String,
    /// The invite of this server to which it leads, if there is one.
    pub code: Option<String>,
}

/// Whether the page of a link stands in the folder of static pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaticPage {
    /// It does not.
    None,
    /// It does.
    There,
}

impl StaticPage {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::There => "there",
        }
    }
}

/// Links of invites, with the condition under which an invite `i` has ended.
macro_rules! select_links {
    ($($condition:tt)*) => {
        concat!(
            "SELECT l.hash, l.sharer, l.path, l.query, l.code FROM share_links l JOIN invites i ON i.code = l.code WHERE ",
            $($condition)*,
            " ", ended!(), " ",
        )
    };
}

/// Links that members share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ShareLinks(pub(super) Pool);

impl ShareLinks {
    /// Keeps a link; one that is there already may lead to an invite since.
    pub async fn keep(&self, link: &ShareLink, now: Millis) -> Result<()> {
        const KEEP: &str =
            "INSERT INTO share_links (hash, sharer, path, query, code, created_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (hash) DO UPDATE SET code = COALESCE(excluded.code, share_links.code)";
        let ShareLink { hash, sharer, path, query, code } = link;
        on_pool!(&self.0, |pool| {
            let keep = sqlx::query(KEEP).bind(hash).bind(sharer).bind(path).bind(query).bind(code).bind(now);
            keep.execute(pool).await?;
        })?;
        Ok(())
    }

    /// The link with this hash.
    pub async fn get(&self, hash: &str) -> Result<Option<ShareLink>> {
        const LINK: &str = "SELECT hash, sharer, path, query, code FROM share_links WHERE hash = $1";
        on_pool!(&self.0, |pool| sqlx::query_as(LINK).bind(hash).fetch_optional(pool).await?)
    }

    /// Notes that the page of a link is about to be written, to whichever folder.
    pub async fn begin_static_page(&self, hash: &str) -> Result<()> {
        const BEGIN: &str = "UPDATE share_links SET page = 'writing' WHERE hash = $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(BEGIN).bind(hash).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes whether the page of a link stands in this folder of static pages. Nothing is noted if pages are in another one by now: whoever still
    /// writes to the former one must not keep the page from being written to the new one.
    pub async fn set_static_page(&self, hash: &str, page: StaticPage, folder: &str) -> Result<()> {
        // Not only read: otherwise, in PostgreSQL, the folder could be another one by the time at which the link is written.
        const HOLD: &str = "UPDATE keys SET value = value WHERE name = 'share folder' AND value = $1";
        const SET: &str = "UPDATE share_links SET page = $2 WHERE hash = $1";
        in_transaction!(&self.0, |tx| {
            if sqlx::query(HOLD).bind(folder).execute(&mut *tx).await?.rows_affected() > 0 {
                sqlx::query(SET).bind(hash).bind(page.as_str()).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Notes in which folder static pages stand; if it is another one than before, all of them have to be written.
    pub async fn set_folder(&self, folder: &str) -> Result<()> {
        const NOTE: &str = "INSERT INTO keys (name, value) VALUES ('share folder', $1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE keys.value <> excluded.value";
        const WRITE: &str = "UPDATE share_links SET page = 'writing'";
        in_transaction!(&self.0, |tx| {
            if sqlx::query(NOTE).bind(folder).execute(&mut *tx).await?.rows_affected() > 0 {
                sqlx::query(WRITE).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Notes that there is no folder any more. If there is one again later, even the same, links may have come in between.
    pub async fn forget_folder(&self) -> Result<()> {
        const FORGET: &str = "DELETE FROM keys WHERE name = 'share folder'";
        on_pool!(&self.0, |pool| {
            sqlx::query(FORGET).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Whether static pages stand in this folder, or are to.
    pub async fn is_folder(&self, folder: &str) -> Result<bool> {
        const NOTED: &str = "SELECT COUNT(*) FROM keys WHERE name = 'share folder' AND value = $1";
        let noted: i64 = on_pool!(&self.0, |pool| sqlx::query_scalar(NOTED).bind(folder).fetch_one(pool).await?)?;
        Ok(noted > 0)
    }

    /// Links whose pages stand in the folder, or were about to, though their invites have ended, at most `most`.
    pub async fn pages_to_remove(&self, ends: Ends, most: i64) -> Result<Vec<ShareLink>> {
        const ENDED: &str = concat!(select_links!("l.page <> 'none' AND"), "LIMIT $4");
        self.links(ENDED, ends, most).await
    }

    /// Links whose pages do not stand in the folder though their invites go on, at most `most`.
    pub async fn pages_to_write(&self, ends: Ends, most: i64) -> Result<Vec<ShareLink>> {
        const GO_ON: &str = concat!(select_links!("l.page <> 'there' AND"), "IS NOT TRUE LIMIT $4");
        self.links(GO_ON, ends, most).await
    }

    /// Links that lead to no invite of this server, and whose pages were about to be written, at most `most`.
    pub async fn other_pages_to_write(&self, most: i64) -> Result<Vec<ShareLink>> {
        const OTHERS: &str =
            "SELECT hash, sharer, path, query, code FROM share_links WHERE page = 'writing' AND code IS NULL LIMIT $1";
        on_pool!(&self.0, |pool| sqlx::query_as(OTHERS).bind(most).fetch_all(pool).await?)
    }

    async fn links(&self, query: &'static str, ends: Ends, most: i64) -> Result<Vec<ShareLink>> {
        let Ends { now, made_before, max_uses } = ends;
        let max_uses = max_uses.map(i64::from);
        on_pool!(&self.0, |pool| {
            let links = sqlx::query_as(query).bind(now).bind(made_before).bind(max_uses).bind(most);
            links.fetch_all(pool).await?
        })
    }
}
