//! `share_link`: links that mobile clients share.

use std::fmt;

use axum::body::Bytes;
use http::StatusCode;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::json;
use url::Url;

use super::{Request, Resource, parsed, refuse, reply::Reply, shaped};
use crate::share::{Shared, Sharing};

/// What a link may be that leads elsewhere.
const ELSEWHERE: [&str; 6] = ["http", "https", "matrix", "acter", "mxc", "mailto"];

/// The most names in a query.
const MOST: usize = 50;

/// What is shared.
#[derive(Debug, PartialEq, Eq)]
enum Shareable {
    /// A place, by the segments of its path, and what goes with it.
    Place(Vec<String>, Vec<(String, String)>),
    /// A link that is one already.
    Link(String),
}

pub(super) async fn answer(sharing: &Sharing, request: Request) -> Result<Reply, Reply> {
    let account = request.account.clone();
    sharing.note(&account).map_err(|refusal| refuse(Resource::ShareLink)(refusal.into()))?;
    let body = request.bytes().await?;
    let Shared { url, app_url } = match shareable(&body, sharing.server().as_str())? {
        Shareable::Link(uri) => Shared { url: uri.clone(), app_url: uri },
        Shareable::Place(segments, query) => {
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            sharing.share(&account, &segments, query).await.map_err(refuse(Resource::ShareLink))?
        }
    };
    Ok(Reply::ok(&json!({"url": url, "targetUri": app_url})))
}

fn shareable(body: &Bytes, server: &str) -> Result<Shareable, Reply> {
    let kind: Kind = parsed(body)?;
    match kind.kind.as_str() {
        Some("spaceObject") => {
            let SpaceObject { room_id, object_type, object_id, query } = parsed(body)?;
            let Query { title, via, room_display_name } = query.unwrap_or_default();
            let path = vec![
                "o".to_owned(),
                needed("roomId", room_id, "!")?,
                needed("objectType", object_type, "")?,
                needed("objectId", object_id, "$")?,
            ];
            Ok(Shareable::Place(path, preview(room_display_name, title, via)))
        }
        Some("ref") => reference(parsed(body)?, server),
        Some("superInvite") => {
            let SuperInvite { server, invite_code } = parsed(body)?;
            let path = vec!["i".to_owned(), needed("server", server, "")?, needed("inviteCode", invite_code, "")?];
            Ok(Shareable::Place(path, query(body)?))
        }
        Some("roomId") => {
            let Room { room_id } = parsed(body)?;
            let path = vec!["roomid".to_owned(), needed("roomId", room_id, "!")?];
            Ok(Shareable::Place(path, query(body)?))
        }
        Some("roomAlias") => {
            let Alias { room_alias } = parsed(body)?;
            let path = vec!["r".to_owned(), needed("roomAlias", room_alias, "#")?];
            Ok(Shareable::Place(path, query(body)?))
        }
        Some("userId") => {
            let User { user_id } = parsed(body)?;
            let path = vec!["u".to_owned(), needed("userId", user_id, "@")?];
            Ok(Shareable::Place(path, query(body)?))
        }
        _ => {
            let kind = kind.kind.as_str().map_or_else(|| kind.kind.to_string(), str::to_owned);
            Err(Reply::error(StatusCode::FORBIDDEN, "NOT_SUPPORTED", format!("unsupported object type='{kind}'")))
        }
    }
}

/// A reference, as the mobile client keeps them in events (its `RefDetails`).
fn reference(details: Ref, server: &str) -> Result<Shareable, Reply> {
    let Ref { kind, room_id, target_id, task_list, via, preview: shown, token, uri } = details;
    let Query { title, room_display_name, .. } = shown.unwrap_or_default();
    let query = preview(room_display_name, title, via);
    let place = |path: Vec<String>| Ok(Shareable::Place(path, query));
    let object = |kind: &str| {
        Ok([
            "o".into(),
            needed("room_id", room_id.clone(), "!")?,
            kind.into(),
            needed("target_id", target_id.clone(), "$")?,
        ])
    };
    match kind.as_str() {
        "" => Err(Reply::bad_json("“ref”: must not be empty.")),
        "room" => place(vec!["roomid".into(), needed("room_id", room_id, "!")?]),
        "super-invite-token" => {
            let path = vec!["i".into(), server.to_owned(), needed("token", token, "")?];
            // What else comes with it is for who shares it: how many have come, and into which rooms it leads.
            Ok(Shareable::Place(path, Vec::new()))
        }
        "link" => match Url::parse(uri.as_deref().ok_or_else(|| missing("uri"))?) {
            Ok(url) if ELSEWHERE.contains(&url.scheme()) => Ok(Shareable::Link(url.into())),
            _ => Err(Reply::bad_json(format!("“uri”: must be an address ({}).", ELSEWHERE.join(", ")))),
        },
        // Clients find a task in its list.
        "task" if task_list.is_some() => {
            let [o, room, task, target] = object("task")?;
            place(vec![o, room, "taskList".into(), needed("task_list", task_list, "$")?, task, target])
        }
        "task-list" => place(object("taskList")?.into()),
        "calendar-event" => place(object("calendarEvent")?.into()),
        // What the client calls a boost in addresses.
        "news" => place(object("boost")?.into()),
        other => place(object(other)?.into()),
    }
}

