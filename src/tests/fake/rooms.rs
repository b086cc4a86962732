//! Rooms: their state, members and power levels.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Refusal, State, refuse};

/// The default room version, as in Synapse: creators have infinite power, and room ids contain no server name.
const VERSION: &str = "12";

struct Event {
    sender: String,
    content: Value,
}

pub(super) struct Room {
    version: String,
    state: BTreeMap<(String, String), Event>,
    stamp: u64,
}

impl Room {
    fn content(&self, kind: &str, key: &str) -> Option<&Value> {
        self.state.get(&(kind.to_owned(), key.to_owned())).map(|event| &event.content)
    }

    fn text(&self, kind: &str, field: &str) -> Option<&str> {
        self.content(kind, "")?[field].as_str().filter(|text| !text.is_empty())
    }

    fn put(&mut self, sender: &str, kind: &str, key: &str, content: Value) {
        self.state.insert((kind.to_owned(), key.to_owned()), Event { sender: sender.to_owned(), content });
    }

    fn membership(&self, user: &str) -> &str {
        self.content("m.room.member", user).and_then(|content| content["membership"].as_str()).unwrap_or("leave")
    }

    fn is_creator(&self, user: &str) -> bool {
        let Some(creation) = self.state.get(&("m.room.create".to_owned(), String::new())) else { return false };
        let others = creation.content["additional_creators"].as_array();
        creation.sender == user || others.is_some_and(|others| others.iter().any(|other| other == user))
    }

    /// Somebody's power level (Client-Server API, `m.room.power_levels`).
    fn power(&self, user: &str) -> i64 {
        match self.content("m.room.power_levels", "") {
            _ if self.version == "12" && self.is_creator(user) => i64::MAX,
            Some(levels) => {
                let own = levels["users"][user].as_i64();
                own.or_else(|| levels["users_default"].as_i64()).unwrap_or_default()
            }
            None if self.is_creator(user) => 100,
            None => 0,
        }
    }

    fn needs(&self, what: &str, usual: i64) -> i64 {
        self.content("m.room.power_levels", "").and_then(|levels| levels[what].as_i64()).unwrap_or(usual)
    }

    fn needs_for(&self, kind: &str) -> i64 {
        let levels = self.content("m.room.power_levels", "");
        let own = levels.and_then(|levels| levels["events"][kind].as_i64());
        own.unwrap_or_else(|| levels.map_or(0, |levels| levels["state_default"].as_i64().unwrap_or(50)))
    }

    fn shown((kind, key): &(String, String), event: &Event) -> Value {
        json!({"type": kind, "state_key": key, "sender": event.sender, "content": event.content,
            "event_id": "$event", "origin_server_ts": 0, "room_id": "!room"})
    }

    fn members(&self) -> usize {
        let members = self.state.iter().filter(|((kind, _), _)| kind == "m.room.member");
        members.filter(|(_, event)| event.content["membership"] == "join").count()
    }

    fn set_membership(&mut self, sender: &str, user: &str, membership: &str, name: Value) {
        self.put(sender, "m.room.member", user, json!({"membership": membership, "displayname": name}));
    }
}

impl State {
    fn room(&self, id: &str) -> Option<&Room> {
        self.rooms.get(self.aliases.get(id).map_or(id, String::as_str))
    }

    fn room_mut(&mut self, id: &str) -> Option<&mut Room> {
        let id = self.aliases.get(id).map_or(id, String::as_str);
        self.made += 1;
        let room = self.rooms.get_mut(id)?;
        room.stamp = self.made;
        Some(room)
    }

    /// The room, if somebody may see its state: current and former members may.
    fn seen(&self, user: &str, id: &str) -> Result<&Room, Refusal> {
        match self.room(id) {
            Some(room)
                if room.content("m.room.member", user).is_some_and(|member| member["membership"] != "invite") =>
            {
                Ok(room)
            }
            _ => refuse(403, "M_FORBIDDEN", format!("User {user} not in room {id}, and room previews are disabled")),
        }
    }

