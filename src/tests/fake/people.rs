//! Accounts: signing in, registering, authentication, account data.

use std::collections::HashMap;

use http::Method;
use serde_json::{Value, json};

use super::{AS_TOKEN, Answer, Asked, Caller, Refusal, State, refuse};
use crate::support::now;

#[derive(Default)]
pub(super) struct User {
    pub(super) password: String,
    pub(super) admin: bool,
    pub(super) guest: bool,
    pub(super) locked: bool,
    pub(super) suspended: bool,
    pub(super) deactivated: bool,
    pub(super) shadow_banned: bool,
    pub(super) made_at: i64,
    /// How many wrong passwords were tried.
    pub(super) guesses: u32,
    pub(super) profile: HashMap<String, Value>,
    pub(super) account_data: HashMap<String, Value>,
}

/// How many wrong passwords are accepted before somebody has to wait (Synapse, `rc_login.failed_attempts`).
const GUESSES: u32 = 3;

pub(super) struct Token {
    pub(super) user: String,
    /// The id and the name of the device; an admin's log-in for somebody has none.
    device: Option<(String, Option<String>)>,
}

fn unknown_token(soft: bool) -> Refusal {
    let error = if soft { "Access token has expired" } else { "Invalid access token passed." };
    Refusal { status: 401, body: json!({"errcode": "M_UNKNOWN_TOKEN", "error": error, "soft_logout": soft}) }
}

fn locked() -> Refusal {
    let body = json!({"errcode": "M_USER_LOCKED", "error": "User account has been locked", "soft_logout": true});
    Refusal { status: 401, body }
}

/// The remaining stages of a registration (Client-Server API, "User-Interactive Authentication API").
fn flows(session: &str, completed: &[&str]) -> Value {
    let stages = ["m.login.registration_token", "m.login.dummy"];
    json!({"session": session, "flows": [{"stages": stages}], "params": {}, "completed": completed})
}

impl State {
    /// The sender of a request (Client-Server API, "Using access tokens"; Application Service API, "Identity
    /// assertion").
    pub(super) fn caller(&self, asked: &Asked) -> Result<Caller, Refusal> {
        let Some(token) = asked.token.clone() else {
            return refuse(401, "M_MISSING_TOKEN", "Missing access token");
        };
        if token == AS_TOKEN {
            let user = asked.query.get("user_id").map_or("@super-invites:test", String::as_str);
            return match user == "@super-invites:test" || self.users.contains_key(user) {
                true => Ok(Caller { user: user.to_owned(), token }),
                false => {
                    refuse(403, "M_FORBIDDEN", format!("Application service has not registered this user ({user})"))
                }
            };
        }
        let Some(found) = self.tokens.get(&token) else { return Err(unknown_token(false)) };
        if self.users.get(&found.user).is_some_and(|user| user.locked) {
            return Err(locked());
        }
        Ok(Caller { user: found.user.clone(), token })
    }

    pub(super) fn whoami(&self, caller: &Caller) -> Value {
        let guest = self.users.get(&caller.user).is_some_and(|user| user.guest);
        let mut answer = json!({"user_id": caller.user, "is_guest": guest});
        if let Some((device, _)) = self.tokens.get(&caller.token).and_then(|token| token.device.as_ref()) {
            answer["device_id"] = device.as_str().into();
        }
        answer
    }

    pub(super) fn display_name(&self, user: &str) -> Value {
        self.users.get(user).and_then(|user| user.profile.get("displayname")).cloned().unwrap_or_default()
    }

    /// A session on a device, or without one if an admin has begun it; if the device is named, its previous session
    /// ends.
    pub(super) fn begin(&mut self, user: &str, device: Option<(String, Option<String>)>) -> Value {
        if let Some((id, _)) = &device {
            let same =
                |token: &Token| token.user == user && token.device.as_ref().is_some_and(|(known, _)| known == id);
            self.tokens.retain(|_, token| !same(token));
        }
        let token = self.fresh("fake_access_token_");
        let mut answer = json!({"user_id": user, "access_token": token, "home_server": "test"});
        if let Some((id, _)) = &device {
            answer["device_id"] = id.as_str().into();
        }
        self.tokens.insert(token, Token { user: user.to_owned(), device });
        answer
    }

