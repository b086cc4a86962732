//! What pages are put together from. Tailwind's classes stay in here and in the pages.

mod avatar;
mod browser;
mod editor;
mod failure;
mod form;
mod icon;
mod joining;
mod layout;
mod load;
mod mark;
mod navigation;
mod picker;
mod rooms;
mod share;
mod text;

pub(crate) use self::{
    avatar::{PersonAvatar, RoomAvatar},
    browser::{announce, arrive, fill_and_send},
    editor::Editor,
    failure::{DeadInvite, Failure},
    form::{Form, FormProblem, Submit, TextField, go_on, last_post, sending},
    icon::{Icon, Shape},
    joining::Joining,
    layout::{Layout, Visits},
    load::{load, show, show_either},
    mark::Mark,
    navigation::{LastPost, address, href, parameter, query},
    rooms::RoomList,
    share::{Camera, SharePanel},
    text::{ago, count},
};
