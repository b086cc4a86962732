//! A fake homeserver: it implements the Matrix calls that the service and these tests make, in this process and in
//! memory, so that most of the tests need nothing but Rust. It answers as Synapse does with its default settings,
//! without rate limits; the same tests also run against a real one, and `same.rs` compares the answers of both.

mod admin;
mod people;
mod rooms;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State as Shared},
    response::Response,
};
use http::{Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The application service's token on every fake homeserver.
pub const AS_TOKEN: &str = "the-application-services-token";

/// The secret with which anybody can create accounts, like Synapse's `registration_shared_secret`.
pub const SECRET: &str = "the-shared-secret";

/// The response to a request: a body, or an error.
type Answer = Result<Value, Refusal>;

/// An error (Client-Server API, "Standard error response").
struct Refusal {
    status: u16,
    body: Value,
}

fn refuse<T>(status: u16, errcode: &str, error: impl Into<String>) -> Result<T, Refusal> {
    let error: String = error.into();
    Err(Refusal { status, body: json!({"errcode": errcode, "error": error}) })
}

/// The state of a fake homeserver.
#[derive(Default)]
struct State {
    users: HashMap<String, people::User>,
    tokens: HashMap<String, people::Token>,
    nonces: Vec<String>,
    rooms: BTreeMap<String, rooms::Room>,
    aliases: HashMap<String, String>,
    /// The registrations in progress, with the token that each has used.
    registrations: HashMap<String, String>,
    /// The completed registrations, with the account that each has created.
    registered: HashMap<String, String>,
    registration_tokens: BTreeMap<String, admin::RegistrationToken>,
    limits: HashMap<String, Value>,
    /// The address and the program that people used last.
    seen: HashMap<String, (String, String)>,
    media: HashMap<String, (String, Vec<u8>)>,
    made: u64,
}

/// The sender of a request.
struct Caller {
    user: String,
    token: String,
}

/// A parsed request.
struct Asked {
    method: Method,
    query: HashMap<String, String>,
    token: Option<String>,
    kind: String,
    /// The address and the program of the sender.
    from: (String, String),
    bytes: Vec<u8>,
    body: Value,
}

impl Asked {
    fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }
}

/// A running fake homeserver, which ends with the test that started it.
pub struct Fake {
    pub url: String,
}

impl Fake {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router()).await.unwrap() });
        Self { url }
    }
}

/// All routes of a fake homeserver with a state of its own.
pub fn router() -> Router {
    Router::new().fallback(answer).with_state(Arc::new(Mutex::new(State::default())))
}

async fn answer(Shared(state): Shared<Arc<Mutex<State>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let token = text(header::AUTHORIZATION).strip_prefix("Bearer ").map(str::to_owned);
    let from = (text(header::HeaderName::from_static("x-forwarded-for")), text(header::USER_AGENT));
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let asked = Asked { method: parts.method, query, token, kind: text(header::CONTENT_TYPE), from, bytes, body };
    let path: Vec<String> = parts
        .uri
        .path()
        .split('/')
        .skip(1)
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut state = state.lock().unwrap();
    if let ["_matrix", "client", "v1", "media", "thumbnail", _, id] = path[..]
        && let Some((kind, bytes)) = state.media.get(id)
    {
        return Response::builder().header(header::CONTENT_TYPE, kind).body(Body::from(bytes.clone())).unwrap();
    }
    let (status, body) = match state.dispatch(&path, &asked) {
        Ok(body) => (200, body),
        Err(Refusal { status, body }) => (status, body),
    };
    let status = StatusCode::from_u16(status).unwrap();
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    response.body(Body::from(body.to_string())).unwrap()
}

