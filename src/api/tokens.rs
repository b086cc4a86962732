//! `tokens`: the caller's own invites.

use app::{Draft, Edit, Invite, InviteState, Registration, Wanted, WantedLimits};
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{ToSchema, openapi::Object};

use super::{
    people::states,
    reply::{self, Reply},
    resource::{Answer, CODE, Operation, Parameter, Request, Resource},
    shape::{Shape, words},
};
use crate::invites::{Invites, Saved};

pub(super) const RESOURCE: Resource = Resource {
    path: "tokens",
    operations: &[
        Operation {
            method: Method::GET,
            id: "tokens",
            summary: "Lists the caller's own invites, or shows the one whose code is given.",
            query: &[Parameter { required: false, ..CODE }],
            body: None,
            answer: Answer::Json(Shape::either::<All<'static>, One<'static>>()),
            errors: &[(400, &["M_INVALID_PARAM"]), (403, &[""]), (404, &["NOT_FOUND"]), (429, &["M_LIMIT_EXCEEDED"])],
        },
        Operation {
            method: Method::POST,
            id: "save_token",
            summary: "Makes an invite, or changes the caller's own one whose code is given.",
            query: &[],
            body: Some(Shape::of::<Asked>()),
            answer: Answer::Json(Shape::of::<Made<'static>>()),
            errors: &[
                (400, &["M_NOT_JSON", "M_BAD_JSON", "M_INVALID_PARAM"]),
                (403, &["", "M_FORBIDDEN", "M_USER_SUSPENDED"]),
                (404, &["NOT_FOUND"]),
                (409, &["M_INVALID_PARAM"]),
                (429, &["M_LIMIT_EXCEEDED"]),
            ],
        },
        Operation {
            method: Method::DELETE,
            id: "delete_token",
            summary: "Deletes one of the caller's own invites. Whoever has joined stays; the code can never be used again.",
            query: &[CODE],
            body: None,
            answer: Answer::Json(Shape::nothing()),
            errors: &[
                (400, &["M_MISSING_PARAM", "M_INVALID_PARAM"]),
                (403, &[""]),
                (404, &["NOT_FOUND"]),
                (429, &["M_LIMIT_EXCEEDED"]),
            ],
        },
    ],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

/// An invite. Fields that are not set are left out: none is null.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the clients' words")]
struct Token<'a> {
    /// Its code.
    token: &'a str,
    /// Whether those who redeem it get a direct chat with its owner.
    create_dm: bool,
    /// How many people have joined with it.
    accepted_count: u32,
    /// The ids of the rooms that it leads to.
    rooms: &'a [String],
    #[schema(schema_with = states)]
    state: &'static str,
    /// When it was made, in milliseconds since the epoch.
    created_at: i64,
    /// Whether its owner has paused it.
    paused: bool,
    // No field is null, because older clients could not read that.
    /// A name that only its owner sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<&'a str>,
    /// A text for those who are invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    welcome: Option<&'a str>,
    /// The title under which everybody sees it who has the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    public_title: Option<&'a str>,
    /// When it begins, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_before: Option<i64>,
    /// When it ends, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<i64>,
    /// How many people it lets in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_uses: Option<u32>,
    /// How many more people it lets in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    uses_left: Option<u32>,
}

/// The caller's own invites.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
struct All<'a> {
    tokens: Vec<Token<'a>>,
}

/// One of the caller's own invites.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OneToken)]
struct One<'a> {
    token: Token<'a>,
}

/// An invite that was made or changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedToken)]
struct Made<'a> {
    token: Token<'a>,
    registration_token: RegistrationToken,
}

/// Whether the code also opens an account on the homeserver.
#[derive(Debug, Serialize, ToSchema)]
struct RegistrationToken {
    /// Whether it does now.
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = reasons)]
    reason: Option<&'static str>,
}

/// The body of a request to make or change an invite.
///
/// If `token` names an invite of the caller's, that one is changed: `rooms` and `create_dm` always have to be sent then,
/// as they would be emptied otherwise; other fields keep their value if they are missing, and are unset by null. Unknown fields are ignored.
#[derive(ToSchema)]
#[schema(as = TokenRequest)]
#[expect(
    dead_code,
    reason = "only its shape is used: `draft` reads one field after the other, and names what is wrong"
)]
struct Asked {
    /// The code. A new one has 1 to 64 characters, of `A-Z a-z 0-9 . _ ~ -`; if it is missing or null, one is generated.
    #[schema(min_length = 1)]
    token: Option<String>,
    /// Whether those who redeem it get a direct chat with the caller. 0 and 1 are taken for false and true.
    #[schema(required = false)]
    create_dm: bool,
    /// Ids or aliases of rooms to which the caller may invite people, at most 200 unless the server is configured otherwise.
    #[schema(required = false)]
    rooms: Vec<String>,
    /// Whether the code also opens an account, where the server has this switched on; true for a new invite unless it is sent.
    as_registration_token: Option<bool>,
    /// Whether it is paused.
    #[schema(required = false)]
    paused: bool,
    /// A name that only its owner sees.
    #[schema(max_length = 80)]
    label: Option<String>,
    /// A text for those who are invited.
    #[schema(max_length = 1000)]
    welcome: Option<String>,
    /// The title under which everybody sees it who has the code, in one line.
    #[schema(max_length = 60)]
    public_title: Option<String>,
    /// When it begins, in milliseconds since the epoch.
    #[schema(minimum = 0)]
    not_before: Option<i64>,
    /// When it ends, in milliseconds since the epoch.
    #[schema(minimum = 0)]
    expires_at: Option<i64>,
    /// How many people it lets in.
    #[schema(minimum = 1)]
    max_uses: Option<u32>,
}

fn reasons() -> Object {
    let reasons = ["NOT_ENABLED", "NOT_REQUESTED", "UNAVAILABLE", "NOT_ALLOWED"];
    words(
        reasons,
        "Why it does not: it is not switched on here, not asked for, the homeserver does not answer, or a rule forbids it.",
    )
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
            public_title: terms.public_title.as_deref(),
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
            Ok(Reply::ok(&Made { token: Token::new(&invite, state), registration_token: registration.into() }))
        }
        Method::DELETE => {
            let code = request.code()?;
            invites.owner.delete(&request.account, &code).await?;
            Ok(Reply::done())
        }
        _ => match request.query.code()?.filter(|code| !code.is_empty()) {
            Some(code) => {
                let (invite, state) = invites.owner.one(&request.account, &code).await?;
                Ok(Reply::ok(&One { token: Token::new(&invite, state) }))
            }
            None => {
                let list = invites.owner.list(&request.account).await?;
                Ok(Reply::written(list.written(|list| {
                    let token = |invite| Token::new(invite, list.state(invite));
                    reply::written(&All { tokens: list.invites.iter().map(token).collect() })
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
        public_title: edit(fields, "public_title", "must be a text, or null", text)?,
        picture: Edit::Keep,
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
        for name in ["not_before", "expires_at", "max_uses", "label", "welcome", "public_title", "paused"] {
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
