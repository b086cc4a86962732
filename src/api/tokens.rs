//! `tokens`: the caller's own invites.

use std::collections::BTreeMap;

use app::{Draft, Edit, Invite, InviteState, Registration, Wanted, WantedLimits};
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    reply::{self, Reply},
    resource::{Request, Resource},
};
use crate::invites::{Invites, Saved};

pub(super) const RESOURCE: Resource = Resource {
    path: "tokens",
    methods: &[Method::GET, Method::POST, Method::DELETE],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

/// An invite in the format that clients know.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the clients' words")]
struct Token<'a> {
    token: &'a str,
    create_dm: bool,
    accepted_count: u32,
    rooms: &'a [String],
    state: &'static str,
    created_at: i64,
    paused: bool,
    // No field is null, because older clients could not read that.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    welcome: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses_left: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    token: Token<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_token: Option<RegistrationToken>,
}

#[derive(Debug, Serialize)]
struct RegistrationToken {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl<'a> Token<'a> {
    fn new(invite: &'a Invite, state: InviteState) -> Self {
        let terms = &invite.terms;
        let limits = terms.limits;
        Self {
            token: &invite.code,
            create_dm: terms.chat,
            accepted_count: invite.came,
            rooms: &terms.rooms,
            state: state.key(),
            created_at: invite.created_at,
            paused: invite.paused,
            label: terms.label.as_deref(),
            welcome: terms.welcome.as_deref(),
            not_before: limits.not_before,
            expires_at: limits.expires_at,
            max_uses: limits.max_uses,
            uses_left: limits.max_uses.map(|most| most.saturating_sub(invite.uses)),
        }
    }
}

async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    match request.method {
        Method::POST => {
            let account = request.account.clone();
            let draft = draft(&request.json().await?)?;
            let Saved { invite, state, registration } = invites.owner.save(&account, draft).await?;
            let (token, registration_token) = (Token::new(&invite, state), registration.into());
            Ok(Reply::ok(&Answer { token, registration_token: Some(registration_token) }))
        }
        Method::DELETE => {
            let code = request.code()?;
            invites.owner.delete(&request.account, &code).await?;
            Ok(Reply::done())
        }
        _ => match request.query.code()?.filter(|code| !code.is_empty()) {
            Some(code) => {
                let (invite, state) = invites.owner.one(&request.account, &code).await?;
                Ok(Reply::ok(&Answer { token: Token::new(&invite, state), registration_token: None }))
            }
            None => {
                let list = invites.owner.list(&request.account).await?;
                Ok(Reply::written(list.written(|list| {
                    let token = |invite| Token::new(invite, list.state(invite));
                    let tokens: Vec<Token<'_>> = list.invites.iter().map(token).collect();
                    reply::written(&BTreeMap::from([("tokens", tokens)]))
                })))
            }
        },
    }
}

impl From<Registration> for RegistrationToken {
    fn from(registration: Registration) -> Self {
        let (valid, reason) = match registration {
            Registration::Open => (true, None),
            // The response to saving an invite never says that it has to be saved.
            Registration::Closed | Registration::SaveFirst => (false, None),
            Registration::NotEnabled => (false, Some("NOT_ENABLED")),
            Registration::NotRequested => (false, Some("NOT_REQUESTED")),
            Registration::Unavailable => (false, Some("UNAVAILABLE")),
            Registration::NotAllowed => (false, Some("NOT_ALLOWED")),
        };
        Self { valid, reason }
    }
}

