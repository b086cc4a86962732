//! `share_link`: share links, for mobile clients.

use std::fmt;

use http::{Method, StatusCode};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use url::Url;
use utoipa::ToSchema;

use super::{
    reply::Reply,
    resource::{Answer, Operation, Request, Resource, object, shaped},
    shape::Shape,
};
use crate::share::{SharedLink, Sharing};

pub(super) const RESOURCE: Resource = Resource {
    path: "/_synapse/client/share_link/",
    operations: &[Operation {
        method: Method::PUT,
        id: "share_link",
        summary: "Makes a share link, where the server has this switched on.",
        query: &[],
        body: Some(Shape::of::<Asked>()),
        answer: Answer::Json(Shape::of::<Made>()),
        errors: &[
            (400, &["M_NOT_JSON", "M_BAD_JSON", "M_INVALID_PARAM"]),
            (403, &["NOT_SUPPORTED"]),
            (404, &["M_UNRECOGNIZED"]),
            (429, &["M_LIMIT_EXCEEDED"]),
        ],
    }],
    answer: |api, request| {
        Box::pin(async move {
            match &api.sharing {
                Some(sharing) => answer(sharing, request).await,
                None => Err(Reply::unrecognized()),
            }
        })
    },
};

/// The schemes that a link to another place may have.
const ELSEWHERE: [&str; 6] = ["http", "https", "matrix", "acter", "mxc", "mailto"];

/// The most parameters in a query.
const MOST_PARAMETERS: usize = 50;

/// The body of a request for a share link. The other fields depend on `type`, and are listed in the documentation of
/// share links.
#[derive(ToSchema)]
#[schema(as = ShareLinkRequest)]
#[expect(dead_code, reason = "only its shape is used: the fields are read one after the other")]
struct Asked {
    /// What to share: `ref`, `spaceObject`, `superInvite`, `roomId`, `roomAlias` or `userId`.
    r#type: String,
}

/// A share link.
#[derive(Serialize, ToSchema)]
#[schema(as = ShareLink)]
struct Made {
    /// The address of the page that is shared.
    url: String,
    /// The address that opens the app.
    #[serde(rename = "targetUri")]
    target: String,
}

/// What a request asks to share.
#[derive(Debug, PartialEq, Eq)]
enum Shareable {
    /// A place, given by the segments of its path, with its query parameters.
    Place(Vec<String>, Vec<(String, String)>),
    /// A link that was made elsewhere.
    Link(String),
}

async fn answer(sharing: &Sharing, request: Request) -> Result<Reply, Reply> {
    let account = request.account.clone();
    sharing.note(&account)?;
    let body = request.bytes().await?;
    let SharedLink { url, app_url } = match shareable(&body, sharing.server().as_str())? {
        Shareable::Link(uri) => SharedLink { url: uri.clone(), app_url: uri },
        Shareable::Place(segments, query) => {
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            sharing.share(&account, &segments, query).await?
        }
    };
    Ok(Reply::ok(&Made { url, target: app_url }))
}

fn shareable(body: &[u8], server: &str) -> Result<Shareable, Reply> {
    let fields = object(body)?;
    let text = |field: &str, sigil: &str| text(&fields, field, sigil);
    let path = match fields.get("type").and_then(Value::as_str) {
        Some("ref") => return reference(&fields, server),
        Some("spaceObject") => {
            let path = vec!["o".to_owned(), text("roomId", "!")?, text("objectType", "")?, text("objectId", "$")?];
            let Extras { query, .. } = shaped(Value::Object(fields))?;
            let Query { room_display_name, title, via } = query.unwrap_or_default();
            return Ok(Shareable::Place(path, pairs([room_display_name, title, via])));
        }
        Some("superInvite") => vec!["i".to_owned(), text("server", "")?, text("inviteCode", "")?],
        Some("roomId") => vec!["roomid".to_owned(), text("roomId", "!")?],
        Some("roomAlias") => vec!["r".to_owned(), text("roomAlias", "#")?],
        Some("userId") => vec!["u".to_owned(), text("userId", "@")?],
        _ => {
            let kind = fields.get("type").unwrap_or(&Value::Null);
            let kind = kind.as_str().map_or_else(|| kind.to_string(), str::to_owned);
            let problem = format!("unsupported object type='{kind}'");
            return Err(Reply::error(StatusCode::FORBIDDEN, "NOT_SUPPORTED", problem));
        }
    };
    // Read from the text: in the parsed fields the order is lost.
    let Ordered { query } = shaped(&mut serde_json::Deserializer::from_slice(body))?;
    Ok(Shareable::Place(path, query.unwrap_or_default().0))
}

