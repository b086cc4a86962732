//! People who have made invites, as server admins search for them.

use std::collections::BTreeSet;

use super::{Pool, Result, in_transaction, on_pool};

/// How many words of one user name are kept at most.
const MOST_WORDS: usize = 8;

/// For how many people words are written in one transaction.
const AT_A_TIME: i64 = 500;

/// Says that what an owner sees changes, and keeps others from changing it until that is done.
///
/// Versions of people who have none begin where those of people who were erased have ended: a list in memory is of one of theirs, or older.
pub(super) const ALONE: &str = "INSERT INTO owners (owner, version)
     VALUES ($1, 1 + COALESCE((SELECT value FROM counters WHERE name = 'owner versions'), 0))
     ON CONFLICT (owner) DO UPDATE SET version = owners.version + 1";

pub(super) const ADD_WORD: &str =
    "INSERT INTO owner_words (word, owner) VALUES ($1, $2) ON CONFLICT (word, owner) DO NOTHING";

/// Says that what somebody sees changes who makes an invite, as [`ALONE`], and makes sure that they are found.
macro_rules! take_owner {
    ($tx:expr, $owner:expr) => {{
        let owner: &str = $owner;
        sqlx::query($crate::store::owners::ALONE).bind(owner).execute($tx).await?;
        for word in $crate::store::owners::words(owner) {
            sqlx::query($crate::store::owners::ADD_WORD).bind(word).bind(owner).execute($tx).await?;
        }
    }};
}

pub(super) use take_owner;

/// The parts of somebody's user name that a search may begin with: from each of its words to the end of the name, in lower case.
pub(super) fn words(owner: &str) -> BTreeSet<Vec<u8>> {
    let name = user_name(owner).to_lowercase();
    let mut before = None;
    let mut words = BTreeSet::new();
    for (at, c) in name.char_indices() {
        let begins = c.is_alphanumeric() && !before.is_some_and(char::is_alphanumeric);
        if (begins || at == 0) && words.len() < MOST_WORDS {
            words.insert(name.as_bytes()[at..].to_vec());
        }
        before = Some(c);
    }
    words
}

/// The user name in a Matrix id (Matrix specification, Appendices, "User Identifiers"), or in the beginning of one.
fn user_name(id: &str) -> &str {
    let name = id.trim_start_matches('@');
    name.split(':').next().unwrap_or(name)
}

/// The first bytes that sort after all that begin with these.
fn after(word: &[u8]) -> Vec<u8> {
    let mut end = word.to_vec();
    // UTF-8 contains no byte 0xFF.
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    end
}

/// People who have made invites. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Owners(pub(super) Pool);

impl Owners {
    /// People in whose user names a word begins with `text`, which may also be a whole Matrix id: `most` of them, by the word.
    pub async fn called(&self, text: &str, most: usize) -> Result<Vec<String>> {
        const FIND: &str = "SELECT owner FROM owner_words WHERE word >= $1 AND word < $2 ORDER BY word, owner LIMIT $3";
        let text = text.to_lowercase();
        let word = user_name(&text).as_bytes();
        if word.is_empty() || text.contains('\0') {
            return Ok(Vec::new());
        }
        // Somebody may be found by several of their words.
        let rows = i64::try_from(most.saturating_mul(MOST_WORDS)).unwrap_or(i64::MAX);
        let found: Vec<String> = on_pool!(&self.0, |pool| {
            sqlx::query_scalar(FIND).bind(word).bind(after(word)).bind(rows).fetch_all(pool).await?
        })?;
        let mut seen = BTreeSet::new();
        let same_server = |owner: &String| !text.contains(':') || owner.to_lowercase().contains(&*text);
        let found = found.into_iter().filter(same_server).filter(|owner| seen.insert(owner.clone()));
        Ok(found.take(most).collect())
    }

    /// Writes the words of people who made invites before words were kept, once.
    pub(super) async fn catch_up(&self) -> Result<()> {
        const DONE: &str = "SELECT COUNT(*) FROM keys WHERE name = 'owner words'";
        const NOTE: &str = "INSERT INTO keys (name, value) VALUES ('owner words', '1') ON CONFLICT (name) DO NOTHING";
        const NEXT: &str = "SELECT owner FROM owners WHERE owner > $1 ORDER BY owner LIMIT $2";
        let done: i64 = on_pool!(&self.0, |pool| sqlx::query_scalar(DONE).fetch_one(pool).await?)?;
        let mut last = String::new();
        while done == 0 {
            let next: Vec<String> =
                on_pool!(&self.0, |pool| sqlx::query_scalar(NEXT).bind(&last).bind(AT_A_TIME).fetch_all(pool).await?)?;
            let Some(end) = next.last().cloned() else {
                on_pool!(&self.0, |pool| sqlx::query(NOTE).execute(pool).await?.rows_affected())?;
                break;
            };
            in_transaction!(&self.0, |tx| {
                for owner in &next {
                    for word in words(owner) {
                        sqlx::query(ADD_WORD).bind(word).bind(owner).execute(&mut *tx).await?;
                    }
                }
            });
            last = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_may_begin_with_any_word_of_a_user_name() {
        let words = |id: &str| -> Vec<String> {
            words(id).into_iter().map(|word| String::from_utf8(word).expect("whole characters")).collect()
        };
        assert_eq!(words("@Anna.van-Dijk:example.org"), ["anna.van-dijk", "dijk", "van-dijk"]);
        assert_eq!(words("@_bot_7:example.org"), ["7", "_bot_7", "bot_7"]);
        assert_eq!(words(&format!("@{}:x", "a.".repeat(100))).len(), MOST_WORDS);
    }

    #[test]
    fn what_begins_with_a_word_sorts_before_what_is_after_it() {
        for word in ["a", "zz", "é", "\u{10FFFF}"] {
            let longer = [word, "\u{10FFFF}"].concat();
            assert!(word.as_bytes() < longer.as_bytes() && longer.as_bytes() < &*after(word.as_bytes()), "{word}");
        }
    }
}
