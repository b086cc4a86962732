//! An account for those who come with an invite and have none. The homeserver opens it; with a code that opens accounts, by the registration
//! token of that name.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use app::{
    AccountAdvice, AccountForm, Advice, Error as Refusal, Field, PasswordRule, Problem, Registration, SignUp, wording,
};
use matrix_sdk::ruma::{OwnedServerName, UserId};
use url::Url;
use zxcvbn::{Score, zxcvbn};

use super::{
    attempts::{Buckets, Rate, too_fast},
    guesses::network,
    parse::text,
    registration_token::RegistrationTokens,
};
use crate::{
    account::Origin,
    clock::Clock,
    config::AccountLimits,
    error::{Error, Result},
    homeserver::{self, NewAccounts, NoAccount, Registered, Rejection, SignIn, SignedIn},
    store::StoredInvite,
};

/// In how long as many attempts may be made as the limits say.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// How often the homeserver is asked again whether an account is there, of which it did not say so in time, and after how long.
const LOOKS: usize = 5;
const PAUSE: Duration = Duration::from_millis(800);

/// How easily a password may be guessed at least: by fewer than 10^6 guesses is too easily.
const WEAKEST: Score = Score::Two;

/// Who makes attempts, and at what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Attempt {
    /// At an account, from an address.
    From(IpAddr),
    /// At an account, with a code.
    With(String),
    /// At finding out what is said of a form, from an address.
    Look(IpAddr),
}

/// What somebody wants who has filled in the form.
pub(super) struct Wish {
    name: String,
    display_name: Option<String>,
    password: String,
}

/// Opens accounts.
pub(super) struct SignUps {
    pub(super) new_accounts: NewAccounts,
    pub(super) sign_in: SignIn,
    pub(super) tokens: RegistrationTokens,
    pub(super) server_name: OwnedServerName,
    /// A page of the operator's that says how to get an account.
    pub(super) help: Option<Url>,
    pub(super) attempts: Attempts,
    pub(super) clock: Clock,
}

/// How many attempts were made lately.
pub(super) struct Attempts {
    limits: AccountLimits,
    buckets: Mutex<Buckets<Attempt>>,
}

impl Attempts {
    pub(super) fn new(limits: AccountLimits) -> Self {
        Self { limits, buckets: Mutex::new(Buckets::new()) }
    }

    /// Notes attempts, unless there are too many of one of them.
    fn take(&self, attempts: &[Attempt], now: i64) -> Result<(), Refusal> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let most = |attempt: &Attempt| match attempt {
            Attempt::From(_) => self.limits.per_address,
            Attempt::With(_) => self.limits.per_code,
            Attempt::Look(_) => self.limits.lookups_per_address,
        };
        let rate = |attempt| most(attempt).map(|most| Rate::new(most, PERIOD));
        let limited: Vec<_> = attempts.iter().filter_map(|attempt| Some((attempt, rate(attempt)?))).collect();
        if let Some(wait) = limited.iter().filter_map(|(attempt, rate)| buckets.of(attempt).wait(*rate, now)).max() {
            return Err(too_fast(wait));
        }
        for (attempt, rate) in limited {
            buckets.change(attempt.clone(), now, |bucket| bucket.fill(rate, 1, now));
        }
        Ok(())
    }
}

fn invalid(field: Field, problem: Problem) -> Refusal {
    Refusal::Invalid { field, problem }
}

/// How hard a password is to guess for somebody who knows the rest.
fn strength(password: &str, form: &AccountForm) -> Score {
    zxcvbn(password, &[&form.user, &form.display_name]).score()
}

impl SignUps {
    /// What somebody without an account can do who holds this invite. To know that, the homeserver is asked how people register, and not whether
    /// they may with this code.
    pub(super) async fn offer(&self, stored: &StoredInvite) -> SignUp {
        let with_token = self.token_of(stored).is_some();
        let demands = self.new_accounts.demands().await.filter(|demands| demands.can_be_met(with_token));
        match demands {
            Some(demands) => SignUp::Here { terms: demands.terms },
            None => SignUp::Elsewhere { help: self.help.as_ref().map(Url::to_string) },
        }
    }

