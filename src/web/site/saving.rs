//! Handling the form for making and changing an invite.

use app::{
    Allowed, Edit, Error, Field, InviteForm, Next, Notice, Problem, RoomChoice, Rooms, invite_path, utc_text, wording,
};

use super::Site;
use crate::{account::Account, error::Result, invites::Saved};

impl Site {
    /// What the form for an invite needs; `like` and `space` as for [`Backend::rooms`](app::Backend::rooms).
    pub(super) async fn form_to_fill_in(&self, like: &str, space: &str) -> Result<Rooms> {
        let owner = &self.web.invites.owner;
        let account = self.account().await?;
        let (choices, allowed) = (owner.room_choices(&account).await?, owner.allowed(&account).await?);
        let mut start = self.form_like(&account, like, &allowed).await?;
        if !space.is_empty() {
            start.rooms = rooms_of(space, &choices);
        }
        let may = |id: &String| choices.iter().any(|choice| choice.room.id == *id && choice.refusal.is_none());
        start.rooms.retain(may);
        if !start.rooms.contains(&start.picture) {
            start.picture.clear();
        }
        let newest = owner.list(&account).await?.invites.last().map(|invite| invite.code.clone());
        let opens_accounts = owner.codes_open_accounts();
        let me = self.with_pictures(self.web.people.person(account.user_id()).await);
        Ok(Rooms { me, choices: self.with_pictures(choices), opens_accounts, allowed, start, newest })
    }

    /// The form for a new invite: like one of the person's own or, if there is no such invite, as usual.
    async fn form_like(&self, account: &Account, code: &str, allowed: &Allowed) -> Result<InviteForm> {
        if code.is_empty() {
            return Ok(InviteForm::new(allowed));
        }
        match self.web.invites.owner.one(account, code).await {
            Ok((invite, _)) => Ok(InviteForm::like(&invite, allowed, (self.web.settings.clock)())),
            Err(crate::error::Error::Refused(Error::UnknownInvite | Error::NotYours)) => Ok(InviteForm::new(allowed)),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn save_form(&self, form: InviteForm) -> Result<Next> {
        let account = self.account_now().await?;
        let invites = &self.web.invites;
        let editing = form.editing.is_some();
        let mut draft = form.into_draft((self.web.settings.clock)())?;
        if let (true, Some(code)) = (editing, &draft.code) {
            // The form has times to the minute only: an unchanged time must keep its seconds.
            let before = invites.owner.one(&account, code).await?.0.terms.limits;
            keep_seconds(&mut draft.terms.limits.not_before, before.not_before);
            keep_seconds(&mut draft.terms.limits.expires_at, before.expires_at);
        }
        match invites.owner.save(&account, draft).await {
            Ok(Saved { invite, .. }) => {
                let notice = if editing { Notice::Saved } else { Notice::Created };
                Ok(Next::to(invite_path(&invite.code)).saying(notice))
            }
            Err(error) => Err(self.told_in_the_form(&account, editing, error).await),
        }
    }

    async fn told_in_the_form(
        &self,
        account: &Account,
        editing: bool,
        error: crate::error::Error,
    ) -> crate::error::Error {
        match error {
            crate::error::Error::Refused(Error::RoomsRefused(mut refusals)) => {
                let choices = self.web.invites.owner.room_choices(account).await.unwrap_or_default();
                for refusal in &mut refusals {
                    if let Some(choice) = choices.iter().find(|choice| choice.room.id == refusal.room) {
                        wording::room(&choice.room).clone_into(&mut refusal.room);
                    }
                }
                Error::RoomsRefused(refusals).into()
            }
            crate::error::Error::Refused(Error::NotYours | Error::CodeSpent { .. }) if !editing => {
                Error::Invalid { field: Field::Code, problem: Problem::TakenCode }.into()
            }
            error => error,
        }
    }
}

/// A space and its rooms.
fn rooms_of(space: &str, choices: &[RoomChoice]) -> Vec<String> {
    let house = choices.iter().filter(|choice| choice.room.space && choice.room.id == space);
    house.flat_map(|space| [space.room.id.clone()].into_iter().chain(space.children.iter().cloned())).collect()
}

/// Keeps the old time if the form submitted it unchanged, to the minute.
fn keep_seconds(edit: &mut Edit<i64>, before: Option<i64>) {
    if let (Edit::Set(Some(time)), Some(before)) = (&*edit, before)
        && utc_text(*time) == utc_text(before)
    {
        *edit = Edit::Keep;
    }
}
