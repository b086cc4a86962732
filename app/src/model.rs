//! The words everybody shares. Text from outside becomes one of these types once, on entry; the rules are their methods.
//!
//! Pictures are `mxc:` addresses inside the service; pages are given addresses of this service's own in their place.

mod code;
mod form;
mod invite;
mod landing;
mod overview;
mod path;
mod person;

pub use self::{
    code::{CODE_ALPHABET, Code, code_in},
    form::{FORM_FUNCTION, InviteForm, Next, Posted, Rooms},
    invite::{Draft, Invite, Joined, LONGEST_LABEL, MissedRoom, Preview, Registration},
    landing::{Landing, Progress, Relation, RoomLinks, Step, StepState},
    overview::{Guest, InviteCard, InviteDetail, InvitePage, InviteQuery, Room, RoomChoice, Sort, Works},
    path::LocalPath,
    person::{IdentityProvider, Person, SignInWays, Visitor},
};