/// A reference, as the mobile client stores them in events (its `RefDetails`).
fn reference(fields: &Map<String, Value>, server: &str) -> Result<Shareable, Reply> {
    let text = |field: &str, sigil: &str| text(fields, field, sigil);
    let room = || text("room_id", "!");
    let target = || text("target_id", "$");
    let kind = text("ref", "")?;
    let kind = match kind.as_str() {
        "link" => {
            return match Url::parse(&text("uri", "")?) {
                Ok(url) if ELSEWHERE.contains(&url.scheme()) => Ok(Shareable::Link(url.into())),
                _ => Err(Reply::bad_json(format!("“uri”: must be an address ({}).", ELSEWHERE.join(", ")))),
            };
        }
        // The reference also contains how many people have joined and where the invite leads, which only concerns the
        // person who shares it.
        "super-invite-token" => {
            return Ok(Shareable::Place(vec!["i".into(), server.to_owned(), text("token", "")?], Vec::new()));
        }
        "task-list" => "taskList",
        "calendar-event" => "calendarEvent",
        // The client calls a boost `news` in references.
        "news" => "boost",
        other => other,
    };
    let path = match kind {
        "room" => vec!["roomid".into(), room()?],
        // Clients look a task up in its list.
        "task" if fields.contains_key("task_list") => {
            vec!["o".into(), room()?, "taskList".into(), text("task_list", "$")?, "task".into(), target()?]
        }
        kind => vec!["o".into(), room()?, kind.to_owned(), target()?],
    };
    let Extras { via, preview, .. } = shaped(Value::Object(fields.clone()))?;
    let Query { room_display_name, title, .. } = preview.unwrap_or_default();
    Ok(Shareable::Place(path, pairs([room_display_name, title, via])))
}

/// The parameters that describe an object, in the order in which addresses have them.
fn pairs(entries: [Entry; 3]) -> Vec<(String, String)> {
    let named = ["roomDisplayName", "title", "via"].into_iter().zip(entries);
    named.flat_map(|(name, entry)| entry.0.into_iter().map(move |value| (name.to_owned(), value))).collect()
}

/// A required field, without the sigil of its kind of Matrix id (Matrix specification, Appendices, "Common Identifier
/// Format"): the path says the kind already.
fn text(fields: &Map<String, Value>, field: &str, sigil: &str) -> Result<String, Reply> {
    match fields.get(field) {
        None | Some(Value::Null) => Err(Reply::bad_json(format!("missing field `{field}`"))),
        Some(Value::String(text)) => match text.strip_prefix(sigil).unwrap_or(text) {
            "" => Err(Reply::bad_json(format!("“{field}”: must not be empty."))),
            text => Ok(text.to_owned()),
        },
        Some(_) => Err(Reply::bad_json(format!("“{field}”: must be a text."))),
    }
}

/// Optional parameters that describe an object.
#[derive(Deserialize)]
struct Extras {
    query: Option<Query>,
    #[serde(default)]
    via: Entry,
    preview: Option<Query>,
}

/// The query parameters of a place.
#[derive(Deserialize)]
struct Ordered {
    query: Option<Pairs>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Query {
    title: Entry,
    via: Entry,
    #[serde(alias = "room_display_name")]
    room_display_name: Entry,
}

/// The values of one parameter: none, one or several.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry(Vec<String>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "must be a text, a number, or a list of them")]
        enum Given {
            Nothing(()),
            Text(String),
            Number(serde_json::Number),
            Bool(bool),
            List(Vec<Given>),
        }
        fn texts(given: Given) -> Vec<String> {
            match given {
                Given::Nothing(()) => Vec::new(),
                Given::Text(text) => vec![text],
                Given::Number(number) => vec![number.to_string()],
                Given::Bool(value) => vec![value.to_string()],
                Given::List(list) => list.into_iter().flat_map(texts).collect(),
            }
        }
        Given::deserialize(deserializer).map(|value| Self(texts(value)))
    }
}

/// Names and values in the order in which they were sent. A repeated name keeps its first place and gets its last
/// value, as when Python reads JSON.
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
                    if entries.len() == MOST_PARAMETERS {
                        return Err(A::Error::custom(format!("may have at most {MOST_PARAMETERS} names")));
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
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Result<Shareable, Reply> {
        shareable(body.as_bytes(), "x")
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
            (r#"{"type": "ref", "room_id": "r", "target_id": "t"}"#, 400, "missing field `ref`"),
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

    #[test]
    fn fuzz_whatever_is_sent_to_be_shared_is_read_or_refused() {
        const PIECES: &[&str] = &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"type\":",
            "\"ref\"",
            "\"spaceObject\"",
            "\"superInvite\"",
            "\"userId\"",
            "\"roomId\":",
            "\"objectId\":",
            "\"objectType\":",
            "\"query\":",
            "\"preview\":",
            "\"uri\":",
            "\"ref\":",
            "\"target_id\":",
            "\"room_id\":",
            "\"link\"",
            "\"pin\"",
            "\"!r:x\"",
            "\"\"",
            "null",
            "true",
            "-1e999",
            "\"\\u0000\"",
            "\"\\ud800\"",
            " ",
        ];
        bolero::check!()
            .with_max_len(64)
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|bytes: &[u8]| {
                let text = crate::fuzz::text(bytes, PIECES);
                for body in [bytes, text.as_bytes(), format!("{{\"type\": {text}}}").as_bytes()] {
                    match shareable(body, "x") {
                        Ok(Shareable::Place(path, _)) => assert!(path.len() > 1),
                        Ok(Shareable::Link(link)) => assert!(!link.starts_with("javascript:"), "{link}"),
                        Err(reply) => assert!(reply.status().is_client_error()),
                    }
                }
            });
    }
}
