//! The fake homeserver answers as the real one does: both get the same requests, and the parts of the responses that
//! the service reads are compared.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Person, World, escaped};

/// The parts of a response that the service reads: its status, its error code, and the types of the other values.
fn read(answer: &(u16, Value)) -> String {
    fn kind(value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "text".to_owned(),
            Value::Array(values) => format!("list of {}", values.len()),
            Value::Object(_) => "object".to_owned(),
        }
    }
    /// Fields that the service reads somewhere.
    const READ: [&str; 32] = [
        "user_id",
        "is_guest",
        "access_token",
        "device_id",
        "room_id",
        "joined_rooms",
        "membership",
        "errcode",
        "soft_logout",
        "retry_after_ms",
        "displayname",
        "avatar_url",
        "name",
        "admin",
        "locked",
        "suspended",
        "deactivated",
        "shadow_banned",
        "uses_allowed",
        "pending",
        "completed",
        "expiry_time",
        "token",
        "room_type",
        "join_rule",
        "join_rules",
        "num_joined_members",
        "joined_members",
        "flows",
        "messages_per_second",
        "canonical_alias",
        "servers",
    ];
    let (status, body) = answer;
    let mut fields: Vec<String> = READ
        .iter()
        .filter_map(|name| {
            let value = body.get(name)?;
            // Error codes and memberships are compared literally.
            let is_word = ["errcode", "membership", "join_rule", "join_rules"].contains(name);
            Some(format!("{name}: {}", if is_word { value.to_string() } else { kind(value) }))
        })
        // Some fields are missing on one side and null on the other, which is the same to the service. The available
        // flows and the servers of an alias depend on the configuration.
        .filter(|field| !field.ends_with(": null") && !field.starts_with("flows") && !field.starts_with("servers"))
        .collect();
    fields.sort();
    format!("{status} {}", fields.join(", "))
}

/// A request by name, with the readable parts of its response.
struct Asked(&'static str, String);

struct Asking<'a> {
    world: &'a World,
    answers: Vec<Asked>,
}

impl Asking<'_> {
    async fn ask(&mut self, what: &'static str, method: Method, path: &str, token: &str, body: Value) -> Value {
        let answer = self.world.ask(method, path, token, body).await;
        self.answers.push(Asked(what, read(&answer)));
        answer.1
    }

    /// Asks in somebody's name.
    async fn as_user(&mut self, what: &'static str, method: Method, path: &str, user: &Person, body: Value) -> Value {
        let path = format!("/_matrix/client/v3{path}?user_id={}", escaped(&user.id));
        let token = self.world.as_token.clone();
        self.ask(what, method, &path, &token, body).await
    }
}

/// The people on each of the two.
struct People {
    anna: Person,
    ben: Person,
    cleo: Person,
    dora: Person,
}

const WHO: &str = "/_matrix/client/v3/account/whoami";

async fn answers(world: &World) -> Vec<Asked> {
    let [anna, ben, cleo, dora] = ["anna", "ben", "cleo", "dora"].map(|name| world.person(name));
    let people = People { anna: anna.await, ben: ben.await, cleo: cleo.await, dora: dora.await };
    let mut asking = Asking { world, answers: Vec::new() };
    who(&mut asking, &people).await;
    rooms(&mut asking, &people).await;
    accounts(&mut asking, &people).await;
    registration_tokens(&mut asking).await;
    standing(&mut asking, &people).await;
    asking.answers
}

async fn who(asking: &mut Asking<'_>, People { anna, .. }: &People) {
    asking.ask("whoami", Method::GET, WHO, &anna.token, Value::Null).await;
    asking.ask("whoami without a token", Method::GET, WHO, "", Value::Null).await;
    asking.ask("whoami with a strange token", Method::GET, WHO, "strange", Value::Null).await;
    asking.as_user("whoami of somebody else", Method::GET, "/account/whoami", anna, Value::Null).await;
    let nobody = Person { id: "@nobody-at-all:test".to_owned(), token: String::new() };
    asking.as_user("whoami of nobody", Method::GET, "/account/whoami", &nobody, Value::Null).await;
}