    /// The name of the registration token that comes with an invite, as far as it is known to open accounts.
    fn token_of<'a>(&self, stored: &'a StoredInvite) -> Option<&'a str> {
        let registration = self.tokens.registration_of(stored, (self.clock)());
        (registration == Registration::Open).then_some(stored.invite.code.as_str())
    }

    /// A user name as the homeserver takes it. People also write the whole id, and capital letters.
    fn name(&self, typed: &str) -> Result<String, Refusal> {
        let typed = typed.trim().to_lowercase();
        let of_here = format!(":{}", self.server_name);
        let name = typed.strip_suffix(&of_here).unwrap_or(&typed).trim_start_matches('@');
        if name.is_empty() {
            return Err(invalid(Field::NewUserName, Problem::Missing));
        }
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-/+".contains(c);
        match name.chars().all(legal) && UserId::parse(format!("@{name}{of_here}")).is_ok() {
            true => Ok(name.to_owned()),
            false => Err(invalid(Field::NewUserName, Problem::IllegalName)),
        }
    }

    fn password(form: &AccountForm) -> Result<(), Refusal> {
        let (field, longest) = (Field::NewPassword, Field::NewPassword.longest().unwrap_or(u32::MAX));
        match form.password.chars().count() {
            0 => Err(invalid(field, Problem::Missing)),
            many if many > longest as usize => Err(invalid(field, Problem::TooLong(longest))),
            _ if strength(&form.password, form) < WEAKEST => Err(invalid(field, Problem::EasyPassword)),
            _ => Ok(()),
        }
    }

    fn wish(&self, form: AccountForm) -> Result<Wish, Refusal> {
        let name = self.name(&form.user)?;
        let display_name = text(Field::DisplayName, Some(form.display_name.clone()), false)?;
        Self::password(&form)?;
        Ok(Wish { name, display_name, password: form.password })
    }

    /// Opens an account with an invite, and signs its owner in.
    pub(super) async fn open(&self, wish: &Wish, stored: &StoredInvite, origin: &Origin) -> Result<SignedIn> {
        let Wish { name, display_name, password } = wish;
        let account = match self.new_accounts.register(name, password, self.token_of(stored), origin).await {
            Ok(Registered::Done(account)) => account,
            Ok(Registered::Not(NoAccount::BadToken)) => return Err(Refusal::NoAccountWithIt.into()),
            Ok(Registered::Not(NoAccount::Closed)) => return Err(Refusal::NoNewAccounts.into()),
            // Somebody has the name: perhaps they themselves, by an attempt of which they have not heard.
            Err(error) if error.is("M_USER_IN_USE") => match self.own_account(wish, origin).await {
                Some(account) => account,
                None => return Err(invalid(Field::NewUserName, Problem::TakenName).into()),
            },
            // Nobody knows whether it is there by now.
            Err(error @ homeserver::Error::Unreachable(_)) => match self.look_for(wish, origin).await {
                Some(account) => account,
                None => return Err(error.into()),
            },
            Err(error) => return Err(refused(error)),
        };
        if let Some(display_name) = display_name
            && let Err(error) = self.new_accounts.set_display_name(&account, display_name).await
        {
            // They are called by their user name then, and can change it in any app.
            tracing::warn!(%error, "a new account has no display name");
        }
        Ok(account)
    }

    /// What is said of a form while it is filled in.
    pub(super) async fn advise(&self, form: &AccountForm, origin: &Origin) -> Result<AccountAdvice> {
        if let Some(address) = origin.address {
            self.attempts.take(&[Attempt::Look(network(address))], (self.clock)())?;
        }
        let bad = |refusal: &Refusal| Some(Advice { good: false, words: refusal.to_string() });
        let good = |words| Some(Advice { good: true, words });
        let user = match self.name(&form.user) {
            _ if form.user.trim().is_empty() => None,
            Err(refusal) => bad(&refusal),
            Ok(name) => match self.new_accounts.check_name(&name, origin).await {
                Ok(()) => good(wording::name_is_free(&format!("@{name}:{}", self.server_name))),
                Err(error) => match refused(error) {
                    Error::Refused(refusal @ Refusal::Invalid { .. }) => bad(&refusal),
                    // It will be known when they send it.
                    _ => None,
                },
            },
        };
        let password = match Self::password(form) {
            _ if form.password.is_empty() => None,
            Err(refusal) => bad(&refusal),
            Ok(()) => good(wording::STRONG.to_owned()),
        };
        Ok(AccountAdvice { user, password })
    }

    /// Begins an attempt at an account: what is wanted, if it can be had.
    pub(super) fn begin(&self, code: &str, form: AccountForm, origin: &Origin) -> Result<Wish, Refusal> {
        let wish = self.wish(form)?;
        let from = origin.address.map(|address| Attempt::From(network(address)));
        let attempts: Vec<Attempt> = from.into_iter().chain([Attempt::With(code.to_owned())]).collect();
        self.attempts.take(&attempts, (self.clock)())?;
        Ok(wish)
    }

    /// Signs somebody in with what they wanted for a new account, if they have it already.
    async fn own_account(&self, wish: &Wish, origin: &Origin) -> Option<SignedIn> {
        let user = UserId::parse_with_server_name(wish.name.as_str(), &self.server_name).ok()?;
        self.sign_in.by_password(user, &wish.password, origin).await.ok()
    }

    async fn look_for(&self, wish: &Wish, origin: &Origin) -> Option<SignedIn> {
        for _ in 0..LOOKS {
            tokio::time::sleep(PAUSE).await;
            if let Some(account) = self.own_account(wish, origin).await {
                return Some(account);
            }
        }
        None
    }
}

