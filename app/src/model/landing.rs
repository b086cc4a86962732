//! What people who hold a code see of the invite.

use serde::{Deserialize, Serialize};

use super::{InviteState, Person, Reason, Room, SignUp};

/// The content of the page behind an invite's link (the landing page).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// The person who invites.
    pub inviter: Person,
    /// Their message.
    pub welcome: Option<String>,
    /// The title under which the owner shows it to everybody who has the code.
    pub public_title: Option<String>,
    /// The picture that the owner shows to everybody who has the code: of a room, of which nothing else is known but whether it is a
    /// space.
    pub picture: Option<Room>,
    /// How many rooms it leads into, spaces not counted.
    pub rooms: u32,
    /// How many spaces it leads into.
    pub spaces: u32,
    /// Whether a direct chat with the inviter comes with it.
    pub chat: bool,
    /// The rooms themselves, if the owner lets everybody who has the code see them.
    pub shown: Vec<Room>,
    /// When it ends, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
    /// Whether it lets people in; only its owner sees a state other than open.
    pub state: InviteState,
    /// How the visitor relates to the invite.
    pub relation: Relation,
    /// Apps, those that run where they look at it first.
    pub apps: Vec<AppLink>,
    /// When the page was made, in milliseconds since the epoch.
    pub now: i64,
}

/// A Matrix app to recommend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppLink {
    /// Its name.
    pub name: String,
    /// The platforms it runs on, in words.
    pub runs_on: String,
    /// Whether it runs on the visitor's platform, as far as that is known.
    pub runs_here: bool,
    /// Where to get it: an `http` or `https` address.
    pub address: String,
    /// An address with which it opens this invite, if it can.
    pub invite: Option<String>,
}

impl Landing {
    /// The steps for somebody who is about to join: every room, by name if that may be shown, and the chat.
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

/// How a visitor relates to an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// They are not signed in, and may need an account.
    SignedOut(SignUp),
    /// It is their own invite.
    Owner,
    /// They may redeem it.
    Invited(Person),
    /// They have begun to redeem it, or have finished.
    Redeeming(Person, Progress),
    /// The homeserver does not answer, so their relation is unknown, and nobody can join now.
    Away,
}

/// How far somebody is with redeeming an invite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// One step for each room, the direct chat last.
    pub steps: Vec<Step>,
    /// Whether a redemption is running now.
    pub running: bool,
    /// Whether they are in everything.
    pub complete: bool,
}

impl Progress {
    /// Whether any step has a result yet.
    pub fn has_begun(&self) -> bool {
        self.steps.iter().any(|step| step.state != StepState::Waiting)
    }

    /// Whether trying again may help without anybody doing something first.
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
    /// The room, once they may see it; always `None` for the direct chat.
    pub room: Option<Room>,
    /// Whether this is the direct chat.
    pub chat: bool,
    /// Its result.
    pub state: StepState,
}

/// The result of one step of a redemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    /// No result yet.
    Waiting,
    /// They have joined.
    In(RoomLinks),
    /// They have not joined, for this reason.
    Missed(Reason),
}

/// The links to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLinks {
    /// Opens any app that the person has installed (Matrix specification, Appendices, "Matrix URI scheme").
    pub app: String,
    /// Opens a page that recommends apps (Matrix specification, Appendices, "matrix.to navigation").
    pub matrix_to: String,
    /// Opens the Acter app.
    pub acter: String,
    /// Opens Element in the browser, if the operator runs it.
    pub element: Option<String>,
}
