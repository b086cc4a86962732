//! The stages of a registration (Client-Server API, "User-Interactive Authentication API"): which flow to follow, and what to send for each.

use app::Document;
use matrix_sdk::ruma::{
    OwnedClientSecret, OwnedSessionId,
    api::client::uiaa::{AuthData, AuthFlow, AuthType, Dummy, LoginTermsParams, RegistrationToken, Terms, UiaaInfo},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

/// Why no account was made, if that is for the person to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAccount {
    /// The homeserver does not accept the registration token.
    BadToken,
    /// It does not allow registration, or asks for more than these pages can provide.
    Closed,
    /// It requires that other terms are accepted than were shown.
    OtherTerms,
    /// An email address has to be confirmed first: nothing was sent to it yet (`NewAccounts::send_mail`), or nobody has opened the link in what
    /// was sent. An attempt in the same session goes on from there.
    Unconfirmed,
    /// There is something to do on a page of the homeserver's first (`NewAccounts::fallback_address`). An attempt in the same session goes on
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
    /// The message that was sent to the email address, if one was.
    pub mail: Option<&'a Mail>,
}

/// A message with which the homeserver confirms an email address (Client-Server API, `POST /register/email/requestToken`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The secret that the homeserver knows it by.
    pub(super) secret: OwnedClientSecret,
    /// The homeserver's id for it.
    pub(super) sid: OwnedSessionId,
}

/// The steps of a flow in which there is nothing for a person to do but what their form has said already and, if there is no other, to confirm an
/// email address or to solve a captcha; one with a registration token before others, because it was made for these people.
pub(super) fn flow(flows: &[AuthFlow], with_token: bool) -> Option<&AuthFlow> {
    let can_be_done = |stage: &AuthType| match stage {
        AuthType::Dummy | AuthType::Terms | AuthType::EmailIdentity | AuthType::ReCaptcha => true,
        AuthType::RegistrationToken => with_token,
        _ => false,
    };
    let can_be_met = flows.iter().filter(|flow| flow.stages.iter().all(can_be_done));
    can_be_met.min_by_key(|flow| {
        let has = |stage| flow.stages.contains(&stage);
        (has(AuthType::EmailIdentity), has(AuthType::ReCaptcha), !has(AuthType::RegistrationToken))
    })
}

/// What to send for the next stage that is not complete, or why there is nothing to send. The terms are accepted if they are those that were
/// `shown`.
pub(super) fn answer(info: UiaaInfo, new: &NewAccount<'_>, shown: &[Document]) -> Result<AuthData, NoAccount> {
    let next = flow(&flows(&info), new.token.is_some())
        .and_then(|flow| flow.stages.iter().find(|stage| !info.completed.contains(stage)).cloned());
    match (next.ok_or(NoAccount::Closed)?, new.token) {
        (AuthType::RegistrationToken, Some(token)) => {
            let mut data = RegistrationToken::new(token.to_owned());
            data.session = info.session;
            Ok(AuthData::RegistrationToken(data))
        }
        (AuthType::Terms, _) if terms(&info).as_deref() != Some(shown) => Err(NoAccount::OtherTerms),
        (AuthType::Terms, _) => {
            let mut data = Terms::new();
            data.session = info.session;
            Ok(AuthData::Terms(data))
        }
        (AuthType::Dummy, _) => {
            let mut data = Dummy::new();
            data.session = info.session;
            Ok(AuthData::Dummy(data))
        }
        (AuthType::EmailIdentity, _) => {
            let Mail { sid, secret } = new.mail.ok_or(NoAccount::Unconfirmed)?;
            let sent = json!({"threepid_creds": {"sid": sid, "client_secret": secret}});
            let data = sent.as_object().cloned().unwrap_or_default();
            // It fails only for data of another form.
            AuthData::new("m.login.email.identity", info.session, data).map_err(|_| NoAccount::Closed)
        }
        (stage @ AuthType::ReCaptcha, _) => {
            let (stage, session) = (stage.to_string(), info.session.unwrap_or_default());
            Err(NoAccount::OneMoreStep { stage, session })
        }
        _ => Err(NoAccount::Closed),
    }
}

/// The flows that are offered, without those whose terms cannot be shown.
pub(super) fn flows(info: &UiaaInfo) -> Vec<AuthFlow> {
    let shows = terms(info).is_some();
    info.flows.iter().filter(|flow| shows || !flow.stages.contains(&AuthType::Terms)).cloned().collect()
}

/// The documents that are accepted by registering, each in English or else in any language there is (Client-Server API,
/// "Terms of service at registration"); `None` if some of them cannot be shown.
pub(super) fn terms(info: &UiaaInfo) -> Option<Vec<Document>> {
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
            (&[email], true, Some(email)),
            (&[email, captcha], true, Some(captcha)),
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
