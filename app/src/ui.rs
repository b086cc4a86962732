//! The components that pages are made of. Only these and the pages contain Tailwind classes.

mod avatar;
mod beside;
mod browser;
mod card;
mod chart;
mod editor;
mod failure;
mod field;
mod form;
mod fragment;
mod front;
mod house;
mod html;
mod icon;
mod joining;
mod layout;
mod load;
mod mark;
mod navigation;
mod opened;
mod picker;
mod printed;
mod rooms;
mod row;
mod share;
mod sign_up;
mod state;
mod text;
mod time;
mod typing;

pub(crate) use self::{
    avatar::{PersonAvatar, RoomAvatar, person_html, room_html},
    browser::{announce, arrive, copy_pressed, fill_and_send, kept, local_days},
    chart::chart,
    editor::Editor,
    failure::{DeadInvite, Failure, apology, empty, sorry},
    field::TextField,
    form::{Form, FormProblem, Sending, Submit, function, go_on, last_post, reload_after, sending},
    fragment::{
        Drawn, at, choice, form, heading, hidden, link, nothing, pages, reason_field, search_field, state_badge,
        submit, text_field, written,
    },
    front::invitation,
    house::House,
    html::{Html, between, button, drawing, fold, pairs, steps, two},
    icon::{Icon, Shape},
    joining::Joining,
    layout::{Layout, Visits, sign_out},
    load::{load, look_again, show, show_either},
    mark::{DRAWING, Mark},
    navigation::{LastPost, Notices, address, href, lead, parameter, queries, query, value_of},
    printed::sheet,
    rooms::{RoomList, rooms},
    row::row,
    share::{Camera, CopyButton, SharePanel, Sharing},
    sign_up::SignUpForm,
    state::{StateBadge, places},
    text::{ago, date, day},
    time::{Moment, TimeField},
    typing::Typing,
};
pub use self::{
    card::{Card, CardDoor},
    fragment::Fragment,
};
pub(crate) use crate::words::{escaped, marked};