/// What goes with an object, in the order in which it stands in addresses.
fn preview(room_display_name: Entry, title: Entry, via: Entry) -> Vec<(String, String)> {
    let entries = [("roomDisplayName", room_display_name), ("title", title), ("via", via)];
    entries
        .into_iter()
        .flat_map(|(name, entry)| entry.0.into_iter().map(move |value| (name.to_owned(), value)))
        .collect()
}

fn missing(field: &str) -> Reply {
    Reply::bad_json(format!("missing field `{field}`"))
}

/// A field that must be there, without the sigil with which Matrix ids of its kind begin (Matrix specification, Appendices, "Common Identifier
/// Format"): what it is, the path says already.
fn needed(field: &str, value: Option<String>, sigil: &str) -> Result<String, Reply> {
    let value = value.ok_or_else(|| missing(field))?;
    match value.strip_prefix(sigil).unwrap_or(&value) {
        "" => Err(Reply::bad_json(format!("“{field}”: must not be empty."))),
        value => Ok(value.to_owned()),
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type", default)]
    kind: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpaceObject {
    room_id: Option<String>,
    object_type: Option<String>,
    object_id: Option<String>,
    query: Option<Query>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SuperInvite {
    server: Option<String>,
    invite_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    room_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alias {
    room_alias: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    user_id: Option<String>,
}

/// What goes with a place, read from the text itself: objects that were parsed have lost their order.
fn query(body: &Bytes) -> Result<Vec<(String, String)>, Reply> {
    #[derive(Deserialize)]
    struct Ordered {
        query: Option<Pairs>,
    }
    let Ordered { query } = shaped(&mut serde_json::Deserializer::from_slice(body))?;
    Ok(query.unwrap_or_default().0)
}

#[derive(Deserialize)]
struct Ref {
    #[serde(rename = "ref", default)]
    kind: String,
    room_id: Option<String>,
    #[serde(alias = "event_id")]
    target_id: Option<String>,
    task_list: Option<String>,
    #[serde(default)]
    via: Entry,
    preview: Option<Query>,
    token: Option<String>,
    uri: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Query {
    title: Entry,
    via: Entry,
    #[serde(alias = "room_display_name")]
    room_display_name: Entry,
}

/// What stands under one name: nothing, one value or several.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry(Vec<String>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "must be a text, a number, or a list of them")]
        enum Value {
            Nothing(()),
            Text(String),
            Number(serde_json::Number),
            Bool(bool),
            List(Vec<Value>),
        }
        fn texts(value: Value) -> Vec<String> {
            match value {
                Value::Nothing(()) => Vec::new(),
                Value::Text(text) => vec![text],
                Value::Number(number) => vec![number.to_string()],
                Value::Bool(value) => vec![value.to_string()],
                Value::List(list) => list.into_iter().flat_map(texts).collect(),
            }
        }
        Value::deserialize(deserializer).map(|value| Self(texts(value)))
    }
}

/// Names and values in the order in which they were sent; a name that stands there twice has its last value in the first place, as Python
/// reads JSON.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with texts and numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(String, Entry)> = Vec::new();
                while let Some((name, entry)) = map.next_entry::<String, Entry>()? {
                    if entries.len() == MOST {
                        return Err(A::Error::custom(format!("may have at most {MOST} names")));
                    }
                    match entries.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, before)) => *before = entry,
                        None => entries.push((name, entry)),
                    }
                }
                let pairs =
                    |(name, entry): (String, Entry)| entry.0.into_iter().map(move |value| (name.clone(), value));
                Ok(Pairs(entries.into_iter().flat_map(pairs).collect()))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(body: &str) -> Result<Shareable, Reply> {
        shareable(&Bytes::copy_from_slice(body.as_bytes()), "x")
    }

    fn place(body: &Value) -> (String, Vec<(String, String)>) {
        match read(&body.to_string()).unwrap() {
            Shareable::Place(path, query) => (path.join("/"), query),
            Shareable::Link(uri) => (uri, Vec::new()),
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_reference_of_the_mobile_client_is_known() {
        let common = json!({"type": "ref", "room_id": "!r:x", "target_id": "$t", "via": ["x", "y"],
            "preview": {"title": "T", "room_display_name": "R", "participants": 3}});
        let query = pairs(&[("roomDisplayName", "R"), ("title", "T"), ("via", "x"), ("via", "y")]);
        for (kind, more, path, query) in [
            ("pin", json!({"action": "embed"}), "o/r:x/pin/t", &query),
            ("task", json!({"task_list": "$l"}), "o/r:x/taskList/l/task/t", &query),
            ("task", json!({}), "o/r:x/task/t", &query),
            ("task-list", json!({}), "o/r:x/taskList/t", &query),
            ("calendar-event", json!({}), "o/r:x/calendarEvent/t", &query),
            ("news", json!({}), "o/r:x/boost/t", &query),
            ("room", json!({"is_space": true}), "roomid/r:x", &query),
            ("super-invite-token", json!({"token": "abc", "create_dm": true, "accepted_count": 3}), "i/x/abc", &vec![]),
            ("link", json!({"title": "T", "uri": "https://matrix.org/"}), "https://matrix.org/", &vec![]),
        ] {
            let mut body = common.clone();
            body["ref"] = kind.into();
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            assert_eq!(place(&body), (path.to_owned(), query.clone()), "{kind}");
        }
    }

    #[test]
    fn what_is_missing_or_mistyped_is_named() {
        for (body, status, problem) in [
            (r#"{"type": "spaceObject", "roomId": "r", "objectType": "pin"}"#, 400, "missing field `objectId`"),
            (r#"{"type": "spaceObject", "roomId": 7, "objectType": "pin", "objectId": "o"}"#, 400, "roomId"),
            (
                r#"{"type": "spaceObject", "roomId": "!", "objectType": "pin", "objectId": "o"}"#,
                400,
                "“roomId”: must not be empty",
            ),
            (r#"{"type": "ref", "ref": "pin", "room_id": null, "target_id": "$t"}"#, 400, "missing field `room_id`"),
            (
                r#"{"type": "ref", "ref": "pin", "room_id": "r", "target_id": "t", "preview": {"title": {}}}"#,
                400,
                "preview.title",
            ),
            (r#"{"type": "ref", "room_id": "r", "target_id": "t"}"#, 400, "“ref”"),
            (r#"{"type": "ref", "ref": "link", "uri": "javascript:alert(1)"}"#, 400, "“uri”"),
            (r#"{"type": "superInvite", "inviteCode": "c"}"#, 400, "missing field `server`"),
            (r#"{"type": "roomId", "roomId": "r", "query": []}"#, 400, "query"),
            (r#"{"type": "userId", "userId": "u", "query": {"a": {"b": 1}}}"#, 400, "query.a"),
            (r#"{"type": "teapot"}"#, 403, "unsupported object type='teapot'"),
            ("{}", 403, "unsupported object type='null'"),
            ("[]", 400, "must be a JSON object"),
            ("{", 400, "not JSON"),
        ] {
            let reply = read(body).unwrap_err();
            assert_eq!(reply.status().as_u16(), status, "{body}");
            assert!(reply.text().contains(problem), "{body}: {}", reply.text());
        }
    }

    #[test]
    fn a_query_stays_in_its_order() {
        let body = r#"{"type": "roomId", "roomId": "!r:x", "query": {"z": 4, "b": "1", "a": [true, "x"], "n": null, "b": "2"}}"#;
        let Ok(Shareable::Place(path, query)) = read(body) else { panic!("it is right") };
        assert_eq!(path, ["roomid", "r:x"]);
        assert_eq!(query, pairs(&[("z", "4"), ("b", "2"), ("a", "true"), ("a", "x")]));
    }
}
