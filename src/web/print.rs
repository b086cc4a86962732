//! An invite as cards to print, for its owner. The server alone makes this page: no browser's program has to know it.

use std::sync::Arc;

use app::{Frame, Landing, LocalPath, Paper, Printing, QrCode, invite_path, nothing_to_print, print_page};
use axum::{
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Response},
};
use fast_qr::{ECL, QRBuilder};
use http::StatusCode;
use serde::Deserialize;

use super::{headers, site::Site, state::Web, visit::Visit};

/// What the form of the page says.
#[derive(Deserialize)]
pub(super) struct Choice {
    /// The key of the paper.
    #[serde(default)]
    paper: String,
    /// Anything, if the mark is to stand in the middle of the code.
    #[serde(default)]
    mark: String,
}

pub(super) async fn page(
    State(web): State<Arc<Web>>,
    mut visit: Visit,
    Path(code): Path<String>,
    Query(choice): Query<Choice>,
) -> Response {
    let base = visit.base;
    // Whoever has to sign in first comes back to the invite: the program, which leads them there, knows no such page as this.
    visit.path = LocalPath::parse(&invite_path(&code));
    let (site, reply) = Site::new(Arc::clone(&web), visit, true);
    let nonce = headers::nonce(&web.settings.chance);
    let frame = Frame { base, nonce: &nonce, files: &web.files };
    let html = match site.card(&code).await {
        Ok(landing) => printed(&frame, &code, &site.link(&code), &landing, &choice),
        Err(error) => Some(nothing_to_print(&frame, error)),
    };
    let Some(html) = html else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Html(html).into_response();
    headers::protect_still(&mut response, &nonce);
    reply.apply(response, base)
}

/// The page; nothing if no code can hold the address.
fn printed(frame: &Frame<'_>, code: &str, address: &str, landing: &Landing, choice: &Choice) -> Option<String> {
    let (paper, wanted) = (Paper::of(&choice.paper), !choice.mark.is_empty());
    // What the mark covers has to be made up for (ISO/IEC 18004, "error correction").
    let strong = drawn(address, ECL::H).filter(|qr| paper.takes_mark(qr));
    let mark = strong.as_ref().map(|_| wanted);
    let qr = match strong.filter(|_| wanted) {
        Some(strong) => strong,
        // Paper is folded, gets wet and is pinned up.
        None => drawn(address, ECL::Q)?,
    };
    Some(print_page(frame, &Printing { code, address, landing, paper, qr: &qr, mark }))
}

/// The code that holds an address.
fn drawn(address: &str, correction: ECL) -> Option<QrCode> {
    let code = QRBuilder::new(address).ecl(correction).build().ok()?;
    let modules = code.size;
    let dark = (0..modules).flat_map(|row| code[row].iter().map(|module| module.value())).collect();
    Some(QrCode { modules, dark })
}
