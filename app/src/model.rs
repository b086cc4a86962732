//! The words everybody shares. Text from outside becomes one of these types once, on entry; the rules are their methods.
//!
//! Pictures are `mxc:` addresses inside the service; pages are given addresses of this service's own in their place.

mod code;
mod control;
mod form;
mod invite;
mod landing;
mod limits;
mod overview;
mod path;
mod person;
mod time;

pub(crate) use self::path::segment;
pub use self::{
    code::{CODE_ALPHABET, Code, code_in},
    control::{
        AuditEntry, AuditPage, Block, Intervention, KnownInvite, LONGEST_REASON, LookedAfter, RoomInvite, RoomInvites,
        ServerInvite, ServerInvites,
    },
    form::{Allowed, FORM_FUNCTION, InviteForm, Next, Posted, Rooms},
    invite::{Draft, Invite, Joined, LONGEST_LABEL, LONGEST_WELCOME, MissedRoom, Preview, Registration},
    landing::{Landing, Progress, Relation, RoomLinks, Step, StepState},
    limits::{Edit, InviteState, Limits},
    overview::{Came, Guest, InviteCard, InviteDetail, InvitePage, InviteQuery, Room, RoomChoice, Sort, Works},
    path::{LocalPath, invite_path, landing_path},
    person::{IdentityProvider, Person, SignInWays, Visitor},
    time::{utc_millis, utc_text},
};
