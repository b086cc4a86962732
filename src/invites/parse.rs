//! Parsing texts from outside, and from the database.

use std::sync::Arc;

use app::{Error as Refusal, Field, Problem};
use matrix_sdk::ruma::{OwnedUserId, UserId};

use crate::error::{Error, Result};

/// The longest room id or alias, in bytes (Matrix specification, Appendices, "Identifier grammar").
pub(super) const LONGEST_ID: usize = 255;

/// A search text without characters that no text in a database can contain: PostgreSQL has no NUL.
pub(super) fn sought(text: &str) -> String {
    text.trim().replace('\0', "")
}

/// A count in the type in which counts are shown.
pub(super) fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// A Matrix id from the database.
pub(super) fn user_id(text: &str) -> Result<OwnedUserId> {
    UserId::parse(text).map_err(|error| Error::Failed(Arc::new(error)))
}

/// A submitted text without surrounding space; `None` if nothing is left. `lines` says whether it may have several
/// lines.
pub(super) fn text(field: Field, text: Option<String>, lines: bool) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim().replace("\r\n", "\n");
    let strange = |c: char| c.is_control() && !(lines && c == '\n');
    let longest = field.longest().unwrap_or(u32::MAX);
    if text.chars().count() > longest as usize || text.contains(strange) {
        let problem = if lines { Problem::TooLong } else { Problem::NotOneLine };
        return Err(Refusal::Invalid { field, problem: problem(longest) });
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}
