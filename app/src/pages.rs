//! The pages, one per file: a title, what the page needs from the server, and how it looks.

use leptos::server_fn::ServerFn;

use crate::{ENDS, FOR_HOW_MANY, Field, rpc};

mod audit;
mod days;
mod delete_invite;
mod delete_invites;
mod edit_invite;
mod enter_code;
mod invite;
mod invites;
mod landing;
mod my_rooms;
mod new_invite;
mod not_found;
mod print;
mod server_invites;
mod sign_in;
mod start;

pub(crate) use self::{
    audit::Audit, days::ServerDays, delete_invite::DeleteInvite, delete_invites::DeleteInvites,
    edit_invite::EditInvite, enter_code::EnterCode, invite::InvitePage, invites::Invites, landing::Landing,
    my_rooms::MyRooms, new_invite::NewInvite, not_found::NotFound, server_invites::AllInvites, sign_in::SignIn,
    start::Start,
};
pub use self::{
    audit::draw_audit,
    days::draw_days,
    my_rooms::draw_my_rooms,
    print::{Frame, Printing, nothing_to_print, print_page},
    server_invites::draw_server_invites,
};

/// A form that a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageForm {
    /// The address of its server function.
    pub path: &'static str,
    /// The names of its fields. Those that end with `[]` may be submitted more than once, the others may not.
    pub fields: &'static [&'static str],
    /// The field that identifies the invite which the page is about.
    pub about: Option<&'static str>,
}

impl PageForm {
    /// The name of its server function.
    pub fn function(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The fields of the invite form; the first is present only when an invite is changed.
const INVITE_FIELDS: [&str; 16] = [
    "form[editing]",
    Field::Label.name(),
    Field::Code.name(),
    Field::Welcome.name(),
    Field::PublicTitle.name(),
    Field::Picture.name(),
    Field::Rooms.name(),
    FOR_HOW_MANY,
    Field::MaxUses.name(),
    Field::NotBefore.name(),
    ENDS,
    Field::ExpiresAt.name(),
    Field::Chat.name(),
    Field::ShowRooms.name(),
    "form[asks_registration]",
    Field::Registration.name(),
];

/// The field with the codes of invites that are chosen together.
const CHOSEN: &str = "codes[]";

const ACCOUNT_FIELDS: [&str; 5] =
    ["code", Field::NewUserName.name(), Field::DisplayName.name(), Field::Email.name(), Field::NewPassword.name()];

/// The forms that a page shows, by the page's path relative to where the pages are mounted.
///
/// A page accepts these and nothing else: markup that somebody managed to inject into one page cannot act through it on
/// behalf of its reader.
pub fn forms_on(path: &str) -> Vec<PageForm> {
    let form = |path, fields, about| PageForm { path, fields, about };
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut forms = match segments[..] {
        ["sign-in"] => {
            vec![form(rpc::SignIn::PATH, &const { [Field::UserName.name(), Field::Password.name(), "to"] }, None)]
        }
        ["join"] => vec![form(rpc::Open::PATH, &["text"], None)],
        ["new"] => vec![form(rpc::Save::PATH, &INVITE_FIELDS[1..], None)],
        ["invites"] => vec![form(rpc::PauseMany::PATH, &[CHOSEN, "paused"], None)],
        // Not below `invites`: what follows that may be anybody's code.
        ["delete-invites"] => vec![form(rpc::DeleteMany::PATH, &[CHOSEN], None)],
        ["invites", _, "edit"] => vec![form(rpc::Save::PATH, &INVITE_FIELDS, Some("form[editing]"))],
        ["invites", _] => vec![form(rpc::Pause::PATH, &["code", "paused"], Some("code"))],
        ["invites", _, "delete"] => vec![form(rpc::Delete::PATH, &["code"], Some("code"))],
        ["my-rooms"] => {
            vec![form(rpc::Block::PATH, &const { ["room", "invite", "blocked", Field::BlockReason.name()] }, None)]
        }
        ["server"] => vec![
            form(rpc::Intervene::PATH, &const { ["invite", "what", "proof", Field::BlockReason.name()] }, None),
            form(rpc::PauseAll::PATH, &const { ["paused", "proof", Field::BlockReason.name()] }, None),
        ],
        ["i", _] => vec![
            form(rpc::Redeem::PATH, &["code"], Some("code")),
            form(rpc::CreateAccount::PATH, &ACCOUNT_FIELDS, Some("code")),
        ],
        _ => Vec::new(),
    };
    // It is in the menu of every page.
    forms.push(form(rpc::SignOut::PATH, &[], None));
    forms
}
