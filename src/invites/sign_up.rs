//! Accounts for people who come to an invite without one. The homeserver creates the account; if the code opens
//! accounts, with the registration token of the same name.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::PoisonError,
    time::Duration,
};

use app::{
    AccountAdvice, AccountForm, Advice, Error as Refusal, Field, PasswordRule, Problem, Registration, SignUp, wording,
};
use matrix_sdk::ruma::{OwnedServerName, UserId};
use url::Url;

use super::{
    attempts::{Buckets, Rate, too_fast},
    begun::{Begun, BegunAttempt, BrowserMemory, Validation},
    guesses::network,
    parse::{LONGEST_ID, text},
    registration_token::RegistrationTokens,
    strength,
};
use crate::{
    account::Origin,
    chance::Chance,
    clock::Clock,
    config::AccountLimits,
    error::{Error, Result},
    homeserver::{self, NewAccount, NewAccounts, NoAccount, Registered, Rejection, SignedIn},
    store::{Millis, StoredInvite},
};

/// The period of the limits.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// How long to wait for the account.
const ACCOUNT_TIMEOUT: Duration = Duration::from_secs(45);

/// How long to wait until it has its display name.
const NAMING: Duration = Duration::from_secs(5);

/// After how long a message to an email address is sent again, in milliseconds.
const SEND_AGAIN: Millis = 60_000;

/// How many messages are sent to one email address in an hour.
const MAILS: u32 = 5;

/// What attempts are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Attempt {
    /// Creating an account, by client address.
    From(IpAddr),
    /// Creating an account, by code.
    With(String),
    /// Asking for feedback on the form, by client address.
    Look(IpAddr),
    /// Sending a message, by email address: it may be anybody's. What is kept of it is a hash with a key of this process, because empty buckets may
    /// stay for longer than an address may.
    Mail(u64),
}

/// The account that somebody asks for.
pub(super) struct Wish {
    name: String,
    display_name: Option<String>,
    email: Option<String>,
    password: String,
}

/// Creates accounts.
pub(super) struct SignUps {
    pub(super) new_accounts: NewAccounts,
    pub(super) tokens: RegistrationTokens,
    pub(super) server_name: OwnedServerName,
    /// The operator's page that says how to get an account.
    pub(super) help: Option<Url>,
    pub(super) homeserver_for_browsers: Url,
    pub(super) attempts: Attempts,
    pub(super) begun: Begun,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

/// Counts attempts.
pub(super) struct Attempts {
    limits: AccountLimits,
    buckets: std::sync::Mutex<Buckets<Attempt>>,
    mail_hashes: RandomState,
}

impl Attempts {
    pub(super) fn new(limits: AccountLimits) -> Self {
        Self { limits, buckets: std::sync::Mutex::new(Buckets::new()), mail_hashes: RandomState::new() }
    }

    /// Counts a message to an email address, unless there are too many.
    fn take_mail(&self, email: &str, now: i64) -> Result<(), Refusal> {
        self.take(&[Attempt::Mail(self.mail_hashes.hash_one(email.to_lowercase()))], now)
    }

    /// Counts attempts, unless there are too many of one of them.
    fn take(&self, attempts: &[Attempt], now: i64) -> Result<(), Refusal> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = buckets.steady(now);
        let most = |attempt: &Attempt| match attempt {
            Attempt::From(_) => self.limits.per_address,
            Attempt::With(_) => self.limits.per_code,
            Attempt::Look(_) => self.limits.lookups_per_address,
            Attempt::Mail(_) => Some(MAILS),
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

impl SignUps {
    /// The ways for somebody who holds this invite to get an account. The homeserver is asked what it requires, but not
    /// whether this code will do.
    pub(super) async fn offer(&self, stored: &StoredInvite) -> SignUp {
        let with_token = self.token_of(stored).is_some();
        let demands = self.new_accounts.demands().await.filter(|demands| demands.can_be_met(with_token));
        match demands {
            Some(demands) => {
                let email = demands.asks_for_email(with_token);
                SignUp::Here { terms: demands.terms, email }
            }
            None => SignUp::Elsewhere { help: self.help.as_ref().map(Url::to_string) },
        }
    }

    /// The name of the invite's registration token, if it is known to open accounts.
    fn token_of<'a>(&self, stored: &'a StoredInvite) -> Option<&'a str> {
        let registration = self.tokens.registration_of(stored, (self.clock)());
        (registration == Registration::Open).then_some(stored.invite.code.as_str())
    }

