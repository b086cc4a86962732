//! The pages, one in a file: a title, what it needs from the server, and how it looks.

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