    fn check_standing(&self, user: &str) -> Result<(), Refusal> {
        match self.users.get(user).is_some_and(|user| user.suspended) {
            true => refuse(403, "M_USER_SUSPENDED", "Your account is currently suspended."),
            false => Ok(()),
        }
    }

    pub(super) fn joined(&self, user: &str) -> Vec<String> {
        let rooms = self.rooms.iter().filter(|(_, room)| room.membership(user) == "join");
        rooms.map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn create_room(&mut self, user: &str, body: &Value) -> Answer {
        self.check_standing(user)?;
        let version = body["room_version"].as_str().unwrap_or(VERSION).to_owned();
        let server = if version == "12" { "" } else { ":test" };
        let id = format!("!{}{server}", self.fresh("room"));
        let preset = body["preset"].as_str().unwrap_or(match body["visibility"].as_str() {
            Some("public") => "public_chat",
            _ => "private_chat",
        });
        let trusted = preset == "trusted_private_chat";
        let invited: Vec<&str> = body["invite"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let name = self.display_name(user);
        let mut room = Room { version: version.clone(), state: BTreeMap::new(), stamp: self.made };
        let mut creation = body["creation_content"].as_object().cloned().unwrap_or_default();
        creation.insert("room_version".to_owned(), version.as_str().into());
        if trusted && version == "12" {
            creation.insert("additional_creators".to_owned(), json!(invited));
        }
        room.put(user, "m.room.create", "", creation.into());
        room.set_membership(user, user, "join", name);
        let mut levels = json!({"users": {}, "users_default": 0, "events": {"m.room.power_levels": 100}, "state_default": 50,
            "ban": 50, "kick": 50, "redact": 50, "invite": 0});
        if version != "12" {
            let all = [user].into_iter().chain(invited.iter().copied().filter(|_| trusted));
            levels["users"] = all.map(|user| (user.to_owned(), json!(100))).collect();
        }
        for (name, level) in body["power_level_content_override"].as_object().into_iter().flatten() {
            levels[name] = level.clone();
        }
        room.put(user, "m.room.power_levels", "", levels);
        let rule = if preset == "public_chat" { "public" } else { "invite" };
        room.put(user, "m.room.join_rules", "", json!({"join_rule": rule}));
        room.put(user, "m.room.history_visibility", "", json!({"history_visibility": "shared"}));
        if let Some(name) = body["name"].as_str() {
            room.put(user, "m.room.name", "", json!({"name": name}));
        }
        for event in body["initial_state"].as_array().into_iter().flatten() {
            let (kind, key) =
                (event["type"].as_str().unwrap_or_default(), event["state_key"].as_str().unwrap_or_default());
            room.put(user, kind, key, event["content"].clone());
        }
        if let Some(alias) = body["room_alias_name"].as_str() {
            let alias = format!("#{alias}:test");
            room.put(user, "m.room.canonical_alias", "", json!({"alias": alias}));
            self.aliases.insert(alias, id.clone());
        }
        for guest in invited {
            let direct = body["is_direct"] == true;
            let member = json!({"membership": "invite", "is_direct": direct});
            room.put(user, "m.room.member", guest, member);
        }
        self.rooms.insert(id.clone(), room);
        Ok(json!({"room_id": id}))
    }

    pub(super) fn whole_state(&self, user: &str, id: &str) -> Answer {
        let room = self.seen(user, id)?;
        Ok(room.state.iter().map(|(key, event)| Room::shown(key, event)).collect())
    }

    pub(super) fn state_event(&self, user: &str, id: &str, kind: &str, key: &str, whole: bool) -> Answer {
        let room = self.seen(user, id)?;
        let at = (kind.to_owned(), key.to_owned());
        match room.state.get(&at) {
            Some(event) if whole => Ok(Room::shown(&at, event)),
            Some(event) => Ok(event.content.clone()),
            None => refuse(404, "M_NOT_FOUND", "Event not found."),
        }
    }

    pub(super) fn set_state(&mut self, user: &str, id: &str, kind: &str, key: &str, content: &Value) -> Answer {
        self.check_standing(user)?;
        match self.room_mut(id) {
            Some(room) if room.membership(user) == "join" && room.power(user) >= room.needs_for(kind) => {
                room.put(user, kind, key, content.clone());
                Ok(json!({"event_id": "$event"}))
            }
            Some(room) if room.membership(user) == "join" => {
                refuse(403, "M_FORBIDDEN", "You don't have permission to post that to the room.")
            }
            _ => refuse(403, "M_FORBIDDEN", format!("User {user} not in room {id}")),
        }
    }

    pub(super) fn join(&mut self, user: &str, id: &str) -> Answer {
        self.check_standing(user)?;
        let Some(room) = self.room(id) else {
            return refuse(404, "M_NOT_FOUND", "Can't join remote room because no servers");
        };
        let allowed = room.content("m.room.join_rules", "").map(|rules| rules["allow"].clone()).unwrap_or_default();
        let through = allowed.as_array().into_iter().flatten().filter_map(|allow| allow["room_id"].as_str());
        let through = through.filter_map(|room| self.room(room)).any(|room| room.membership(user) == "join");
        let open = match room.text("m.room.join_rules", "join_rule") {
            Some("public") => true,
            Some("restricted" | "knock_restricted") => through,
            _ => false,
        };
        match room.membership(user) {
            "ban" => return refuse(403, "M_BAD_STATE", "Cannot join user who was banned"),
            "invite" | "join" => {}
            _ if open => {}
            _ => return refuse(403, "M_FORBIDDEN", "You are not invited to this room."),
        }
        let id = self.aliases.get(id).map_or(id, String::as_str).to_owned();
        let name = self.display_name(user);
        if let Some(room) = self.room_mut(&id) {
            room.set_membership(user, user, "join", name);
        }
        Ok(json!({"room_id": id}))
    }

    pub(super) fn knock(&mut self, user: &str, id: &str) -> Answer {
        match self.room_mut(id) {
            Some(room) => {
                room.set_membership(user, user, "knock", Value::Null);
                Ok(json!({"room_id": id}))
            }
            None => refuse(404, "M_NOT_FOUND", "Can't knock remote room because no servers"),
        }
    }

    pub(super) fn leave(&mut self, user: &str, id: &str) -> Answer {
        match self.room_mut(id) {
            Some(room) if room.membership(user) == "ban" => {
                refuse(403, "M_FORBIDDEN", "You cannot leave a room from which you are banned")
            }
            Some(room) => {
                room.set_membership(user, user, "leave", Value::Null);
                Ok(json!({}))
            }
            None => refuse(404, "M_UNKNOWN", "Not a known room"),
        }
    }

    pub(super) fn invite(&mut self, user: &str, id: &str, guest: &str) -> Answer {
        self.check_standing(user)?;
        let shadow_banned = self.users.get(user).is_some_and(|user| user.shadow_banned);
        let name = self.display_name(guest);
        let permission = self.users.get(guest).and_then(|guest| guest.account_data.get("m.invite_permission_config"));
        let blocks = permission.is_some_and(|permission| permission["default_action"] == "block");
        let Some(room) = self.room_mut(id) else { return refuse(403, "M_FORBIDDEN", "Unknown room") };
        if room.membership(user) != "join" {
            return refuse(403, "M_FORBIDDEN", format!("{user} not in room {id}."));
        }
        match room.membership(guest) {
            "ban" => return refuse(403, "M_BAD_STATE", "Cannot invite user who was banned"),
            "join" => return refuse(403, "M_FORBIDDEN", format!("{guest} is already in the room.")),
            _ if room.power(user) < room.needs("invite", 0) => {
                return refuse(403, "M_FORBIDDEN", "You don't have permission to invite users");
            }
            _ if blocks => return refuse(403, "M_INVITE_BLOCKED", "Invites have been disabled by the user"),
            // The homeserver pretends.
            _ if shadow_banned => return Ok(json!({})),
            _ => {}
        }
        room.put(user, "m.room.member", guest, json!({"membership": "invite", "displayname": name}));
        Ok(json!({}))
    }

    pub(super) fn moderate(&mut self, user: &str, id: &str, action: &str, target: &str) -> Answer {
        let Some(room) = self.room_mut(id) else { return refuse(404, "M_NOT_FOUND", "Unknown room") };
        let needs = room.needs(if action == "kick" { "kick" } else { "ban" }, 50);
        if room.membership(user) != "join" || room.power(user) < needs {
            return refuse(403, "M_FORBIDDEN", "You don't have permission to do that");
        }
        if action == "unban" && room.membership(target) != "ban" {
            let error = format!("Cannot unban user who was not banned (membership={})", room.membership(target));
            return refuse(403, "M_BAD_STATE", error);
        }
        room.set_membership(user, target, if action == "ban" { "ban" } else { "leave" }, Value::Null);
        Ok(json!({}))
    }

    pub(super) fn summary(&self, user: &str, id: &str) -> Answer {
        let found = self.room(id).filter(|room| {
            let rule = room.text("m.room.join_rules", "join_rule").unwrap_or("invite");
            matches!(room.membership(user), "join" | "invite")
                || matches!(rule, "public" | "knock" | "knock_restricted")
        });
        let Some(room) = found else { return refuse(404, "M_NOT_FOUND", "Room not found or is not accessible") };
        let rules = room.content("m.room.join_rules", "").cloned().unwrap_or_default();
        let mut summary = json!({"room_id": id, "num_joined_members": room.members(), "world_readable": false,
            "guest_can_join": false, "join_rule": rules["join_rule"]});
        let allowed: Vec<&Value> =
            rules["allow"].as_array().into_iter().flatten().map(|allow| &allow["room_id"]).collect();
        if !allowed.is_empty() {
            summary["allowed_room_ids"] = json!(allowed);
        }
        for (name, kind, field) in [
            ("name", "m.room.name", "name"),
            ("avatar_url", "m.room.avatar", "url"),
            ("canonical_alias", "m.room.canonical_alias", "alias"),
            ("room_type", "m.room.create", "type"),
        ] {
            if let Some(text) = room.text(kind, field) {
                summary[name] = text.into();
            }
        }
        Ok(summary)
    }

    pub(super) fn details(&self, id: &str) -> Answer {
        let Some(room) = self.room(id) else { return refuse(404, "M_NOT_FOUND", "Room not found") };
        Ok(json!({
            "room_id": id,
            "name": room.text("m.room.name", "name"),
            "avatar": room.text("m.room.avatar", "url"),
            "canonical_alias": room.text("m.room.canonical_alias", "alias"),
            "room_type": room.text("m.room.create", "type"),
            "join_rules": room.text("m.room.join_rules", "join_rule"),
            "joined_members": room.members(),
        }))
    }

    /// Simplified sliding sync (MSC4186): all rooms of a user, with their state.
    pub(super) fn sync(&self, user: &str) -> Value {
        let direct = self.direct(user);
        let joined = self.rooms.iter().filter(|(_, room)| room.membership(user) == "join");
        let rooms = joined.map(|(id, room)| {
            let asked = |kind: &str| kind != "m.room.member" && kind != "m.room.history_visibility";
            let state: Vec<Value> = room
                .state
                .iter()
                .filter(|((kind, _), _)| asked(kind))
                .map(|(key, event)| Room::shown(key, event))
                .collect();
            let mut shown = json!({"initial": true, "required_state": state, "joined_count": room.members(),
                "bump_stamp": room.stamp, "is_dm": direct.contains(&id.as_str())});
            for (name, kind, field) in [("name", "m.room.name", "name"), ("avatar", "m.room.avatar", "url")] {
                if let Some(text) = room.text(kind, field) {
                    shown[name] = text.into();
                }
            }
            (id.clone(), shown)
        });
        let rooms: serde_json::Map<String, Value> = rooms.collect();
        json!({"pos": "1", "lists": {"all": {"count": rooms.len()}}, "rooms": rooms, "extensions": {}})
    }
}
