//! Into one room: the owner invites, the redeemer joins.

use app::Reason;
use matrix_sdk::ruma::RoomId;

use super::journey::{Journey, missed, said, seen};
use crate::{
    homeserver::{Error, Membership, Rejection, Result},
    store::Came,
};

/// Which of the two said no.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Invite,
    Join,
}

impl Journey {
    /// Lets the redeemer into a room, without an invitation where it is open to them: that is half the work for the homeserver, and tells
    /// nobody twice. Whoever is in already counts as having come in; a ban is never lifted.
    ///
    /// # Errors
    /// Only if the homeserver does not answer; whatever it says is an outcome.
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
                // It may have changed since it was looked at; the owner can still invite.
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
                // Why it was refused cannot be found out now.
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

    /// What a refusal means, from how both stand to the room now: the homeserver's words differ from version to version.
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

    /// How the redeemer stands to a room, as the owner sees it or, where the owner sees nothing, as they do themselves.
    async fn redeemer_is(&self, room: &RoomId) -> Result<Membership> {
        let me = self.redeemer.user();
        match seen(self.owner.membership(room, me).await)? {
            Membership::Outside => seen(self.redeemer.membership(room, me).await),
            membership => Ok(membership),
        }
    }
}

/// They are not in because the homeserver failed.
fn trouble() -> Came {
    Came::Missed { reason: Reason::HomeserverFailed, errcode: "M_UNKNOWN".to_owned(), again: true }
}
