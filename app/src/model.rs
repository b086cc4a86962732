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

pub(crate) use self::path::{MEMBERS, segment};
pub use self::{
    account::{AccountAdvice, AccountForm, Advice, Document, SignUp},
    audit::{Action, AuditEntry, AuditPage, AuditQuery, Detail, Door},
    choice::{ENDS, FOR_HOW_MANY, OWN, WITHOUT_END},
    code::{CODE_ALPHABET, Code, Pasted, code_in},
    control::{
        AllPaused, Block, Day, Days, Intervention, KnownInvite, LookedAfter, OwnInvite, RoomInvite, RoomInvites,
        RoomsQuery, ServerInvite, ServerInvites, ServerQuery, ServerSort,
    },
    field::{Field, PasswordRule, Problem},
    form::{Allowed, FORM_FUNCTION, InviteForm, Next, Notice, Posted, Rooms},
    invite::{Invite, Joined, MissedRoom, Preview, Registration},
    landing::{AppLink, Landing, Progress, Relation, RoomLinks, Step, StepState},
    limits::{Edit, InviteState, Limits},
    overview::{
        Came, Deed, Done, Guest, InviteCard, InviteDetail, InvitePage, InviteQuery, Room, RoomChoice, Sort, Tab, Works,
    },
    paper::{Paper, QrCode},
    path::{LANDING, LocalPath, invite_path, is_for_members, landing_path, person_address},
    person::{ERASED_SERVER, IdentityProvider, Person, SignInWays, Visitor},
    reason::{Reason, RoomProblem, Rule},
    terms::{Draft, Terms, Wanted, WantedLimits},
    time::{utc_millis, utc_text},
};