/// What the homeserver has against a new account.
fn refused(error: homeserver::Error) -> Error {
    let homeserver::Error::Refused(Rejection { errcode, status, retry_after, .. }) = &error else {
        return error.into();
    };
    let password = |rule| invalid(Field::NewPassword, Problem::AgainstRule(rule));
    match errcode.as_str() {
        "M_USER_IN_USE" | "M_EXCLUSIVE" => invalid(Field::NewUserName, Problem::TakenName),
        "M_INVALID_USERNAME" => invalid(Field::NewUserName, Problem::IllegalName),
        "M_PASSWORD_TOO_SHORT" => password(PasswordRule::Longer),
        "M_PASSWORD_NO_DIGIT" => password(PasswordRule::Digit),
        "M_PASSWORD_NO_UPPERCASE" => password(PasswordRule::Uppercase),
        "M_PASSWORD_NO_LOWERCASE" => password(PasswordRule::Lowercase),
        "M_PASSWORD_NO_SYMBOL" => password(PasswordRule::Symbol),
        "M_PASSWORD_IN_DICTIONARY" => password(PasswordRule::NoWord),
        "M_WEAK_PASSWORD" => password(PasswordRule::Stronger),
        "M_LIMIT_EXCEEDED" => {
            let millis = retry_after.map_or(5_000, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            too_fast(millis)
        }
        _ if *status >= 500 => return Error::unreachable(),
        _ => Refusal::NoNewAccounts,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(password: &str) -> AccountForm {
        AccountForm { user: "benbakker".into(), display_name: "Ben Bakker".into(), password: password.into() }
    }

    #[test]
    fn a_password_that_is_easy_to_guess_is_refused() {
        for (password, problem) in [
            ("", Some(Problem::Missing)),
            ("password1", Some(Problem::EasyPassword)),
            ("12345678", Some(Problem::EasyPassword)),
            ("benbakker", Some(Problem::EasyPassword)),
            ("Ben Bakker", Some(Problem::EasyPassword)),
            (&*"x".repeat(513), Some(Problem::TooLong(512))),
            ("courgette tram lantern", None),
            ("ж3лтый-кот-на-крыше", None),
        ] {
            let refusal = SignUps::password(&form(password)).err();
            assert_eq!(refusal, problem.map(|problem| invalid(Field::NewPassword, problem)), "{password}");
        }
    }

    #[test]
    fn attempts_are_limited_by_address_and_by_code() {
        let limits = AccountLimits { per_address: Some(2), per_code: Some(3), lookups_per_address: None };
        let attempts = Attempts::new(limits);
        let from = |last| Attempt::From(IpAddr::from([192, 0, 2, last]));
        let with = || Attempt::With("garden".to_owned());
        let take = |last| attempts.take(&[from(last), with()], 0);
        assert_eq!((take(1), take(1)), (Ok(()), Ok(())));
        assert_eq!(take(1), Err(Refusal::TooFast { retry_after: 1800 }), "an address");
        assert_eq!(take(2), Ok(()));
        assert_eq!(take(3), Err(Refusal::TooFast { retry_after: 1200 }), "a code");
        for _ in 0..1000 {
            assert_eq!(attempts.take(&[Attempt::Look(IpAddr::from([192, 0, 2, 1]))], 0), Ok(()), "what has no limit");
        }
    }
}
