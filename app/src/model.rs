//! The vocabulary that browser and server share. Text from outside is parsed into one of these types once, on entry;
//! the rules are their methods.
//!
//! Pictures are `mxc:` addresses inside the service; before a page gets them, they are replaced with addresses of this
//! service's own.

mod account;
mod audit;
mod choice;
mod code;
mod control;
mod field;
mod form;
mod invite;
mod landing;
mod limits;
mod overview;
mod paper;
mod path;
mod person;
mod reason;
mod terms;
mod time;

pub(crate) use self::path::segment;
pub use self::{
    account::{AccountAdvice, AccountForm, Advice, Document, SignUp},
    audit::{Action, AuditEntry, AuditPage, Detail, Door},
    choice::{ENDS, FOR_HOW_MANY, OWN, WITHOUT_END},
    code::{CODE_ALPHABET, Code, Pasted, code_in},
    control::{Block, Intervention, KnownInvite, LookedAfter, RoomInvite, RoomInvites, ServerInvite, ServerInvites},
    field::{Field, PasswordRule, Problem},
    form::{Allowed, FORM_FUNCTION, InviteForm, Next, Posted, Rooms},
    invite::{Invite, Joined, MissedRoom, Preview, Registration},
    landing::{AppLink, Landing, Progress, Relation, RoomLinks, Step, StepState},
    limits::{Edit, InviteState, Limits},
    overview::{Came, Guest, InviteCard, InviteDetail, InvitePage, InviteQuery, Room, RoomChoice, Sort, Works},
    paper::{Paper, QrCode},
    path::{LANDING, LocalPath, invite_path, landing_path},
    person::{ERASED_SERVER, IdentityProvider, Person, SignInWays, Visitor},
    reason::{Reason, RoomProblem, Rule},
    terms::{Draft, Terms, Wanted, WantedLimits},
    time::{utc_millis, utc_text},
};
