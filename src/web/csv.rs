//! Who joined with an invite, for its owner, and all invites, for server admins, as comma-separated values (RFC 4180).

use std::{collections::HashMap, io, sync::Arc};

use app::{Came, Guest, KnownInvite, ServerInvite, ServerInvites, ServerQuery, utc_text, wording, words};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use http::header;

use super::{reply::status_of, site::Site, state::Web, visit::Visit};

/// How many invites are read at once, and how many times.
const AT_ONCE: u32 = 100;
const TIMES: usize = 1000;

/// What makes spreadsheets read a file as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) async fn joined(State(web): State<Arc<Web>>, visit: Visit, Path(code): Path<String>) -> Response {
    let (site, reply) = Site::new(web, visit, false);
    let first = match site.came(&code, "").await {
        Ok(first) => first,
        Err(error) => return reply.apply(status_of(&error).into_response(), ""),
    };
    // What follows is written while it is sent.
    let language = words::language();
    let pages = stream::unfold(Some(Ok(first)), move |page| {
        let (site, code) = (Arc::clone(&site), code.clone());
        async move {
            let Came { guests, next, .. } = match page? {
                Ok(page) => page,
                // A download that breaks off is seen to be one that is not whole.
                Err(error) => return Some((Err(io::Error::other(error)), None)),
            };
            let lines: String = words::with(language, || guests.iter().map(line).collect());
            let next = match next {
                Some(from) => Some(site.came(&code, &from).await),
                None => None,
            };
            Some((Ok(lines), next))
        }
    });
    file("joined.csv", &wording::joined_columns(), pages)
}

/// All invites that a server admin asks for, as on the page of this query; at most as many as a spreadsheet takes well.
pub(super) async fn server_invites(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    let (site, reply) = Site::new(web, visit, false);
    let query = ServerQuery::of(|name| parameters.get(name).cloned().unwrap_or_default());
    let first = match site.found_invites(&query, Some(AT_ONCE), false).await {
        Ok(first) => first,
        Err(error) => return reply.apply(status_of(&error).into_response(), ""),
    };
    let language = words::language();
    let pages = stream::unfold(Some(Ok(first)), move |page| {
        let (site, query) = (Arc::clone(&site), query.clone());
        async move {
            let ServerInvites { invites, next, .. } = match page? {
                Ok(page) => page,
                Err(error) => return Some((Err(io::Error::other(error)), None)),
            };
            let lines: String = words::with(language, || invites.iter().map(invite_line).collect());
            let next = match next {
                Some(before) => Some(site.found_invites(&ServerQuery { before, ..query }, Some(AT_ONCE), false).await),
                None => None,
            };
            Some((Ok(lines), next))
        }
    });
    // A file that ends too early is seen to be one that is not whole.
    let pages = pages.enumerate().map(|(number, lines)| match number < TIMES {
        true => lines,
        false => Err(io::Error::other("too many invites")),
    });
    file("invites.csv", &wording::invite_columns(), StreamExt::take(pages, TIMES + 1))
}

/// A file to download, with what its columns are called.
fn file(
    name: &str,
    columns: &[&str],
    lines: impl Stream<Item = Result<String, io::Error>> + Send + 'static,
) -> Response {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let head = stream::iter([Ok::<_, io::Error>([BYTE_ORDER_MARK, &row(&columns)].concat())]);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::from_stream(StreamExt::chain(head, lines))).into_response()
}

/// The line of one invite, as [`wording::invite_columns`] names its columns.
fn invite_line(server: &ServerInvite) -> String {
    let ServerInvite { invite, code, rooms, chat, registration, public_title, .. } = server;
    let KnownInvite { number, owner, created_at, limits, state, came } = invite;
    row(&[
        number.to_string(),
        owner.user_id.clone(),
        code.clone(),
        wording::state(*state).to_owned(),
        utc_text(*created_at),
        limits.expires_at.map(utc_text).unwrap_or_default(),
        limits.max_uses.map(|most| most.to_string()).unwrap_or_default(),
        came.to_string(),
        wording::yes_or_no(*registration).to_owned(),
        wording::yes_or_no(*chat).to_owned(),
        rooms.join("; "),
        public_title.clone().unwrap_or_default(),
    ])
}

/// The line of one person, as [`wording::joined_columns`] names its columns.
fn line(guest: &Guest) -> String {
    let mut rooms: Vec<&str> = guest.joined.iter().map(wording::room).collect();
    rooms.extend(guest.chat.then_some(wording::chat_with_you()));
    let missing = guest.missed.iter().map(|(room, _)| room.as_ref().map_or(wording::chat_with_you(), wording::room));
    row(&[
        guest.person.name().to_owned(),
        guest.person.user_id.clone(),
        guest.came_at.map(utc_text).unwrap_or_default(),
        guest.completed_at.map(utc_text).unwrap_or_default(),
        rooms.join("; "),
        missing.collect::<Vec<_>>().join("; "),
    ])
}

fn row(cells: &[String]) -> String {
    cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A cell. Spreadsheets run what begins like a formula, and anybody may be called like one. Some, depending on their language, begin another cell at
/// a semicolon, whatever the quotes say.
fn quoted(cell: &str) -> String {
    let guarded = cell.split_inclusive([';', '\t', '\n', '\r']).map(|part| {
        let guard = if part.trim_start().starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        [guard, part].concat()
    });
    let guarded = guarded.collect::<Vec<_>>().concat();
    let guard = if guarded.starts_with(['\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", guarded.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_name_is_a_formula_or_another_cell() {
        let cells = ["=1+1", "@ben:x", "a\",\"b\n", "Ben", "Ben; =1+1", "\t=1"].map(str::to_owned);
        assert_eq!(row(&cells), "\"'=1+1\",\"'@ben:x\",\"a\"\",\"\"b\n\",\"Ben\",\"Ben;' =1+1\",\"'\t'=1\"\r\n");
    }

    #[test]
    fn a_formula_is_none_wherever_a_spreadsheet_may_begin_a_cell() {
        for sign in ["=", "+", "-", "@"] {
            for space in ["", " ", "\u{a0}"] {
                let formula = format!("{space}{sign}1");
                assert_eq!(quoted(&formula), format!("\"'{formula}\""));
                for before in [";", "\t", "\n", "\r", "\r\n", ";;"] {
                    let cell = format!("Ben{before}{formula}");
                    assert_eq!(quoted(&cell), format!("\"Ben{before}'{formula}\""), "{cell:?}");
                }
            }
        }
        assert_eq!(quoted("Ben (a+b) = c@d; x-y"), "\"Ben (a+b) = c@d; x-y\"");
    }
}
