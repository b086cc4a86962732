//! Requests that the specification does not have, or that ruma has no simple type for: the part of Synapse's admin API
//! that is used, and the registration of the application service's own user.
//!
//! ruma's macros for such requests expect features `client` and `server` in the package that uses them, so these are
//! small types of our own.

use http::Method;
use matrix_sdk::ruma::{MilliSecondsSinceUnixEpoch, RoomId, UserId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A request with a JSON body, and the type of its response.
pub(super) trait Endpoint: Serialize {
    const METHOD: Method;
    type Answer: DeserializeOwned;

    /// The path, percent-encoded.
    fn path(&self) -> String;

    /// A text that must not be logged, if the homeserver's response may repeat it.
    fn secret(&self) -> Option<&str> {
        None
    }
}

/// A response that is not read.
#[derive(Deserialize)]
pub(super) struct Done {}

fn escaped(segment: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(segment, NON_ALPHANUMERIC)
}

/// "Login as a user": an access token for a user, without a device.
#[derive(Serialize)]
pub(super) struct LogIn<'a> {
    #[serde(skip)]
    pub(super) user: &'a UserId,
    pub(super) valid_until_ms: Option<MilliSecondsSinceUnixEpoch>,
}

#[derive(Deserialize)]
pub(super) struct LoggedIn {
    pub(super) access_token: String,
}

impl Endpoint for LogIn<'_> {
    const METHOD: Method = Method::POST;
    type Answer = LoggedIn;

    fn path(&self) -> String {
        format!("/_synapse/admin/v1/users/{}/login", escaped(self.user.as_str()))
    }
}

/// "Override ratelimiting for users"; zeros mean no limit.
#[derive(Serialize)]
pub(super) struct OverrideRatelimit<'a> {
    #[serde(skip)]
    pub(super) user: &'a UserId,
    pub(super) messages_per_second: u32,
    pub(super) burst_count: u32,
}

impl Endpoint for OverrideRatelimit<'_> {
    const METHOD: Method = Method::POST;
    type Answer = Done;

    fn path(&self) -> String {
        ratelimit_path(self.user)
    }
}

/// "Get status of ratelimit".
#[derive(Serialize)]
pub(super) struct Ratelimit<'a> {
    #[serde(skip)]
    pub(super) user: &'a UserId,
}

#[derive(Deserialize)]
pub(super) struct RatelimitState {
    /// `None` if the default limits apply.
    pub(super) messages_per_second: Option<u32>,
}

impl Endpoint for Ratelimit<'_> {
    const METHOD: Method = Method::GET;
    type Answer = RatelimitState;

    fn path(&self) -> String {
        ratelimit_path(self.user)
    }
}

fn ratelimit_path(user: &UserId) -> String {
    format!("/_synapse/admin/v1/users/{}/override_ratelimit", escaped(user.as_str()))
}

/// "Query user account".
#[derive(Serialize)]
pub(super) struct QueryUser<'a> {
    #[serde(skip)]
    pub(super) user: &'a UserId,
}

#[derive(Deserialize)]
pub(super) struct UserState {
    /// The user's Matrix id.
    pub(super) name: String,
    pub(super) deactivated: bool,
    #[serde(default)]
    pub(super) locked: bool,
    #[serde(default)]
    pub(super) suspended: bool,
    #[serde(default)]
    pub(super) shadow_banned: bool,
    #[serde(default)]
    pub(super) admin: bool,
    /// When the account was created, in seconds since the epoch.
    pub(super) creation_ts: Option<i64>,
}

impl Endpoint for QueryUser<'_> {
    const METHOD: Method = Method::GET;
    type Answer = UserState;

    fn path(&self) -> String {
        format!("/_synapse/admin/v2/users/{}", escaped(self.user.as_str()))
    }
}

/// "List joined rooms of a user".
#[derive(Serialize)]
pub(super) struct JoinedRooms<'a> {
    #[serde(skip)]
    pub(super) user: &'a UserId,
}

#[derive(Deserialize)]
pub(super) struct RoomIds {
    pub(super) joined_rooms: Vec<String>,
}

