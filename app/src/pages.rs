//! The pages, one in a file: a title, what it needs from the server, and how it looks.

mod delete_invite;
mod edit_invite;
mod enter_code;
mod invite;
mod invites;
mod landing;
mod new_invite;
mod not_found;
mod sign_in;
mod start;

pub(crate) use self::{
    delete_invite::DeleteInvite, edit_invite::EditInvite, enter_code::EnterCode, invite::InvitePage, invites::Invites,
    landing::Landing, new_invite::NewInvite, not_found::NotFound, sign_in::SignIn, start::Start,
};
