//! New accounts, through the homeserver's own registration (Client-Server API, "Account registration" and
//! "User-Interactive Authentication API").

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use app::{Document, wording};
use matrix_sdk::ruma::{
    OwnedClientSecret, UInt,
    api::client::{
        account::{
            get_username_availability::v3 as availability, register::v3 as register,
            request_registration_token_via_email::v3 as mail,
        },
        profile::set_profile_field,
        uiaa::{AuthData, AuthFlow, AuthType},
    },
    profile::ProfileFieldValue,
};
use moka::future::Cache;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::{
    error::{Error, Rejection, Result},
    link::Link,
    sign_in::SignedIn,
    stages::{Mail, NewAccount, NoAccount, answer, flow, flows, terms},
    transport::Interactive,
};
use crate::account::Origin;

/// For how long the homeserver's requirements for registration are cached.
const DEMANDS_CACHE: Duration = Duration::from_secs(60);

/// How long a page waits for these requirements.
const DEMANDS_TIMEOUT: Duration = Duration::from_secs(3);

/// For how long they are not requested again after the homeserver did not answer.
const IN_VAIN: Duration = Duration::from_secs(10);

/// What is encoded in an address (RFC 3986, section 2.3). Synapse compares paths as they are sent, so a full stop must stay one.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The most stages of one registration, so that it ends with a homeserver that asks for the same one forever.
const MOST_STEPS: usize = 8;

/// What a homeserver requires of people who register.
#[derive(Debug, Clone, Default)]
pub struct Demands {
    flows: Vec<AuthFlow>,
    /// The documents they have to accept.
    pub terms: Vec<Document>,
}

impl Demands {
    /// Whether an account can be opened with a registration token, or without one, by somebody who is not asked for more than to accept terms, to
    /// confirm an email address and to solve a captcha.
    pub fn can_be_met(&self, with_token: bool) -> bool {
        flow(&self.flows, with_token).is_some()
    }

    /// Whether they have to confirm an email address.
    pub fn asks_for_email(&self, with_token: bool) -> bool {
        flow(&self.flows, with_token).is_some_and(|flow| flow.stages.contains(&AuthType::EmailIdentity))
    }
}

/// The result of an attempt to register.
#[derive(Debug)]
pub enum Registered {
    /// The account was made.
    Done(SignedIn),
    /// No account was made.
    Not(NoAccount),
}

/// Registration of new accounts. Cheap to clone.
#[derive(Clone)]
pub struct NewAccounts {
    link: Arc<Link>,
    demands: Cache<(), Option<Demands>>,
    /// Present if the homeserver did not answer a moment ago.
    in_vain: Cache<(), ()>,
    /// The last known requirements, for when the homeserver does not answer.
    last: Arc<RwLock<Option<Demands>>>,
}

impl NewAccounts {
    pub(super) fn new(link: &Arc<Link>) -> Self {
        let demands = Cache::builder().max_capacity(1).time_to_live(DEMANDS_CACHE).build();
        let in_vain = Cache::builder().max_capacity(1).time_to_live(IN_VAIN).build();
        Self { link: Arc::clone(link), demands, in_vain, last: Arc::default() }
    }

    /// What the homeserver requires of people who register, at most [`DEMANDS_CACHE`] old unless it does not answer;
    /// `None` if it does not allow registration, or has never answered.
    pub async fn demands(&self) -> Option<Demands> {
        let ask = async {
            match self.ask(register::Request::new(), &Origin::default()).await {
                Ok(Interactive::More(info)) => {
                    Ok(Some(Demands { flows: flows(&info), terms: terms(&info).unwrap_or_default() }))
                }
                // No homeserver should accept an empty request; one that does is not used.
                Ok(Interactive::Done(_)) => Ok(None),
                Err(error) if error.is_judgement() => Ok(None),
                Err(error) => Err(error),
            }
        };
        let last = || self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        if self.in_vain.contains_key(&()) {
            return last();
        }
        // A page waits for the response, so not for long.
        let asked = self.demands.try_get_with((), async {
            let answer = tokio::time::timeout(DEMANDS_TIMEOUT, ask).await;
            answer.unwrap_or_else(|_| Err(Error::Unreachable("it is not said how people register".into())))
        });
        match asked.await {
            Ok(demands) => {
                self.last.write().unwrap_or_else(PoisonError::into_inner).clone_from(&demands);
                demands
            }
            Err(error) => {
                tracing::warn!(%error, "it is not known how people register now");
                self.in_vain.insert((), ()).await;
                last()
            }
        }
    }

    /// Checks whether a user name is available (Client-Server API, `GET /register/available`).
    ///
    /// # Errors
    /// [`Error::Refused`] with `M_USER_IN_USE`, `M_INVALID_USERNAME` or `M_EXCLUSIVE` if it is not.
    pub async fn check_name(&self, name: &str, origin: &Origin) -> Result<()> {
        let request = availability::Request::new(name.to_owned());
        self.link.transport.send_for(request, origin).await.map(drop)
    }