async fn rooms(asking: &mut Asking<'_>, People { anna, ben, cleo, dora }: &People) {
    let made =
        asking.as_user("a private room", Method::POST, "/createRoom", anna, json!({"preset": "private_chat"})).await;
    let room = escaped(made["room_id"].as_str().unwrap());
    let state = |kind: &str, key: &str| format!("/rooms/{room}/state/{kind}/{}", escaped(key));
    let guest = |person: &Person| json!({"user_id": person.id});
    let invite = format!("/rooms/{room}/invite");
    let join = format!("/rooms/{room}/join");
    asking.as_user("a join uninvited", Method::POST, &join, ben, json!({})).await;
    asking.as_user("state from outside", Method::GET, &state("m.room.create", ""), ben, Value::Null).await;
    asking.as_user("an invitation by a stranger", Method::POST, &invite, ben, guest(cleo)).await;
    asking.as_user("an invitation", Method::POST, &invite, anna, guest(ben)).await;
    asking.as_user("an invitation again", Method::POST, &invite, anna, guest(ben)).await;
    asking.as_user("an invited member", Method::GET, &state("m.room.member", &ben.id), anna, Value::Null).await;
    asking.as_user("a join", Method::POST, &join, ben, json!({})).await;
    asking.as_user("a join again", Method::POST, &join, ben, json!({})).await;
    asking.as_user("an invitation of a member", Method::POST, &invite, anna, guest(ben)).await;
    asking.as_user("a joined member", Method::GET, &state("m.room.member", &ben.id), anna, Value::Null).await;
    asking.as_user("somebody never heard of", Method::GET, &state("m.room.member", &cleo.id), anna, Value::Null).await;
    asking.as_user("joined rooms", Method::GET, "/joined_rooms", ben, Value::Null).await;
    asking.as_user("a ban", Method::POST, &format!("/rooms/{room}/ban"), anna, guest(ben)).await;
    asking.as_user("an invitation of the banned", Method::POST, &invite, anna, guest(ben)).await;
    asking.as_user("a join of the banned", Method::POST, &join, ben, json!({})).await;
    asking.as_user("a leave of the banned", Method::POST, &format!("/rooms/{room}/leave"), ben, json!({})).await;
    asking.as_user("an unban of a member", Method::POST, &format!("/rooms/{room}/unban"), anna, guest(anna)).await;
    asking
        .as_user("an invitation to nowhere", Method::POST, "/rooms/%21nowhere%3Atest/invite", anna, guest(cleo))
        .await;
    let levels =
        json!({"preset": "private_chat", "room_version": "11", "power_level_content_override": {"invite": 50}});
    let made = asking.as_user("a strict room", Method::POST, "/createRoom", anna, levels).await;
    let strict = escaped(made["room_id"].as_str().unwrap());
    for (what, action, by, of) in [("one who may", "invite", anna, cleo), ("one without power", "invite", cleo, dora)] {
        asking.as_user(what, Method::POST, &format!("/rooms/{strict}/{action}"), by, guest(of)).await;
        asking
            .as_user("a join of the strict room", Method::POST, &format!("/rooms/{strict}/join"), of, json!({}))
            .await;
    }
    let rules =
        json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": made["room_id"]}]});
    let inner = asking.as_user("an inner room", Method::POST, "/createRoom", anna, json!({})).await;
    let inner = escaped(inner["room_id"].as_str().unwrap());
    let at = format!("/rooms/{inner}/state/m.room.join_rules/");
    asking.as_user("a join rule", Method::PUT, &at, anna, rules).await;
    asking.as_user("a join through another room", Method::POST, &format!("/rooms/{inner}/join"), cleo, json!({})).await;
    asking.as_user("a join from outside", Method::POST, &format!("/rooms/{inner}/join"), dora, json!({})).await;
    asking.as_user("state without power", Method::PUT, &at, cleo, json!({"join_rule": "public"})).await;
}

