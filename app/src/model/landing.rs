//! What whoever holds a code sees of it.

use serde::{Deserialize, Serialize};

use super::{InviteState, Person, Reason, Room, SignUp};

/// The page behind an invite's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// Who invites.
    pub inviter: Person,
    /// What they say.
    pub welcome: Option<String>,
    /// Into how many rooms, spaces not counted.
    pub rooms: u32,
    /// Into how many spaces.
    pub spaces: u32,
    /// Whether a direct chat with the inviter comes with it.
    pub chat: bool,
    /// The rooms themselves, where the owner lets everybody with the code see them.
    pub shown: Vec<Room>,
    /// When it ends, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
    /// Whether it lets people in; anything but open is shown to its owner only.
    pub state: InviteState,
    /// Who looks at it.
    pub relation: Relation,
    /// Apps, those that run where they look at it first.
    pub apps: Vec<AppLink>,
    /// When this was true, in milliseconds since the epoch.
    pub now: i64,
}

/// An app for Matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppLink {
    /// What it is called.
    pub name: String,
    /// What it runs on, in words.
    pub runs_on: String,
    /// Whether it runs where somebody is, as far as that is known.
    pub runs_here: bool,
    /// Where they get it: an `http` or `https` address.
    pub address: String,
    /// What it opens this invite by, if it can.
    pub invite: Option<String>,
}

impl Landing {
    /// What is before somebody who joins it: every room, as far as it may be known, and the chat.
    pub fn ahead(&self) -> Progress {
        let unnamed = (0..self.rooms + self.spaces).map(|_| None);
        let rooms: Vec<Option<Room>> = match self.shown.is_empty() {
            true => unnamed.collect(),
            false => self.shown.iter().cloned().map(Some).collect(),
        };
        let rooms = rooms.into_iter().map(|room| Step { room, chat: false, state: StepState::Waiting });
        let chat = self.chat.then_some(Step { room: None, chat: true, state: StepState::Waiting });
        Progress { steps: rooms.chain(chat).collect(), ..Default::default() }
    }
}

/// What somebody who looks at an invite has to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Nobody knows who they are; so they can get an account.
    SignedOut(SignUp),
    /// It is their own.
    Owner,
    /// They may redeem it.
    Invited(Person),
    /// They have begun to redeem it, or are through.
    Redeeming(Person, Progress),
    /// The homeserver does not answer, so nobody knows, and nobody can join now.
    Away,
}

/// How far somebody is with redeeming an invite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Room by room, the direct chat last.
    pub steps: Vec<Step>,
    /// Whether it is being worked on now.
    pub running: bool,
    /// Whether they are in everything.
    pub complete: bool,
}

impl Progress {
    /// Whether anything has come of it yet.
    pub fn has_begun(&self) -> bool {
        self.steps.iter().any(|step| step.state != StepState::Waiting)
    }

    /// Whether trying again may help, with nobody having to do anything before that.
    pub fn may_go_on(&self) -> bool {
        self.steps.iter().any(|step| match &step.state {
            StepState::Missed(reason) => reason.may_pass(),
            StepState::Waiting => true,
            StepState::In(_) => false,
        })
    }
}

/// One room of a redemption, or the direct chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The room, once they may know it; never that of the direct chat.
    pub room: Option<Room>,
    /// Whether this is the direct chat.
    pub chat: bool,
    /// What has come of it.
    pub state: StepState,
}

/// What has come of one room of a redemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    /// Nothing yet.
    Waiting,
    /// They are in.
    In(RoomLinks),
    /// They are not, for this reason.
    Missed(Reason),
}

/// The ways into a room from a web page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLinks {
    /// For whatever app the person has (Matrix specification, Appendices, "Matrix URI scheme").
    pub app: String,
    /// A page that offers apps (Matrix specification, Appendices, "matrix.to navigation").
    pub matrix_to: String,
    /// For Acter.
    pub acter: String,
    /// For Element in the browser, where the operator runs one.
    pub element: Option<String>,
}
