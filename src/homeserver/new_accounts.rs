//! New accounts, through the homeserver's own registration (Client-Server API, "Account registration" and
//! "User-Interactive Authentication API").

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use app::{Document, wording};
use matrix_sdk::ruma::{
    api::client::{
        account::{get_username_availability::v3 as availability, register::v3 as register},
        profile::set_profile_field,
        uiaa::{AuthData, AuthFlow, AuthType, Dummy, LoginTermsParams, RegistrationToken, Terms, UiaaInfo},
    },
    profile::ProfileFieldValue,
};
use moka::future::Cache;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::{
    error::{Error, Rejection, Result},
    link::Link,
    sign_in::SignedIn,
    transport::Interactive,
};
use crate::account::Origin;

/// For how long the homeserver's requirements for registration are cached.
const DEMANDS_CACHE: Duration = Duration::from_secs(60);

/// How long a page waits for these requirements.
const PATIENCE: Duration = Duration::from_secs(3);

/// For how long they are not requested again after the homeserver did not answer.
const IN_VAIN: Duration = Duration::from_secs(10);

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
    /// Whether an account can be opened with a registration token, or without one, by somebody who is not asked for more than to accept terms and to
    /// solve a captcha.
    pub fn can_be_met(&self, with_token: bool) -> bool {
        flow(&self.flows, with_token).is_some()
    }
}

/// The steps of a flow in which there is nothing for a person to do but what their form has said already and, if there is no other, to solve a
/// captcha; one with a registration token before others, because it was made for these people.
fn flow(flows: &[AuthFlow], with_token: bool) -> Option<&AuthFlow> {
    let can_be_done = |stage: &AuthType| match stage {
        AuthType::Dummy | AuthType::Terms | AuthType::ReCaptcha => true,
        AuthType::RegistrationToken => with_token,
        _ => false,
    };
    let can_be_met = flows.iter().filter(|flow| flow.stages.iter().all(can_be_done));
    can_be_met.min_by_key(|flow| {
        (flow.stages.contains(&AuthType::ReCaptcha), !flow.stages.contains(&AuthType::RegistrationToken))
    })
}

/// Why no account was made, if that is for the person to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAccount {
    /// The homeserver does not accept the registration token.
    BadToken,
    /// It does not allow registration, or asks for more than these pages can provide.
    Closed,
    /// It requires that other terms are accepted than were shown.
    OtherTerms,
    /// There is something to do on a page of the homeserver's first ([`NewAccounts::fallback_address`]). An attempt in the same session goes on
    /// from there.
    OneMoreStep {
        /// What it is, as an authentication type.
        stage: String,
        /// The session.
        session: String,
    },
}

