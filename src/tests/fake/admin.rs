//! Synapse's admin API, as far as it is used.

use hmac::{Hmac, Mac};
use http::Method;
use serde_json::{Value, json};
use sha1::Sha1;

use super::{Answer, Asked, Refusal, SECRET, State, people::User, refuse};
use crate::support::now;

pub(super) struct RegistrationToken {
    uses_allowed: Option<u64>,
    pub(super) pending: u64,
    pub(super) completed: u64,
    expiry_time: Option<i64>,
}

impl RegistrationToken {
    pub(super) fn is_valid(&self) -> bool {
        let used_up = self.uses_allowed.is_some_and(|allowed| allowed > 0 && self.pending + self.completed >= allowed);
        !used_up && self.expiry_time.is_none_or(|end| now() < end)
    }

    fn shown(&self, token: &str) -> Value {
        let Self { uses_allowed, pending, completed, expiry_time } = self;
        json!({"token": token, "uses_allowed": uses_allowed, "pending": pending, "completed": completed, "expiry_time": expiry_time})
    }

    fn bound(&mut self, body: &Value) -> Result<(), Refusal> {
        if let Some(end) = body["expiry_time"].as_i64()
            && end < now()
        {
            return refuse(400, "M_INVALID_PARAM", "expiry_time must not be in the past");
        }
        if body.get("uses_allowed").is_some() {
            self.uses_allowed = body["uses_allowed"].as_u64();
        }
        if body.get("expiry_time").is_some() {
            self.expiry_time = body["expiry_time"].as_i64();
        }
        Ok(())
    }
}

impl State {
    pub(super) fn admin(&mut self, path: &[&str], asked: &Asked) -> Answer {
        if let ["register"] = path {
            return self.register_by_secret(asked);
        }
        let caller = self.caller(asked)?;
        if !self.users.get(&caller.user).is_some_and(|user| user.admin) {
            return refuse(403, "M_FORBIDDEN", "You are not a server admin");
        }
        match path {
            ["users", user] => self.one_user(user, asked),
            ["users", user, "login"] => match self.users.contains_key(*user) {
                _ if *user == caller.user => refuse(400, "M_UNKNOWN", "Cannot use admin API to login as self"),
                true => Ok(json!({"access_token": self.begin(user, None)["access_token"]})),
                false => refuse(404, "M_NOT_FOUND", "User not found"),
            },
            ["users", user, "joined_rooms"] => {
                let joined = self.joined(user);
                Ok(json!({"total": joined.len(), "joined_rooms": joined}))
            }
            ["users", user, "override_ratelimit"] => {
                if asked.method == Method::POST {
                    self.limits.insert((*user).to_owned(), asked.body.clone());
                }
                Ok(self.limits.get(*user).cloned().unwrap_or_else(|| json!({})))
            }
            ["users", user, action @ ("admin" | "shadow_ban")] => self.change(user, |user| match *action {
                "admin" => user.admin = asked.body["admin"] == true,
                _ => user.shadow_banned = asked.method == Method::POST,
            }),
            ["suspend", user] => self.change(user, |user| user.suspended = asked.body["suspend"] == true),
            ["deactivate", user] => {
                self.tokens.retain(|_, token| token.user != *user);
                self.change(user, |user| {
                    user.deactivated = true;
                    user.password.clear();
                })
            }
            ["whois", user] => {
                let connection = self.seen.get(*user).map(|(ip, agent)| json!({"ip": ip, "user_agent": agent}));
                let sessions = json!([{"connections": connection.into_iter().collect::<Vec<_>>()}]);
                Ok(json!({"user_id": user, "devices": {"": {"sessions": sessions}}}))
            }
            ["rooms", room] => self.details(room),
            ["registration_tokens", "new"] => self.new_registration_token(asked),
            ["registration_tokens", token] => self.registration_token(token, asked),
            _ => refuse(404, "M_UNRECOGNIZED", "Unrecognized request"),
        }
    }

    fn change(&mut self, user: &str, change: impl FnOnce(&mut User)) -> Answer {
        let Some(user) = self.users.get_mut(user) else { return refuse(404, "M_NOT_FOUND", "User not found") };
        change(user);
        Ok(json!({}))
    }

    fn one_user(&mut self, id: &str, asked: &Asked) -> Answer {
        if asked.method == Method::PUT {
            let locked = asked.body["locked"].as_bool();
            return self.change(id, |user| user.locked = locked.unwrap_or(user.locked));
        }
        match self.users.get(id) {
            Some(user) => Ok(json!({
                "name": id,
                "displayname": self.display_name(id),
                "is_guest": user.guest,
                "admin": user.admin,
                "deactivated": user.deactivated,
                "locked": user.locked,
                "suspended": user.suspended,
                "shadow_banned": user.shadow_banned,
                "creation_ts": user.made_at / 1000,
            })),
            None => refuse(404, "M_NOT_FOUND", "User not found"),
        }
    }

    /// Synapse, "Shared-Secret Registration".
    fn register_by_secret(&mut self, asked: &Asked) -> Answer {
        if asked.method == Method::GET {
            let nonce = self.fresh("nonce");
            self.nonces.push(nonce.clone());
            return Ok(json!({"nonce": nonce}));
        }
        let (nonce, name, password) = (asked.text("nonce"), asked.text("username"), asked.text("password"));
        let admin = asked.body["admin"] == true;
        let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
        let role = if admin { "admin" } else { "notadmin" };
        mac.update([nonce, name, password, role].join("\0").as_bytes());
        let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        if !self.nonces.iter().any(|known| known == nonce) || expected != asked.text("mac") {
            return refuse(403, "M_FORBIDDEN", "HMAC incorrect");
        }
        let user = self.make(name, User { password: password.to_owned(), admin, ..User::default() })?;
        let device = self.fresh("DEVICE");
        Ok(self.begin(&user, Some((device, None))))
    }

    fn new_registration_token(&mut self, asked: &Asked) -> Answer {
        let name = asked.text("token").to_owned();
        let legal = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
            return refuse(
                400,
                "M_INVALID_PARAM",
                "token must consist only of characters matched by the regex [A-Za-z0-9._~-]",
            );
        }
        if self.registration_tokens.contains_key(&name) {
            return refuse(400, "M_INVALID_PARAM", format!("Token already exists: {name}"));
        }
        let mut token = RegistrationToken { uses_allowed: None, pending: 0, completed: 0, expiry_time: None };
        token.bound(&asked.body)?;
        let shown = token.shown(&name);
        self.registration_tokens.insert(name, token);
        Ok(shown)
    }

    fn registration_token(&mut self, name: &str, asked: &Asked) -> Answer {
        let Some(token) = self.registration_tokens.get_mut(name) else {
            return refuse(404, "M_NOT_FOUND", format!("No such registration token: {name}"));
        };
        match asked.method {
            Method::PUT => {
                token.bound(&asked.body)?;
                Ok(token.shown(name))
            }
            Method::DELETE => {
                self.registration_tokens.remove(name);
                Ok(json!({}))
            }
            _ => Ok(token.shown(name)),
        }
    }
}