async fn accounts(asking: &mut Asking<'_>, People { anna, dora, .. }: &People) {
    let direct = format!("/user/{}/account_data/m.direct", escaped(&dora.id));
    asking.as_user("no account data", Method::GET, &direct, dora, Value::Null).await;
    asking.as_user("account data", Method::PUT, &direct, dora, json!({"@x:test": ["!a"]})).await;
    asking.as_user("account data of another", Method::GET, &direct, anna, Value::Null).await;
    asking.as_user("no such alias", Method::GET, "/directory/room/%23nowhere%3Atest", anna, Value::Null).await;
    asking
        .ask("a profile", Method::GET, &format!("/_matrix/client/v3/profile/{}", escaped(&anna.id)), "", Value::Null)
        .await;
    asking.ask("no profile", Method::GET, "/_matrix/client/v3/profile/%40nobody-at-all%3Atest", "", Value::Null).await;

    let admin = asking.world.admin.token.clone();
    let users = "/_synapse/admin/v2/users/";
    asking.ask("an account", Method::GET, &format!("{users}{}", escaped(&dora.id)), &admin, Value::Null).await;
    asking.ask("no account", Method::GET, &format!("{users}%40nobody-at-all%3Atest"), &admin, Value::Null).await;
    asking
        .ask("an account for others", Method::GET, &format!("{users}{}", escaped(&dora.id)), &anna.token, Value::Null)
        .await;
    asking
        .ask("their own account", Method::GET, &format!("{users}{}", escaped(&anna.id)), &anna.token, Value::Null)
        .await;
    let log_in = format!("/_synapse/admin/v1/users/{}/login", escaped(&dora.id));
    asking.ask("an admin's log-in for somebody", Method::POST, &log_in, &admin, json!({})).await;
}

async fn registration_tokens(asking: &mut Asking<'_>) {
    let admin = asking.world.admin.token.clone();
    let code = crate::support::unique("code");
    let tokens = "/_synapse/admin/v1/registration_tokens";
    let body = json!({"token": code, "uses_allowed": 1, "expiry_time": null});
    asking.ask("a registration token", Method::POST, &format!("{tokens}/new"), &admin, body.clone()).await;
    asking.ask("the same again", Method::POST, &format!("{tokens}/new"), &admin, body).await;
    asking
        .ask("one that is not legal", Method::POST, &format!("{tokens}/new"), &admin, json!({"token": "no spaces"}))
        .await;
    asking.ask("reading it", Method::GET, &format!("{tokens}/{code}"), &admin, Value::Null).await;
    asking.ask("bounding it", Method::PUT, &format!("{tokens}/{code}"), &admin, json!({"uses_allowed": 5})).await;
    asking
        .ask("an end that is past", Method::PUT, &format!("{tokens}/{code}"), &admin, json!({"expiry_time": 1}))
        .await;
    asking.ask("removing it", Method::DELETE, &format!("{tokens}/{code}"), &admin, Value::Null).await;
    asking.ask("removing it again", Method::DELETE, &format!("{tokens}/{code}"), &admin, Value::Null).await;
    asking.ask("reading none", Method::GET, &format!("{tokens}/{code}"), &admin, Value::Null).await;
}

async fn standing(asking: &mut Asking<'_>, People { anna, dora, .. }: &People) {
    let world = asking.world;
    let made = world.room(anna, json!({})).await;
    let (invite, guest) = (format!("/rooms/{}/invite", escaped(&made)), json!({"user_id": dora.id}));
    let by_password = |user: &Person, password: &str| json!({"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user.id}, "password": password});
    let path = "/_matrix/client/v3/login";
    asking.ask("signing in", Method::POST, path, "", by_password(dora, "password")).await;
    asking.ask("a wrong password", Method::POST, path, "", by_password(dora, "wrong")).await;
    for (how, asked) in [("suspend", "an invitation by the suspended"), ("lock", "an invitation by the locked")] {
        world.discipline(anna, how).await;
        asking.as_user(asked, Method::POST, &invite, anna, guest.clone()).await;
    }
    asking.ask("whoami of the locked", Method::GET, WHO, &anna.token, Value::Null).await;
    asking.ask("signing in locked", Method::POST, path, "", by_password(anna, "password")).await;
    world.discipline(dora, "deactivate").await;
    asking.ask("whoami of the deactivated", Method::GET, WHO, &dora.token, Value::Null).await;
    asking.ask("signing in deactivated", Method::POST, path, "", by_password(dora, "password")).await;
}

#[tokio::test]
#[ignore = "needs Synapse"]
async fn the_homeserver_of_the_fast_tests_answers_as_the_real_one_does() {
    let (real, fake) = (World::new().await, World::fake().await);
    let (real, fake) = (answers(&real).await, answers(&fake).await);
    let differences: Vec<String> = real
        .iter()
        .zip(&fake)
        .filter(|(real, fake)| real.1 != fake.1)
        .map(|(real, fake)| format!("{}:\n  real {}\n  fake {}", real.0, real.1, fake.1))
        .collect();
    assert!(differences.is_empty(), "of {} answers differ\n{}", real.len(), differences.join("\n"));
}