/// The details of an account to register.
#[derive(Clone, Copy)]
pub struct NewAccount<'a> {
    /// The user name: the local part of the Matrix id.
    pub name: &'a str,
    /// The password, in plain text.
    pub password: &'a str,
    /// The registration token, if there is one.
    pub token: Option<&'a str>,
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
            let answer = tokio::time::timeout(PATIENCE, ask).await;
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
    /// [`Error::Refused`] if the homeserver rejects the user name or the password.
    pub async fn register(
        &self,
        new: &NewAccount<'_>,
        session: Option<String>,
        begun: &(dyn Fn(&str) + Sync),
        shown: &[Document],
        origin: &Origin,
    ) -> Result<Registered> {
        let NewAccount { name, password, token } = *new;
        // Asks which stages are complete.
        let mut auth = session.map(AuthData::fallback_acknowledgement);
        for _ in 0..MOST_STEPS {
            let mut request = register::Request::new();
            request.username = Some(name.to_owned());
            request.password = Some(password.to_owned());
            request.initial_device_display_name = Some(wording::DEVICE.to_owned());
            request.auth = auth.take();
            let resumes = matches!(request.auth, Some(AuthData::FallbackAcknowledgement(_)));
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
            if info.auth_error.is_some() {
                return Ok(Registered::Not(NoAccount::BadToken));
            }
            if let Some(session) = &info.session {
                begun(session);
            }
            let next = flow(&flows(&info), token.is_some())
                .and_then(|flow| flow.stages.iter().find(|stage| !info.completed.contains(stage)).cloned());
            auth = match (next, token) {
                (Some(AuthType::RegistrationToken), Some(token)) => {
                    let mut data = RegistrationToken::new(token.to_owned());
                    data.session = info.session;
                    Some(AuthData::RegistrationToken(data))
                }
                (Some(AuthType::Terms), _) if terms(&info).as_deref() != Some(shown) => {
                    self.demands.invalidate(&()).await;
                    return Ok(Registered::Not(NoAccount::OtherTerms));
                }
                (Some(AuthType::Terms), _) => {
                    let mut data = Terms::new();
                    data.session = info.session;
                    Some(AuthData::Terms(data))
                }
                (Some(AuthType::Dummy), _) => {
                    let mut data = Dummy::new();
                    data.session = info.session;
                    Some(AuthData::Dummy(data))
                }
                (Some(stage @ AuthType::ReCaptcha), _) => {
                    let (stage, session) = (stage.to_string(), info.session.unwrap_or_default());
                    return Ok(Registered::Not(NoAccount::OneMoreStep { stage, session }));
                }
                _ => return Ok(Registered::Not(NoAccount::Closed)),
            };
        }
        Err(Error::Unexpected("a registration does not come to an end".into()))
    }

    /// The page of the homeserver, at `public` as browsers see it, on which a step is taken that only it can show (Client-Server API, "Fallback" of
    /// the User-Interactive Authentication API).
    pub fn fallback_address(public: &Url, stage: &str, session: &str) -> String {
        let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
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

/// The flows that are offered, without those whose terms cannot be shown.
fn flows(info: &UiaaInfo) -> Vec<AuthFlow> {
    let shows = terms(info).is_some();
    info.flows.iter().filter(|flow| shows || !flow.stages.contains(&AuthType::Terms)).cloned().collect()
}

/// The documents that are accepted by registering, each in English or else in any language there is (Client-Server API,
/// "Terms of service at registration"); `None` if some of them cannot be shown.
fn terms(info: &UiaaInfo) -> Option<Vec<Document>> {
    let params = info.params::<LoginTermsParams>(&AuthType::Terms).ok()??;
    let documents = params.policies.into_values().map(|policy| {
        let english = policy.translations.iter().find(|(language, _)| language.starts_with("en"));
        let (_, text) = english.or(policy.translations.iter().next())?;
        let address = Url::parse(&text.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        Some(Document { name: text.name.clone(), address: address.into() })
    });
    documents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(flows: &[&[&str]]) -> Vec<AuthFlow> {
        let stages = |stages: &&[&str]| AuthFlow::new(stages.iter().map(|stage| AuthType::from(*stage)).collect());
        flows.iter().map(stages).collect()
    }

    #[test]
    fn a_flow_is_followed_in_which_nothing_is_asked_that_cannot_be_given() {
        let token = &["m.login.registration_token", "m.login.terms", "m.login.dummy"][..];
        let open = &["m.login.dummy"][..];
        let email = &["m.login.email.identity"][..];
        let captcha = &["m.login.registration_token", "m.login.recaptcha"][..];
        for (offered, with_token, chosen) in [
            (&[token][..], true, Some(token)),
            (&[token], false, None),
            (&[open, token], true, Some(token)),
            (&[open, token], false, Some(open)),
            (&[email, open], true, Some(open)),
            (&[email], true, None),
            (&[captcha], true, Some(captcha)),
            (&[captcha, open], true, Some(open)),
            (&[captcha], false, None),
            (&[], true, None),
        ] {
            let offered = flows(offered);
            let found = flow(&offered, with_token).map(|flow| flow.stages.clone());
            assert_eq!(found, chosen.map(|chosen| flows(&[chosen])[0].stages.clone()), "{offered:?} {with_token}");
        }
    }

    #[test]
    fn terms_lead_to_web_pages_only() {
        let policy = |url: &str| serde_json::json!({"version": "1", "de": {"name": "AGB", "url": "https://x.example/de"}, "en": {"name": "Terms", "url": url}});
        for (url, shown) in [("https://x.example/terms", true), ("javascript:alert(1)", false)] {
            let info = serde_json::json!({
                "flows": [], "params": {"m.login.terms": {"policies": {"terms": policy(url)}}}, "session": "s"
            });
            let info: UiaaInfo = serde_json::from_value(info).expect("an answer");
            let terms = terms(&info).map(|terms| terms.into_iter().map(|terms| terms.name).collect::<Vec<_>>());
            assert_eq!(terms, shown.then(|| vec!["Terms".to_owned()]));
        }
    }
}
