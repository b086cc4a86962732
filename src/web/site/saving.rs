//! Handling the form for making and changing an invite.

use app::{Edit, Error, Field, InviteForm, Next, Problem, invite_path, utc_text, wording};

use super::Site;
use crate::{account::Account, error::Result, invites::Saved};

impl Site {
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
            Ok(Saved { invite, .. }) => Ok(Next::to(invite_path(&invite.code) + if editing { "" } else { "?new=1" })),
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

/// Keeps the old time if the form submitted it unchanged, to the minute.
fn keep_seconds(edit: &mut Edit<i64>, before: Option<i64>) {
    if let (Edit::Set(Some(time)), Some(before)) = (&*edit, before)
        && utc_text(*time) == utc_text(before)
    {
        *edit = Edit::Keep;
    }
}
