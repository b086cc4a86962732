//! Joining a room: the owner invites the redeemer, who then joins.

use app::Reason;
use matrix_sdk::ruma::RoomId;

use super::journey::{Journey, missed, said, seen};
use crate::{
    homeserver::{Error, Membership, Rejection, Result},
    store::Came,
};

/// The step that was refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Invite,
    Join,
}

impl Journey {
    /// Lets the redeemer join a room, without an invitation if the room is open to them: that halves the homeserver's
    /// work, and avoids a superfluous notification. It is a success if they are in the room already; a ban is never
    /// lifted.
    ///
    /// # Errors
    /// Only if the homeserver does not answer; any response of it is an outcome.
    pub(super) async fn enter(&self, room: &RoomId, is_open: bool) -> Result<Came> {
        if self.ignored {
            return Ok(match self.redeemer_is(room).await? {
                Membership::Joined => Came::In,
                _ => missed(Reason::OwnerIgnored, "M_INVITE_BLOCKED"),
            });
        }
        if is_open {
            match self.patiently(|| self.redeemer.join(room)).await {
                Ok(()) => return Ok(Came::In),
                Err(unreachable @ Error::Unreachable(_)) => return Err(unreachable),
                // The room may have changed since it was looked up; the owner can still invite.
                Err(error) => tracing::debug!(%room, %error, "an open room is closed"),
            }
        }
        let invited = self.patiently(|| self.owner.invite(room, self.redeemer.user())).await;
        let (step, refused) = match invited {
            Ok(()) => match self.patiently(|| self.redeemer.join(room)).await {
                Ok(()) => return Ok(Came::In),
                Err(error) => (Step::Join, error),
            },
            Err(error) => (Step::Invite, error),
        };
        match refused {
            Error::Refused(refusal) => match self.explain(room, step, refusal).await {
                // The reason for the refusal cannot be found out now.
                Err(Error::Refused(_) | Error::Unexpected(_)) => Ok(trouble()),
                explained => explained,
            },
            Error::Unexpected(source) => {
                tracing::warn!(%room, source, "the homeserver answers strangely");
                Ok(trouble())
            }
            unreachable @ Error::Unreachable(_) => Err(unreachable),
        }
    }

    /// Explains a refusal by the current memberships of both: the homeserver's messages differ from version to version.
    async fn explain(&self, room: &RoomId, step: Step, refusal: Rejection) -> Result<Came> {
        let redeemer = self.redeemer_is(room).await?;
        if redeemer == Membership::Joined {
            return Ok(Came::In);
        }
        let owner = seen(self.owner.membership(room, self.owner.user()).await)?;
        let reason = match refusal.errcode.as_str() {
            _ if redeemer == Membership::Banned => Reason::Banned,
            _ if owner != Membership::Joined => Reason::OwnerLeft,
            "M_INVITE_BLOCKED" if self.redeemer.accepts_only_shared().await? => Reason::InvitesOnlyShared,
            "M_INVITE_BLOCKED" => Reason::InvitesBlocked,
            "M_LIMIT_EXCEEDED" => Reason::Busy,
            "M_FORBIDDEN" if step == Step::Invite && !self.owner.may_invite(room).await? => Reason::OwnerMayNotInvite,
            "M_FORBIDDEN" => Reason::ServerForbids,
            _ if refusal.status >= 500 => Reason::HomeserverFailed,
            _ => said(&refusal.message),
        };
        let again = redeemer != Membership::Banned && owner == Membership::Joined && !refusal.is_judgement();
        Ok(Came::Missed { reason, errcode: refusal.errcode, again })
    }

    /// The redeemer's membership, as the owner sees it or, if the owner sees nothing, as the redeemer does.
    async fn redeemer_is(&self, room: &RoomId) -> Result<Membership> {
        let me = self.redeemer.user();
        match seen(self.owner.membership(room, me).await)? {
            Membership::Outside => seen(self.redeemer.membership(room, me).await),
            membership => Ok(membership),
        }
    }
}

/// The outcome for a failure of the homeserver.
fn trouble() -> Came {
    Came::Missed { reason: Reason::HomeserverFailed, errcode: "M_UNKNOWN".to_owned(), again: true }
}