fn draft(fields: &Map<String, Value>) -> Result<Draft, Reply> {
    let code = match fields.get("token") {
        None | Some(Value::Null) => None,
        Some(Value::String(code)) => Some(code.clone()),
        Some(_) => return Err(Reply::invalid_param("“token” must be a text.")),
    };
    let chat = match fields.get("create_dm") {
        None => false,
        Some(Value::Bool(chat)) => *chat,
        Some(Value::Number(number)) if matches!(number.as_u64(), Some(0 | 1)) => number.as_u64() == Some(1),
        Some(_) => return Err(Reply::bad_json("“create_dm” must be true or false.")),
    };
    let registration = match fields.get("as_registration_token") {
        None => None,
        Some(Value::Null) => Some(false),
        Some(Value::Bool(wanted)) => Some(*wanted),
        Some(_) => return Err(Reply::bad_json("“as_registration_token” must be true or false.")),
    };
    let names = match fields.get("rooms") {
        None => Some(Vec::new()),
        Some(Value::Array(rooms)) => rooms.iter().map(|room| room.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    let Some(rooms) = names else {
        return Err(Reply::bad_json("“rooms” must be a list of room ids or aliases."));
    };
    let paused = match fields.get("paused") {
        None => None,
        Some(Value::Bool(paused)) => Some(*paused),
        Some(_) => return Err(Reply::bad_json("“paused” must be true or false.")),
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let time = "must be a time in milliseconds since the epoch, or null";
    let limits = WantedLimits {
        not_before: edit(fields, "not_before", time, positive)?,
        expires_at: edit(fields, "expires_at", time, positive)?,
        max_uses: edit(fields, "max_uses", "must be a number from 1 to 4294967295, or null", |value| {
            u32::try_from(value.as_u64()?).ok().filter(|most| *most > 0)
        })?,
    };
    let terms = Wanted {
        rooms,
        chat,
        registration,
        label: edit(fields, "label", "must be a text, or null", text)?,
        welcome: edit(fields, "welcome", "must be a text, or null", text)?,
        show_rooms: None,
        limits,
    };
    Ok(Draft { code, new: false, paused, terms })
}

fn positive(value: &Value) -> Option<i64> {
    value.as_i64().filter(|time| *time >= 0)
}

/// A change to a value that may be unset: a missing field keeps it, `null` unsets it.
fn edit<T>(
    fields: &Map<String, Value>,
    name: &str,
    allowed: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Edit<T>, Reply> {
    match fields.get(name) {
        None => Ok(Edit::Keep),
        Some(Value::Null) => Ok(Edit::Set(None)),
        Some(value) => match read(value) {
            Some(value) => Ok(Edit::Set(Some(value))),
            None => Err(Reply::bad_json(format!("“{name}” {allowed}."))),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Draft, String> {
        let fields = body.as_object().expect("an object").clone();
        draft(&fields).map_err(|reply| format!("{} {}", reply.status().as_u16(), reply.text()))
    }

    #[test]
    fn what_todays_mobile_client_sends_is_a_draft() {
        let created = read(&json!({"create_dm": true, "rooms": ["!a:x"]}));
        let terms = Wanted { rooms: vec!["!a:x".into()], chat: true, ..Wanted::default() };
        let expected = Draft { terms, ..Draft::default() };
        assert_eq!(created, Ok(expected.clone()));
        let edited = read(&json!({"token": "abc", "create_dm": true, "rooms": ["!a:x"]}));
        assert_eq!(edited, Ok(Draft { code: Some("abc".into()), ..expected }));
        let empty = Draft::default();
        assert_eq!(read(&json!({})), Ok(empty.clone()));
        assert_eq!(read(&json!({"token": null, "create_dm": 0, "unknown": [1]})), Ok(empty));
        let unregistered = read(&json!({"create_dm": 1, "as_registration_token": null}));
        assert_eq!(unregistered.map(|draft| (draft.terms.chat, draft.terms.registration)), Ok((true, Some(false))));
    }

    #[test]
    fn a_field_that_is_missing_is_another_thing_than_one_that_is_null() {
        let all = json!({"label": "Party", "welcome": null, "expires_at": 5, "max_uses": null, "paused": true});
        let Draft { terms: Wanted { label, welcome, limits, .. }, paused, .. } = read(&all).expect("it is right");
        assert_eq!((label, welcome), (Edit::Set(Some("Party".to_owned())), Edit::Set(None)));
        let WantedLimits { not_before, expires_at, max_uses } = limits;
        assert_eq!((not_before, expires_at, max_uses), (Edit::Keep, Edit::Set(Some(5)), Edit::Set(None)));
        assert_eq!(paused, Some(true));
    }

    #[test]
    fn a_wrong_type_is_refused_with_the_name_of_the_field() {
        for wrong in [json!(null), json!(1), json!(true), json!("!a:x"), json!({}), json!([1]), json!(["!a:x", null])] {
            assert_eq!(
                read(&json!({"rooms": wrong})),
                Err("400 “rooms” must be a list of room ids or aliases.".into())
            );
        }
        for wrong in [json!(null), json!("true"), json!(2), json!(-1), json!(0.5), json!([]), json!({})] {
            assert_eq!(read(&json!({"create_dm": wrong})), Err("400 “create_dm” must be true or false.".into()));
        }
        for wrong in [json!(1), json!("true"), json!([]), json!({})] {
            let problem = "400 “as_registration_token” must be true or false.";
            assert_eq!(read(&json!({"as_registration_token": wrong})), Err(problem.into()));
        }
        for name in ["not_before", "expires_at", "max_uses", "label", "welcome", "paused"] {
            for wrong in [json!(-1), json!(1.5), json!([]), json!({})] {
                let refused = read(&json!({name: wrong})).expect_err("it is no such thing");
                assert!(refused.starts_with(&format!("400 “{name}” must be")), "{refused}");
            }
        }
        assert!(read(&json!({"max_uses": 0})).is_err());
        for wrong in [json!(1), json!(false), json!([]), json!({})] {
            assert_eq!(read(&json!({"token": wrong})), Err("400 “token” must be a text.".into()));
        }
    }
}