    pub(super) fn devices(&self, user: &str) -> Value {
        let devices = self.tokens.values().filter(|token| token.user == user).filter_map(|token| token.device.as_ref());
        let devices: Vec<Value> =
            devices.map(|(id, name)| json!({"device_id": id, "display_name": name, "user_id": user})).collect();
        json!({"devices": devices})
    }

    pub(super) fn make(&mut self, name: &str, user: User) -> Result<String, Refusal> {
        let id = format!("@{name}:test");
        if self.users.contains_key(&id) {
            return refuse(400, "M_USER_IN_USE", "User ID already taken.");
        }
        let mut profile = HashMap::new();
        profile.insert("displayname".to_owned(), name.into());
        self.users.insert(id.clone(), User { profile, made_at: now(), ..user });
        Ok(id)
    }

    pub(super) fn login(&mut self, asked: &Asked) -> Answer {
        if asked.method == Method::GET {
            return Ok(json!({"flows": [{"type": "m.login.password"}, {"type": "m.login.application_service"}]}));
        }
        let name = asked.body["identifier"]["user"].as_str().unwrap_or_default();
        let user = if name.starts_with('@') { name.to_owned() } else { format!("@{name}:test") };
        match asked.text("type") {
            "m.login.application_service" if asked.token.as_deref() != Some(AS_TOKEN) => {
                return refuse(401, "M_MISSING_TOKEN", "Missing access token");
            }
            "m.login.application_service" => {}
            "m.login.password" => {
                let Some(known) = self.users.get_mut(&user) else {
                    return refuse(403, "M_FORBIDDEN", "Invalid username or password");
                };
                if known.guesses >= GUESSES {
                    let body =
                        json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 5000});
                    return Err(Refusal { status: 429, body });
                }
                if known.password.is_empty() || known.password != asked.text("password") {
                    known.guesses += 1;
                    return refuse(403, "M_FORBIDDEN", "Invalid username or password");
                }
            }
            "m.login.token" => return refuse(403, "M_FORBIDDEN", "Invalid login token"),
            _ => return refuse(400, "M_UNKNOWN", "Unknown login type"),
        }
        match self.users.get(&user) {
            None => refuse(403, "M_FORBIDDEN", "Invalid username or password"),
            Some(known) if known.deactivated => refuse(403, "M_USER_DEACTIVATED", "This account has been deactivated"),
            Some(known) if known.locked => Err(locked()),
            Some(_) => {
                let device = match asked.text("device_id") {
                    "" => self.fresh("DEVICE"),
                    id => id.to_owned(),
                };
                let name = asked.body["initial_device_display_name"].as_str().map(str::to_owned);
                Ok(self.begin(&user, Some((device, name))))
            }
        }
    }

    pub(super) fn register(&mut self, asked: &Asked) -> Answer {
        if asked.query.get("kind").is_some_and(|kind| kind == "guest") {
            let name = self.fresh("guest");
            let user = self.make(&name, User { guest: true, ..User::default() })?;
            return Ok(self.begin(&user, Some(("guest_device".to_owned(), None))));
        }
        let name = asked.text("username").to_owned();
        if asked.text("type") == "m.login.application_service" {
            if asked.token.as_deref() != Some(AS_TOKEN) {
                return refuse(401, "M_MISSING_TOKEN", "Missing access token");
            }
            let user = self.make(&name, User::default())?;
            return Ok(json!({"user_id": user, "home_server": "test"}));
        }
        let auth = |field: &str| asked.body["auth"][field].as_str().unwrap_or_default().to_owned();
        let session = auth("session");
        if let Some(user) = self.registered.get(&session).cloned() {
            let device = self.fresh("DEVICE");
            return Ok(self.begin(&user, Some((device, None))));
        }
        if !name.is_empty() {
            self.check_name(&name)?;
        }
        match auth("type").as_str() {
            "" if self.registrations.contains_key(&session) => {
                Err(Refusal { status: 401, body: flows(&session, &["m.login.registration_token"]) })
            }
            "" if !session.is_empty() => refuse(400, "M_UNKNOWN", format!("Unknown session ID: {session}")),
            "m.login.registration_token" => {
                let code = auth("token");
                let valid = self.registration_tokens.get_mut(&code).filter(|token| token.is_valid());
                let Some(valid) = valid else {
                    let mut body = flows(&session, &[]);
                    body["errcode"] = "M_UNAUTHORIZED".into();
                    body["error"] = "Invalid registration token".into();
                    return Err(Refusal { status: 401, body });
                };
                valid.pending += 1;
                self.registrations.insert(session.clone(), code);
                Err(Refusal { status: 401, body: flows(&session, &["m.login.registration_token"]) })
            }
            "m.login.dummy" if self.registrations.contains_key(&session) => {
                let code = self.registrations.remove(&session).unwrap_or_default();
                if let Some(token) = self.registration_tokens.get_mut(&code) {
                    token.pending -= 1;
                    token.completed += 1;
                }
                let user = self.make(&name, User { password: asked.text("password").to_owned(), ..User::default() })?;
                self.registered.insert(session, user.clone());
                let device = self.fresh("DEVICE");
                Ok(self.begin(&user, Some((device, None))))
            }
            _ => {
                let session = self.fresh("session");
                Err(Refusal { status: 401, body: flows(&session, &[]) })
            }
        }
    }

    /// Returns an error if the user name is not available.
    pub(super) fn check_name(&self, name: &str) -> Result<(), Refusal> {
        if name.is_empty() || name.starts_with('_') || name.chars().all(|c| c.is_ascii_digit()) {
            return refuse(400, "M_INVALID_USERNAME", "User ID may not begin with _");
        }
        match self.users.contains_key(&format!("@{name}:test")) {
            true => refuse(400, "M_USER_IN_USE", "User ID already taken."),
            false => Ok(()),
        }
    }

    pub(super) fn profile(&self, user: &str) -> Answer {
        match self.users.get(user) {
            Some(user) => Ok(user.profile.clone().into_iter().collect()),
            None => refuse(404, "M_UNKNOWN", "No row found"),
        }
    }

    pub(super) fn set_profile(&mut self, caller: &Caller, of: &str, field: &str, asked: &Asked) -> Answer {
        let is_self = caller.user == of;
        match self.users.get_mut(of).filter(|_| is_self) {
            Some(user) => {
                user.profile.insert(field.to_owned(), asked.body[field].clone());
                Ok(json!({}))
            }
            None => refuse(403, "M_FORBIDDEN", "Cannot set another user's profile"),
        }
    }

    pub(super) fn account_data(&self, user: &str, of: &str, kind: &str) -> Answer {
        if user != of {
            return refuse(403, "M_FORBIDDEN", "Cannot get account data for other users.");
        }
        match self.users.get(user).and_then(|user| user.account_data.get(kind)) {
            Some(data) => Ok(data.clone()),
            None => refuse(404, "M_NOT_FOUND", "Account data not found"),
        }
    }

    pub(super) fn set_account_data(&mut self, user: &str, of: &str, kind: &str, data: &Value) -> Answer {
        match self.users.get_mut(user).filter(|_| user == of) {
            Some(user) => {
                user.account_data.insert(kind.to_owned(), data.clone());
                Ok(json!({}))
            }
            None => refuse(403, "M_FORBIDDEN", "Cannot add account data for other users."),
        }
    }

    /// The rooms that somebody's clients show as direct chats.
    pub(super) fn direct(&self, user: &str) -> Vec<&str> {
        let data = self.users.get(user).and_then(|user| user.account_data.get("m.direct"));
        let rooms = data.and_then(Value::as_object).into_iter().flat_map(|all| all.values());
        rooms.filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect()
    }
}
