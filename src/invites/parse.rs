//! Texts from outside, and from the database.

use std::sync::Arc;

use app::{Error as Refusal, Field, Problem};
use matrix_sdk::ruma::{OwnedUserId, UserId};

use crate::error::{Error, Result};

/// The longest room id or alias (Matrix specification, Appendices, "Identifier grammar").
pub(super) const LONGEST_ID: usize = 255;

/// A text to look for, as a text in a database can be: PostgreSQL has none with NUL in it.
pub(super) fn sought(text: &str) -> String {
    text.trim().replace('\0', "")
}

/// A number of things, for somebody who is told.
pub(super) fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// The id of somebody of whom the database knows.
pub(super) fn user_id(text: &str) -> Result<OwnedUserId> {
    UserId::parse(text).map_err(|error| Error::Failed(Arc::new(error)))
}

/// A text of somebody's without the space around it; nothing if there is nothing else.
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
