//! The homeserver that is none answers as the real one does: both are asked the same, and what the service reads of the answers is compared.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Person, World, escaped};

/// What the service reads of an answer: its status, its error code, and the rest by what kinds of values there are.
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
    const READ: [&str; 30] = [
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
            // Error codes and memberships are compared by word.
            let is_word = ["errcode", "membership", "join_rule", "join_rules"].contains(name);
            Some(format!("{name}: {}", if is_word { value.to_string() } else { kind(value) }))
        })
        // Some are left out by one and null for the other: the service takes both for the same. Who has shown what with how many ways to
        // sign in differs by configuration, and so do the servers of an alias.
        .filter(|field| !field.ends_with(": null") && !field.starts_with("flows") && !field.starts_with("servers"))
        .collect();
    fields.sort();
    format!("{status} {}", fields.join(", "))
}

/// One question: how it is called, and its answer.
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

    /// In somebody's name.
    async fn as_user(&mut self, what: &'static str, method: Method, path: &str, user: &Person, body: Value) -> Value {
        let path = format!("/_matrix/client/v3{path}?user_id={}", escaped(&user.id));
        let token = self.world.as_token.clone();
        self.ask(what, method, &path, &token, body).await
    }
}

async fn answers(world: &World) -> Vec<Asked> {
    let [anna, ben, cleo, dora] = ["anna", "ben", "cleo", "dora"].map(|name| world.person(name));
    let (anna, ben, cleo, dora) = (anna.await, ben.await, cleo.await, dora.await);
    let mut asking = Asking { world, answers: Vec::new() };
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let who = "/_matrix/client/v3/account/whoami";
    asking.ask("whoami", get.clone(), who, &anna.token, Value::Null).await;
    asking.ask("whoami without a token", get.clone(), who, "", Value::Null).await;
    asking.ask("whoami with a strange token", get.clone(), who, "strange", Value::Null).await;
    asking.as_user("whoami of somebody else", get.clone(), "/account/whoami", &anna, Value::Null).await;
    let nobody = Person { id: "@nobody-at-all:test".to_owned(), token: String::new() };
    asking.as_user("whoami of nobody", get.clone(), "/account/whoami", &nobody, Value::Null).await;

    let made =
        asking.as_user("a private room", post.clone(), "/createRoom", &anna, json!({"preset": "private_chat"})).await;
    let room = escaped(made["room_id"].as_str().unwrap());
    let state = |kind: &str, key: &str| format!("/rooms/{room}/state/{kind}/{}", escaped(key));
    let guest = |person: &Person| json!({"user_id": person.id});
    let invite = format!("/rooms/{room}/invite");
    let join = format!("/rooms/{room}/join");
    asking.as_user("a join uninvited", post.clone(), &join, &ben, json!({})).await;
    asking.as_user("state from outside", get.clone(), &state("m.room.create", ""), &ben, Value::Null).await;
    asking.as_user("an invitation by a stranger", post.clone(), &invite, &ben, guest(&cleo)).await;
    asking.as_user("an invitation", post.clone(), &invite, &anna, guest(&ben)).await;
    asking.as_user("an invitation again", post.clone(), &invite, &anna, guest(&ben)).await;
    asking.as_user("an invited member", get.clone(), &state("m.room.member", &ben.id), &anna, Value::Null).await;
    asking.as_user("a join", post.clone(), &join, &ben, json!({})).await;
    asking.as_user("a join again", post.clone(), &join, &ben, json!({})).await;
    asking.as_user("an invitation of a member", post.clone(), &invite, &anna, guest(&ben)).await;
    asking.as_user("a joined member", get.clone(), &state("m.room.member", &ben.id), &anna, Value::Null).await;
    asking.as_user("somebody never heard of", get.clone(), &state("m.room.member", &cleo.id), &anna, Value::Null).await;
    asking.as_user("joined rooms", get.clone(), "/joined_rooms", &ben, Value::Null).await;
    asking.as_user("a ban", post.clone(), &format!("/rooms/{room}/ban"), &anna, guest(&ben)).await;
    asking.as_user("an invitation of the banned", post.clone(), &invite, &anna, guest(&ben)).await;
    asking.as_user("a join of the banned", post.clone(), &join, &ben, json!({})).await;
    asking
        .as_user("an invitation to nowhere", post.clone(), "/rooms/%21nowhere%3Atest/invite", &anna, guest(&cleo))
        .await;
    let levels =
        json!({"preset": "private_chat", "room_version": "11", "power_level_content_override": {"invite": 50}});
    let made = asking.as_user("a strict room", post.clone(), "/createRoom", &anna, levels).await;
    let strict = escaped(made["room_id"].as_str().unwrap());
    for (what, action, by, of) in
        [("one who may", "invite", &anna, &cleo), ("one without power", "invite", &cleo, &dora)]
    {
        asking.as_user(what, post.clone(), &format!("/rooms/{strict}/{action}"), by, guest(of)).await;
        asking
            .as_user("a join of the strict room", post.clone(), &format!("/rooms/{strict}/join"), of, json!({}))
            .await;
    }
    let rules =
        json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": made["room_id"]}]});
    let inner = asking.as_user("an inner room", post.clone(), "/createRoom", &anna, json!({})).await;
    let inner = escaped(inner["room_id"].as_str().unwrap());
    let at = format!("/rooms/{inner}/state/m.room.join_rules/");
    asking.as_user("a join rule", put.clone(), &at, &anna, rules).await;
    asking
        .as_user("a join through another room", post.clone(), &format!("/rooms/{inner}/join"), &cleo, json!({}))
        .await;
    asking.as_user("a join from outside", post.clone(), &format!("/rooms/{inner}/join"), &dora, json!({})).await;
    asking.as_user("state without power", put.clone(), &at, &cleo, json!({"join_rule": "public"})).await;

    let direct = format!("/user/{}/account_data/m.direct", escaped(&dora.id));
    asking.as_user("no account data", get.clone(), &direct, &dora, Value::Null).await;
    asking.as_user("account data", put.clone(), &direct, &dora, json!({"@x:test": ["!a"]})).await;
    asking.as_user("account data of another", get.clone(), &direct, &anna, Value::Null).await;
    asking.as_user("no such alias", get.clone(), "/directory/room/%23nowhere%3Atest", &anna, Value::Null).await;
    asking
        .ask("a profile", get.clone(), &format!("/_matrix/client/v3/profile/{}", escaped(&anna.id)), "", Value::Null)
        .await;
    asking.ask("no profile", get.clone(), "/_matrix/client/v3/profile/%40nobody-at-all%3Atest", "", Value::Null).await;

    let admin = world.admin.token.clone();
    let users = "/_synapse/admin/v2/users/";
    asking.ask("an account", get.clone(), &format!("{users}{}", escaped(&dora.id)), &admin, Value::Null).await;
    asking.ask("no account", get.clone(), &format!("{users}%40nobody-at-all%3Atest"), &admin, Value::Null).await;
    asking
        .ask("an account for others", get.clone(), &format!("{users}{}", escaped(&dora.id)), &anna.token, Value::Null)
        .await;
    asking
        .ask("their own account", get.clone(), &format!("{users}{}", escaped(&anna.id)), &anna.token, Value::Null)
        .await;
    let log_in = format!("/_synapse/admin/v1/users/{}/login", escaped(&dora.id));
    asking.ask("an admin's log-in for somebody", post.clone(), &log_in, &admin, json!({})).await;
    let code = crate::support::unique("code");
    let tokens = "/_synapse/admin/v1/registration_tokens";
    let body = json!({"token": code, "uses_allowed": 1, "expiry_time": null});
    asking.ask("a registration token", post.clone(), &format!("{tokens}/new"), &admin, body.clone()).await;
    asking.ask("the same again", post.clone(), &format!("{tokens}/new"), &admin, body).await;
    asking
        .ask("one that is not legal", post.clone(), &format!("{tokens}/new"), &admin, json!({"token": "no spaces"}))
        .await;
    asking.ask("reading it", get.clone(), &format!("{tokens}/{code}"), &admin, Value::Null).await;
    asking.ask("bounding it", put.clone(), &format!("{tokens}/{code}"), &admin, json!({"uses_allowed": 5})).await;
    asking.ask("an end that is past", put, &format!("{tokens}/{code}"), &admin, json!({"expiry_time": 1})).await;
    asking.ask("removing it", delete.clone(), &format!("{tokens}/{code}"), &admin, Value::Null).await;
    asking.ask("removing it again", delete, &format!("{tokens}/{code}"), &admin, Value::Null).await;
    asking.ask("reading none", get.clone(), &format!("{tokens}/{code}"), &admin, Value::Null).await;

    let login = |user: &Person, password: &str| json!({"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user.id}, "password": password});
    let path = "/_matrix/client/v3/login";
    asking.ask("signing in", post.clone(), path, "", login(&dora, "password")).await;
    asking.ask("a wrong password", post.clone(), path, "", login(&dora, "wrong")).await;
    for (how, asked) in [("suspend", "an invitation by the suspended"), ("lock", "an invitation by the locked")] {
        world.discipline(&anna, how).await;
        asking.as_user(asked, post.clone(), &invite, &anna, guest(&dora)).await;
    }
    asking.ask("whoami of the locked", get.clone(), who, &anna.token, Value::Null).await;
    asking.ask("signing in locked", post.clone(), path, "", login(&anna, "password")).await;
    world.discipline(&dora, "deactivate").await;
    asking.ask("whoami of the deactivated", get, who, &dora.token, Value::Null).await;
    asking.ask("signing in deactivated", post, path, "", login(&dora, "password")).await;
    asking.answers
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