    /// A user name in the form that the homeserver accepts. People also type the whole id, or capital letters.
    fn name(&self, typed: &str) -> Result<String, Refusal> {
        let typed = typed.trim().to_lowercase();
        let of_here = format!(":{}", self.server_name);
        let name = typed.strip_suffix(&of_here).unwrap_or(&typed).trim_start_matches('@');
        if name.len() > LONGEST_ID {
            return Err(invalid(Field::NewUserName, Problem::IllegalName));
        }
        if name.is_empty() {
            return Err(invalid(Field::NewUserName, Problem::Missing));
        }
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-/+".contains(c);
        match name.chars().all(legal) && UserId::parse(format!("@{name}{of_here}")).is_ok() {
            true => Ok(name.to_owned()),
            false => Err(invalid(Field::NewUserName, Problem::IllegalName)),
        }
    }

    /// The requested account, if its user name and display name are acceptable; the password is checked elsewhere.
    pub(super) fn wish(&self, form: AccountForm) -> Result<Wish, Refusal> {
        let name = self.name(&form.user)?;
        let display_name = text(Field::DisplayName, Some(form.display_name), false)?;
        let email = text(Field::Email, Some(form.email), false)?;
        Ok(Wish { name, display_name, email, password: form.password })
    }

    /// Counts an attempt from an address.
    pub(super) fn charge_address(&self, origin: &Origin) -> Result<(), Refusal> {
        let from = origin.address.map(|address| Attempt::From(network(address)));
        self.attempts.take(from.as_slice(), (self.clock)())
    }

    /// Counts an attempt with an existing code.
    pub(super) fn charge_code(&self, code: &str) -> Result<(), Refusal> {
        self.attempts.take(&[Attempt::With(code.to_owned())], (self.clock)())
    }

    /// Identifies an attempt ([`BrowserMemory::key`]), and takes over what is known of it from the browser.
    pub(super) fn recall(&self, wish: &Wish, code: &str, browser: &BrowserMemory<'_>) -> String {
        let key = browser.key(code, &wish.name, &wish.password);
        self.begun.recall(&key, browser.attempt.as_ref());
        key
    }

    /// What is known of the attempt with this key, if it was made a short while ago.
    pub(super) fn known(&self, key: &str) -> Option<BegunAttempt> {
        self.begun.get(key)
    }

    /// Opens an account with an invite, and signs its owner in. If the same attempt is repeated because the response
    /// was lost, the account that it has made is returned.
    pub(super) async fn open(
        &self,
        key: &str,
        wish: &Wish,
        stored: &StoredInvite,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let Wish { name, display_name, password, .. } = wish;
        strength::check(password, [name, display_name.as_deref().unwrap_or_default()]).await?;
        let registered = tokio::time::timeout(ACCOUNT_TIMEOUT, self.register(key, wish, stored, origin)).await;
        let account = match registered.unwrap_or_else(|_| Err(Error::unreachable()))? {
            Registered::Done(account) => account,
            Registered::Not(NoAccount::BadToken) => return Err(Refusal::NoAccountWithIt.into()),
            Registered::Not(NoAccount::Closed) => return Err(Refusal::NoNewAccounts.into()),
            Registered::Not(NoAccount::OtherTerms) => return Err(Refusal::Outdated.into()),
            Registered::Not(NoAccount::Unconfirmed) => {
                self.send_mail(key, wish.email.as_deref(), origin).await?;
                return Err(invalid(Field::Email, Problem::Unconfirmed).into());
            }
            Registered::Not(NoAccount::OneMoreStep { stage, session }) => {
                let address = NewAccounts::fallback_address(&self.homeserver_for_browsers, &stage, &session);
                return Err(Refusal::OneMoreStep { address }.into());
            }
        };
        if let Some(display_name) = display_name {
            let naming = self.new_accounts.set_display_name(&account, display_name);
            // Without a display name they are called by their user name, and can change that in any app.
            match tokio::time::timeout(NAMING, naming).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a new account has no display name"),
                Err(_) => tracing::warn!("a new account has no display name yet"),
            }
        }
        Ok(account)
    }