impl Endpoint for JoinedRooms<'_> {
    const METHOD: Method = Method::GET;
    type Answer = RoomIds;

    fn path(&self) -> String {
        format!("/_synapse/admin/v1/users/{}/joined_rooms", escaped(self.user.as_str()))
    }
}

/// "Room Details API".
#[derive(Serialize)]
pub(super) struct RoomDetails<'a> {
    #[serde(skip)]
    pub(super) room: &'a RoomId,
}

#[derive(Deserialize)]
pub(super) struct Details {
    pub(super) name: Option<String>,
    pub(super) avatar: Option<String>,
    pub(super) canonical_alias: Option<String>,
    pub(super) room_type: Option<String>,
    pub(super) join_rules: Option<String>,
    pub(super) joined_members: Option<u32>,
}

impl Endpoint for RoomDetails<'_> {
    const METHOD: Method = Method::GET;
    type Answer = Details;

    fn path(&self) -> String {
        format!("/_synapse/admin/v1/rooms/{}", escaped(self.room.as_str()))
    }
}

/// "Create token" of the registration tokens.
#[derive(Serialize)]
pub(super) struct CreateRegistrationToken<'a> {
    pub(super) token: &'a str,
    pub(super) uses_allowed: Option<u64>,
    pub(super) expiry_time: Option<i64>,
}

impl Endpoint for CreateRegistrationToken<'_> {
    const METHOD: Method = Method::POST;
    type Answer = Done;

    fn path(&self) -> String {
        "/_synapse/admin/v1/registration_tokens/new".to_owned()
    }

    fn secret(&self) -> Option<&str> {
        Some(self.token)
    }
}

/// "Update token" of the registration tokens.
#[derive(Serialize)]
pub(super) struct UpdateRegistrationToken<'a> {
    #[serde(skip)]
    pub(super) token: &'a str,
    pub(super) uses_allowed: Option<u64>,
    pub(super) expiry_time: Option<i64>,
}

impl Endpoint for UpdateRegistrationToken<'_> {
    const METHOD: Method = Method::PUT;
    type Answer = RegistrationToken;

    fn path(&self) -> String {
        registration_token_path(self.token)
    }

    fn secret(&self) -> Option<&str> {
        Some(self.token)
    }
}

/// "Get one" of the registration tokens.
#[derive(Serialize)]
pub(super) struct GetRegistrationToken<'a> {
    #[serde(skip)]
    pub(super) token: &'a str,
}

#[derive(Deserialize)]
pub(super) struct RegistrationToken {
    /// `None` means unlimited.
    pub(super) uses_allowed: Option<u64>,
    pub(super) pending: u64,
    pub(super) completed: u64,
    /// In milliseconds since the epoch; `None` means never.
    pub(super) expiry_time: Option<i64>,
}

impl Endpoint for GetRegistrationToken<'_> {
    const METHOD: Method = Method::GET;
    type Answer = RegistrationToken;

    fn path(&self) -> String {
        registration_token_path(self.token)
    }

    fn secret(&self) -> Option<&str> {
        Some(self.token)
    }
}

/// "Delete token" of the registration tokens.
#[derive(Serialize)]
pub(super) struct DeleteRegistrationToken<'a> {
    #[serde(skip)]
    pub(super) token: &'a str,
}

impl Endpoint for DeleteRegistrationToken<'_> {
    const METHOD: Method = Method::DELETE;
    type Answer = Done;

    fn path(&self) -> String {
        registration_token_path(self.token)
    }

    fn secret(&self) -> Option<&str> {
        Some(self.token)
    }
}

fn registration_token_path(token: &str) -> String {
    format!("/_synapse/admin/v1/registration_tokens/{}", escaped(token))
}

/// `POST /register` by an application service (Application Service API, "Server admin style permissions").
#[derive(Serialize)]
pub(super) struct RegisterSender<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) username: &'a str,
    pub(super) inhibit_login: bool,
}

impl Endpoint for RegisterSender<'_> {
    const METHOD: Method = Method::POST;
    type Answer = Done;

    fn path(&self) -> String {
        "/_matrix/client/v3/register".to_owned()
    }
}
