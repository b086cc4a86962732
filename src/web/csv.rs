//! Who joined with an invite, for its owner, as comma-separated values (RFC 4180).

use std::{io, sync::Arc};

use app::{Came, Guest, utc_text, wording};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::header;

use super::{reply::status_of, site::Site, state::Web, visit::Visit};

/// What makes spreadsheets read a file as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) async fn joined(State(web): State<Arc<Web>>, visit: Visit, Path(code): Path<String>) -> Response {
    let (site, reply) = Site::new(web, visit, false);
    let first = match site.came(&code, "").await {
        Ok(first) => first,
        Err(error) => return reply.apply(status_of(&error).into_response(), ""),
    };
    let pages = stream::unfold(Some(Ok(first)), move |page| {
        let (site, code) = (Arc::clone(&site), code.clone());
        async move {
            let Came { guests, next, .. } = match page? {
                Ok(page) => page,
                // A download that breaks off is seen to be one that is not whole.
                Err(error) => return Some((Err(io::Error::other(error)), None)),
            };
            let lines: String = guests.iter().map(line).collect();
            let next = match next {
                Some(from) => Some(site.came(&code, &from).await),
                None => None,
            };
            Some((Ok(lines), next))
        }
    });
    let head = [BYTE_ORDER_MARK, &row(&wording::JOINED_COLUMNS.map(str::to_owned))].concat();
    let head = stream::iter([Ok::<_, io::Error>(head)]);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"joined.csv\""),
    ];
    (headers, Body::from_stream(futures_util::StreamExt::chain(head, pages))).into_response()
}

/// The line of one person, as [`wording::JOINED_COLUMNS`] names its columns.
fn line(guest: &Guest) -> String {
    let mut rooms: Vec<&str> = guest.joined.iter().map(wording::room).collect();
    rooms.extend(guest.chat.then_some(wording::CHAT_WITH_YOU));
    let missing = guest.missed.iter().map(|(room, _)| room.as_ref().map_or(wording::CHAT_WITH_YOU, wording::room));
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

/// A cell. Spreadsheets run what begins like a formula, and anybody may be called like one.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_name_is_a_formula_or_another_cell() {
        let cells = ["=1+1", "@ben:x", "a\",\"b\n", "Ben"].map(str::to_owned);
        assert_eq!(row(&cells), "\"'=1+1\",\"'@ben:x\",\"a\"\",\"\"b\n\",\"Ben\"\r\n");
    }
}