    /// Registers an account, or goes on with it where the same attempt stopped before.
    async fn register(&self, key: &str, wish: &Wish, stored: &StoredInvite, origin: &Origin) -> Result<Registered> {
        // A double click leads to one registration session: the second attempt waits until the first one has a session,
        // but not for the rest.
        let turn = std::sync::Mutex::new(Some(self.begun.turn(key).await));
        let (session, validation) = match self.begun.get(key) {
            Some(BegunAttempt { session, validation, .. }) => (Some(session), validation),
            None => (None, None),
        };
        let validation = validation.filter(|validation| wish.email.as_ref() == Some(&validation.to));
        let mail = validation.and_then(|validation| validation.sent).map(|(mail, _)| mail);
        // When a session is resumed, the homeserver still recognises the account that it has made, even if the token is
        // used up by now.
        let token = self.token_of(stored).or(session.is_some().then_some(stored.invite.code.as_str()));
        let terms = self.new_accounts.demands().await.map(|demands| demands.terms).unwrap_or_default();
        let new = NewAccount { name: &wish.name, password: &wish.password, token, mail: mail.as_ref() };
        let note = |session: &str| {
            self.begun.note_session(key, session);
            drop(turn.lock().unwrap_or_else(PoisonError::into_inner).take());
        };
        self.new_accounts.register(&new, session, &note, &terms, origin).await.map_err(refused)
    }

    /// Has a message with a link sent to the email address of an attempt that has begun, unless one was sent a moment ago.
    async fn send_mail(&self, key: &str, email: Option<&str>, origin: &Origin) -> Result<()> {
        let email = email.ok_or(invalid(Field::Email, Problem::Missing))?;
        // A double click sends one message.
        let _turn = self.begun.turn(key).await;
        let begun = self.begun.get(key).ok_or(Refusal::Outdated)?;
        let now = (self.clock)();
        let mut validation = match begun.validation.filter(|validation| validation.to == email) {
            Some(validation) => validation,
            None => {
                Validation { to: email.to_owned(), secret: String::from(self.chance.code()?), times: 0, sent: None }
            }
        };
        if validation.sent.as_ref().is_some_and(|(_, sent)| now < sent + SEND_AGAIN) {
            return Ok(());
        }
        self.attempts.take_mail(email, now)?;
        let session = begun.session;
        self.begun.note_validation(key, &session, validation.clone());
        let mail = self.new_accounts.send_mail(email, &validation.secret, validation.times + 1, origin).await;
        validation.sent = Some((mail.map_err(mail_refused)?, now));
        validation.times += 1;
        self.begun.note_validation(key, &session, validation);
        Ok(())
    }

    /// Feedback on a form while it is being filled in.
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
                    // The error will show when the form is sent.
                    _ => None,
                },
            },
        };
        let password = match form.password.is_empty() {
            true => None,
            false => match strength::check(&form.password, [&form.user, &form.display_name]).await {
                Ok(()) => good(wording::strong().to_owned()),
                Err(Error::Refused(refusal)) => bad(&refusal),
                Err(error) => return Err(error),
            },
        };
        Ok(AccountAdvice { user, password })
    }
}

/// The homeserver's reason for sending no message to an email address.
fn mail_refused(error: homeserver::Error) -> Error {
    let homeserver::Error::Refused(Rejection { errcode, status, .. }) = &error else { return error.into() };
    let problem = match errcode.as_str() {
        "M_THREEPID_IN_USE" => Problem::TakenEmail,
        "M_THREEPID_DENIED" => Problem::RefusedEmail,
        _ if *status == 400 => Problem::NoEmail,
        _ => return refused(error),
    };
    invalid(Field::Email, problem).into()
}

/// The homeserver's reason for refusing a new account.
fn refused(error: homeserver::Error) -> Error {
    let homeserver::Error::Refused(Rejection { errcode, status, retry_after, .. }) = &error else {
        return error.into();
    };
    let password = |rule| invalid(Field::NewPassword, Problem::AgainstRule(rule));
    match errcode.as_str() {
        "M_USER_IN_USE" | "M_EXCLUSIVE" => invalid(Field::NewUserName, Problem::TakenName),
        "M_INVALID_USERNAME" => invalid(Field::NewUserName, Problem::RefusedName),
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

    #[test]
    fn one_email_address_gets_five_messages_in_an_hour() {
        let attempts = Attempts::new(AccountLimits { per_address: None, per_code: None, lookups_per_address: None });
        let take = |to: &str, now| attempts.take_mail(to, now);
        for to in ["ben@example.org", "Ben@Example.org", "ben@example.org", "ben@example.org", "BEN@example.org"] {
            assert_eq!(take(to, 0), Ok(()));
        }
        assert_eq!(take("ben@example.org", 0), Err(Refusal::TooFast { retry_after: 720 }));
        assert_eq!(take("anna@example.org", 0), Ok(()), "another one");
        assert_eq!(take("ben@example.org", 720_000), Ok(()), "later");
    }
}
