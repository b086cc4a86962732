//! Who may make invites.

use std::sync::Arc;

use app::{Allowed, Code, Error as Refusal, Rule};
use matrix_sdk::ruma::UserId;

use super::{parse::number, rules::Rules};
use crate::{
    account::Account,
    clock::{Clock, DAY},
    config::{Creators as Listed, CreatorsWord},
    error::{Error, Result},
    homeserver::Accounts,
    store::Millis,
};

/// Decides who may make invites, by the policy and with the homeserver's information. Cheap to clone.
#[derive(Clone)]
pub(super) struct Creators {
    pub(super) accounts: Accounts,
    pub(super) rules: Arc<Rules>,
    pub(super) clock: Clock,
}

impl Creators {
    /// The rules for a member who makes an invite.
    pub(super) async fn allowed(&self, account: &Account) -> Result<Allowed> {
        let (rules, now) = (&self.rules, (self.clock)());
        let refusal = match self.check(account, None, now).await {
            Err(Error::Refused(refusal)) => Some(refusal.into()),
            checked => checked.map(|()| None)?,
        };
        Ok(Allowed {
            refusal,
            chosen_codes: rules.policy.chosen_codes,
            usual: rules.usual_limits(now),
            max_uses: rules.policy.max_uses,
            max_days: rules.policy.max_days,
        })
    }

    /// Returns an error if the account may not make invites; `code` is the code that it has chosen, if any.
    pub(super) async fn check(&self, account: &Account, code: Option<&Code>, now: Millis) -> Result<()> {
        let policy = &self.rules.policy;
        let listed = match &policy.create {
            Listed::Word(CreatorsWord::Everyone) => true,
            Listed::Word(CreatorsWord::Admins) => false,
            Listed::Users(users) => users.iter().any(|user| user == account.user_id()),
        };
        if !listed && !self.accounts.is_server_admin(account).await? {
            return Err(Refusal::Forbidden(Rule::Creators).into());
        }
        if let Some(code) = code {
            let fewest = policy.shortest_chosen_code;
            if !policy.chosen_codes {
                return Err(Refusal::Forbidden(Rule::ChosenCodes).into());
            }
            if code.as_str().len() < fewest {
                return Err(Refusal::Forbidden(Rule::ShortestChosenCode(number(fewest))).into());
            }
        }
        self.check_age(account.user_id(), now).await
    }

    async fn check_age(&self, user: &UserId, now: Millis) -> Result<()> {
        let Some(days) = self.rules.policy.account_age_days else { return Ok(()) };
        match self.accounts.account_made_at(user).await? {
            Some(made_at) if now < made_at + Millis::from(days) * DAY => {
                Err(Refusal::Forbidden(Rule::AccountAge(days)).into())
            }
            _ => Ok(()),
        }
    }
}