impl State {
    /// A unique name.
    fn fresh(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}{}", self.made)
    }

    fn dispatch(&mut self, path: &[&str], asked: &Asked) -> Answer {
        match path {
            ["health"] => Ok(json!("OK")),
            ["_synapse", "admin", _, rest @ ..] => self.admin(rest, asked),
            ["_matrix", "client", "v3" | "v1" | "r0", rest @ ..] => self.client(rest, asked),
            ["_matrix", "client", "unstable", "im.nheko.summary", "rooms", room, "summary"] => {
                let caller = self.caller(asked)?;
                self.summary(&caller.user, room)
            }
            ["_matrix", "client", "unstable", "org.matrix.simplified_msc3575", "sync"] => {
                let caller = self.caller(asked)?;
                Ok(self.sync(&caller.user))
            }
            ["_matrix", "media", "v3", "upload"] => {
                self.caller(asked)?;
                let id = self.fresh("media");
                self.media.insert(id.clone(), (asked.kind.clone(), asked.bytes.clone()));
                Ok(json!({"content_uri": format!("mxc://test/{id}")}))
            }
            _ => refuse(404, "M_UNRECOGNIZED", "Unrecognized request"),
        }
    }

    fn client(&mut self, path: &[&str], asked: &Asked) -> Answer {
        match (&asked.method, path) {
            (_, ["login"]) => self.login(asked),
            (_, ["register"]) => self.register(asked),
            (&Method::GET, ["register", "available"]) => {
                self.check_name(asked.query.get("username").map_or("", String::as_str))?;
                Ok(json!({"available": true}))
            }
            (&Method::GET, ["directory", "room", alias]) => match self.aliases.get(*alias) {
                Some(room) => Ok(json!({"room_id": room, "servers": ["test"]})),
                None => refuse(404, "M_NOT_FOUND", format!("Room alias {alias} not found")),
            },
            (&Method::GET, ["profile", user]) => self.profile(user),
            _ => {
                let caller = self.caller(asked)?;
                self.client_of(path, &caller, asked)
            }
        }
    }

    /// A request in somebody's name.
    fn client_of(&mut self, path: &[&str], caller: &Caller, asked: &Asked) -> Answer {
        let user = caller.user.as_str();
        match (&asked.method, path) {
            (_, ["account", "whoami"]) => {
                self.seen.insert(user.to_owned(), asked.from.clone());
                Ok(self.whoami(caller))
            }
            (_, ["logout"]) => {
                self.tokens.remove(&caller.token);
                Ok(json!({}))
            }
            (_, ["logout", "all"]) => {
                self.tokens.retain(|_, token| token.user != user);
                Ok(json!({}))
            }
            (_, ["devices"]) => Ok(self.devices(user)),
            (&Method::PUT, ["profile", of, field]) => self.set_profile(caller, of, field, asked),
            (&Method::GET, ["user", of, "account_data", kind]) => self.account_data(user, of, kind),
            (&Method::PUT, ["user", of, "account_data", kind]) => self.set_account_data(user, of, kind, &asked.body),
            (_, ["joined_rooms"]) => Ok(json!({"joined_rooms": self.joined(user)})),
            (_, ["createRoom"]) => self.create_room(user, &asked.body),
            (_, ["knock", room]) => self.knock(user, room),
            (&Method::GET, ["rooms", room, "state"]) => self.whole_state(user, room),
            (&Method::GET, ["rooms", room, "state", kind, key @ ..]) => {
                let whole = asked.query.get("format").is_some_and(|format| format == "event");
                self.state_event(user, room, kind, key.first().unwrap_or(&""), whole)
            }
            (&Method::PUT, ["rooms", room, "state", kind, key @ ..]) => {
                self.set_state(user, room, kind, key.first().unwrap_or(&""), &asked.body)
            }
            (_, ["rooms", room, "join"] | ["join", room]) => self.join(user, room),
            (_, ["rooms", room, "leave"]) => self.leave(user, room),
            (_, ["rooms", room, "invite"]) => self.invite(user, room, asked.text("user_id")),
            (_, ["rooms", room, action @ ("kick" | "ban" | "unban")]) => {
                self.moderate(user, room, action, asked.text("user_id"))
            }
            (_, ["media", "thumbnail", ..]) => refuse(404, "M_NOT_FOUND", "Not found"),
            _ => refuse(404, "M_UNRECOGNIZED", "Unrecognized request"),
        }
    }
}
