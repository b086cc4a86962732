//! `tokens`: one's own invites.

use std::collections::BTreeMap;

use app::{Draft, Invite, Registration};
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Request, Resource, refuse, reply::Reply};
use crate::invites::Invites;

/// An invite as clients know it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the clients' words")]
struct Token<'a> {
    token: &'a str,
    create_dm: bool,
    accepted_count: u32,
    rooms: &'a [String],
}

impl<'a> From<&'a Invite> for Token<'a> {
    fn from(invite: &'a Invite) -> Self {
        Self { token: &invite.code, create_dm: invite.chat, accepted_count: invite.came, rooms: &invite.rooms }
    }
}

pub(super) async fn answer(invites: &Invites, method: &Method, request: Request) -> Result<Reply, Reply> {
    let refused = refuse(Resource::Tokens);
    match *method {
        Method::POST => {
            let account = request.account.clone();
            let draft = draft(&request.json().await?)?;
            let (invite, registration) = invites.save(&account, draft).await.map_err(refused)?;
            Ok(Reply::ok(&json!({
                "token": Token::from(&invite),
                "registration_token": registration_token(registration),
            })))
        }
        Method::DELETE => {
            let code = request.code()?;
            invites.delete(&request.account, &code).await.map_err(refused)?;
            Ok(Reply::ok(&json!({})))
        }
        _ => match request.query.code()?.filter(|code| !code.is_empty()) {
            Some(code) => {
                let invite = invites.one(&request.account, &code).await.map_err(refused)?;
                Ok(Reply::ok(&json!({"token": Token::from(&invite)})))
            }
            None => {
                let list = invites.list(&request.account).await.map_err(refused)?;
                let tokens: Vec<Token<'_>> = list.iter().map(Token::from).collect();
                Ok(Reply::ok(&BTreeMap::from([("tokens", tokens)])))
            }
        },
    }
}

fn registration_token(registration: Registration) -> Value {
    match registration {
        Registration::Open => json!({"valid": true}),
        Registration::Closed => json!({"valid": false}),
        Registration::NotEnabled => json!({"valid": false, "reason": "NOT_ENABLED"}),
        Registration::NotRequested => json!({"valid": false, "reason": "NOT_REQUESTED"}),
        Registration::Unavailable => json!({"valid": false, "reason": "UNAVAILABLE"}),
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
    match names {
        Some(rooms) => Ok(Draft { code, rooms, chat, registration, ..Draft::default() }),
        None => Err(Reply::bad_json("“rooms” must be a list of room ids or aliases.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value) -> Result<Draft, String> {
        let fields = body.as_object().expect("an object").clone();
        draft(&fields).map_err(|reply| format!("{} {}", reply.status().as_u16(), reply.text()))
    }

    #[test]
    fn what_todays_mobile_client_sends_is_a_draft() {
        let created = read(&json!({"create_dm": true, "rooms": ["!a:x"]}));
        let expected = Draft { rooms: vec!["!a:x".into()], chat: true, ..Draft::default() };
        assert_eq!(created, Ok(expected.clone()));
        let edited = read(&json!({"token": "abc", "create_dm": true, "rooms": ["!a:x"]}));
        assert_eq!(edited, Ok(Draft { code: Some("abc".into()), ..expected }));
        let empty = Draft::default();
        assert_eq!(read(&json!({})), Ok(empty.clone()));
        assert_eq!(read(&json!({"token": null, "create_dm": 0, "unknown": [1]})), Ok(empty));
        let unregistered = read(&json!({"create_dm": 1, "as_registration_token": null}));
        assert_eq!(unregistered.map(|draft| (draft.chat, draft.registration)), Ok((true, Some(false))));
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
        for wrong in [json!(1), json!(false), json!([]), json!({})] {
            assert_eq!(read(&json!({"token": wrong})), Err("400 “token” must be a text.".into()));
        }
    }
}