    /// Registers an account and signs its owner in, forwarding their address. `session` is the session of a previous
    /// attempt, if there was one: the homeserver continues it where it stopped, does not count the registration token
    /// twice, and knows the account if one was made in it. `begun` is called with the session of this attempt. The
    /// terms are accepted if they are those that were `shown`.
    ///
    /// # Errors
    /// [`Error::Refused`] if the homeserver rejects the user name, the password or the email address.
    pub async fn register(
        &self,
        new: &NewAccount<'_>,
        session: Option<String>,
        begun: &(dyn Fn(&str) + Sync),
        shown: &[Document],
        origin: &Origin,
    ) -> Result<Registered> {
        // Asks which stages are complete.
        let mut auth = session.map(AuthData::fallback_acknowledgement);
        for _ in 0..MOST_STEPS {
            let mut request = register::Request::new();
            request.username = Some(new.name.to_owned());
            request.password = Some(new.password.to_owned());
            request.initial_device_display_name = Some(wording::DEVICE.to_owned());
            request.auth = auth.take();
            let resumes = matches!(request.auth, Some(AuthData::FallbackAcknowledgement(_)));
            let confirms = matches!(request.auth, Some(AuthData::EmailIdentity(_)));
            let info = match self.ask(request, origin).await {
                Ok(Interactive::Done(done)) => return registered(done),
                Ok(Interactive::More(info)) => info,
                // The homeserver has forgotten the session of the previous attempt.
                Err(Error::Refused(refusal)) if resumes && refusal.errcode == "M_UNKNOWN" => continue,
                // "Registration has been disabled", or the endpoint does not exist because accounts are managed by
                // another program.
                Err(Error::Refused(Rejection { status: 403..=405, errcode, .. })) if errcode != "M_EXCLUSIVE" => {
                    return Ok(Registered::Not(NoAccount::Closed));
                }
                Err(error) => return Err(error),
            };
            match info.auth_error {
                Some(_) if confirms => return Ok(Registered::Not(NoAccount::Unconfirmed)),
                Some(_) => return Ok(Registered::Not(NoAccount::BadToken)),
                None => {}
            }
            if let Some(session) = &info.session {
                begun(session);
            }
            auth = match answer(info, new, shown) {
                Ok(data) => Some(data),
                Err(no_account) => {
                    if no_account == NoAccount::OtherTerms {
                        self.demands.invalidate(&()).await;
                    }
                    return Ok(Registered::Not(no_account));
                }
            };
        }
        Err(Error::Unexpected("a registration does not come to an end".into()))
    }

    /// Has the homeserver send a message to an email address, with a link that confirms it. `secret` is the message's own; the homeserver sends it
    /// again for a higher number of the `attempt` only.
    ///
    /// # Errors
    /// [`Error::Refused`] with `M_THREEPID_IN_USE` or `M_THREEPID_DENIED`, or with another code if it is no address.
    pub async fn send_mail(&self, email: &str, secret: &str, attempt: u32, origin: &Origin) -> Result<Mail> {
        let secret: OwnedClientSecret =
            secret.try_into().map_err(|_| Error::Unexpected("a secret of ours is none".into()))?;
        let request = mail::Request::new(secret.clone(), email.to_owned(), UInt::from(attempt));
        let answer = self.link.transport.send_for(request, origin).await?;
        Ok(Mail { secret, sid: answer.sid })
    }

    /// The page of the homeserver, at `public` as browsers see it, on which a step is taken that only it can show (Client-Server API, "Fallback" of
    /// the User-Interactive Authentication API).
    pub fn fallback_address(public: &Url, stage: &str, session: &str) -> String {
        let escape = |text| utf8_percent_encode(text, RESERVED);
        let public = public.as_str().trim_end_matches('/');
        format!("{public}/_matrix/client/v3/auth/{}/fallback/web?session={}", escape(stage), escape(session))
    }

    /// Says what somebody wants to be called, with their own token.
    pub async fn set_display_name(&self, account: &SignedIn, name: &str) -> Result<()> {
        let value = ProfileFieldValue::DisplayName(name.to_owned());
        let request = set_profile_field::v3::Request::new(account.user_id.clone(), value);
        self.link.transport.send(request, account.token.reveal(), None).await.map(drop)
    }

    async fn ask(&self, request: register::Request, origin: &Origin) -> Result<Interactive<register::Response>> {
        Box::pin(self.link.transport.send_interactive(request, origin)).await
    }
}

fn registered(done: register::Response) -> Result<Registered> {
    match done.access_token {
        Some(token) => Ok(Registered::Done(SignedIn { user_id: done.user_id, token: token.into() })),
        None => Err(Error::Unexpected("a new account comes without an access token".into())),
    }
}
