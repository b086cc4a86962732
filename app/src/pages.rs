//! The pages, one in a file: a title, what it needs from the server, and how it looks.

use leptos::server_fn::ServerFn;

use crate::rpc;

mod audit;
mod delete_invite;
mod edit_invite;
mod enter_code;
mod invite;
mod invites;
mod landing;
mod my_rooms;
mod new_invite;
mod not_found;
mod server_invites;
mod sign_in;
mod start;

pub(crate) use self::{
    audit::Audit, delete_invite::DeleteInvite, edit_invite::EditInvite, enter_code::EnterCode, invite::InvitePage,
    invites::Invites, landing::Landing, my_rooms::MyRooms, new_invite::NewInvite, not_found::NotFound,
    server_invites::AllInvites, sign_in::SignIn, start::Start,
};

/// The server functions of the forms that a page shows, by the page's path below where the pages are mounted, without its query.
///
/// A page answers these and nothing else: what somebody managed to write into one page cannot act through it on behalf of whoever reads it.
pub fn forms_on(path: &str) -> Vec<&'static str> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut forms = match segments[..] {
        ["sign-in"] => vec![rpc::SignIn::PATH],
        ["join"] => vec![rpc::Open::PATH],
        ["new"] | ["invites", _, "edit"] => vec![rpc::Save::PATH],
        ["invites", _] => vec![rpc::Pause::PATH],
        ["invites", _, "delete"] => vec![rpc::Delete::PATH],
        ["my-rooms"] => vec![rpc::Block::PATH],
        ["server"] => vec![rpc::Intervene::PATH, rpc::PauseAll::PATH],
        ["i", _] => vec![rpc::Redeem::PATH],
        _ => Vec::new(),
    };
    // In the menu of every page.
    forms.push(rpc::SignOut::PATH);
    forms
}
