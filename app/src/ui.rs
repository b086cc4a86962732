//! The components that pages are made of. Only these and the pages contain Tailwind classes.

mod avatar;
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
mod search;
mod share;
mod sign_up;
mod state;
mod text;
mod time;
mod typing;

pub(crate) use self::{
    avatar::{PersonAvatar, RoomAvatar, person_html, room_html},
    browser::{announce, arrive, fill_and_send},
    chart::Chart,
    editor::Editor,
    failure::{DeadInvite, Failure, apology, sorry},
    field::TextField,
    form::{Form, FormProblem, Sending, Submit, function, go_on, last_post, reload_after, sending},
    fragment::{
        Drawn, at, choice, form, heading, hidden, link, nothing, pages, reason_field, search_field, state_badge,
        submit, text_field, written,
    },
    front::invitation,
    house::House,
    html::{Html, between, button, fold, pairs, steps, two},
    icon::{Icon, Shape},
    joining::Joining,
    layout::{Layout, Visits, sign_out},
    load::{load, look_again, show, show_either},
    mark::{DRAWING, Mark},
    navigation::{LastPost, address, href, parameter, query},
    printed::sheet,
    rooms::{RoomList, rooms},
    search::Pager,
    share::{Camera, CopyButton, SharePanel},
    sign_up::SignUpForm,
    state::{Bounds, StateBadge, places},
    text::{ago, date, escaped},
    time::{Moment, TimeField},
    typing::Typing,
};
pub use self::{
    card::{Card, CardDoor},
    fragment::Fragment,
};
