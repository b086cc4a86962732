"""An in-memory homeserver, so that the homeserver is not what is measured: the Matrix calls that the service makes, and a record of who has
joined which room how often. It runs as a process of its own.

Usage: light.py PORT SLOW

Every user exists: the access token `WHATEVER.anna` belongs to @anna:test, and @admin:test is a server admin. A request that changes
something takes about SLOW milliseconds until it is carried out, and as long again until the response; it is carried out even if the
client has died meanwhile, as on a real homeserver.
"""

import asyncio
import json
import random
import re
import sys
from collections import Counter, defaultdict
from urllib.parse import parse_qsl, unquote

AS_TOKEN = "the-application-services-token"
SENDER = "@super-invites:test"
PORT, SLOW = int(sys.argv[1]), float(sys.argv[2])
TOKEN = re.compile(rb"\r\nauthorization: bearer ([^\r]*)", re.I)
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.I)


class Refused(Exception):
    def __init__(self, status, errcode, error):
        self.status, self.body = status, {"errcode": errcode, "error": error}


class Room:
    __slots__ = ("id", "creator", "members", "state", "direct")

    def __init__(self, id, creator, body):
        self.id, self.creator, self.direct = id, creator, body.get("is_direct", False)
        self.members = {creator: "join"}
        invited = body.get("invite", [])
        self.members.update((user, "invite") for user in invited)
        trusted = invited if body.get("preset") == "trusted_private_chat" else []
        rule = "public" if body.get("preset") == "public_chat" else "invite"
        self.state = {
            ("m.room.create", ""): {"room_version": "10", "creator": creator, **body.get("creation_content", {})},
            ("m.room.power_levels", ""): {"users": {user: 100 for user in [creator, *trusted]}, "invite": 0},
            ("m.room.join_rules", ""): {"join_rule": rule},
        }
        if "name" in body:
            self.state["m.room.name", ""] = {"name": body["name"]}
        for event in body.get("initial_state", []):
            self.state[event["type"], event.get("state_key", "")] = event["content"]

    def content(self, kind, key=""):
        if kind == "m.room.member":
            return {"membership": self.members[key]} if key in self.members else None
        return self.state.get((kind, key))

    def event(self, kind, key, content):
        about = {"sender": self.creator, "event_id": "$event", "origin_server_ts": 0, "room_id": self.id}
        return {"type": kind, "state_key": key, "content": content, **about}


ROOMS = {}
JOINED = defaultdict(dict)
ACCOUNT_DATA = {}
JOINS, MADE = Counter(), Counter()


def put(room, user, membership):
    if membership == "join":
        JOINS[room.id, user] += 1
        JOINED[user][room.id] = room
    room.members[user] = membership


def found(id):
    if id not in ROOMS:
        raise Refused(404, "M_NOT_FOUND", "Unknown room")
    return ROOMS[id]


def create_room(user, body):
    room = Room(f"!room{len(ROOMS)}:test", user, body)
    ROOMS[room.id] = room
    put(room, user, "join")
    MADE[user] += 1
    return {"room_id": room.id}


def invite(user, id, guest):
    room = found(id) if id in ROOMS else None
    if room is None or room.members.get(user) != "join":
        raise Refused(403, "M_FORBIDDEN", f"{user} not in room {id}.")
    if room.members.get(guest) == "join":
        raise Refused(403, "M_FORBIDDEN", f"{guest} is already in the room.")
    put(room, guest, "invite")
    return {}


def join(user, id):
    room = found(id)
    before, rules = room.members.get(user), room.content("m.room.join_rules")
    through = any(allow["room_id"] in JOINED[user] for allow in rules.get("allow", []))
    is_open = rules["join_rule"] == "public" or rules["join_rule"] == "restricted" and through
    if before == "join":
        return {"room_id": id}
    if before != "invite" and not is_open:
        raise Refused(403, "M_FORBIDDEN", "You are not invited to this room.")
    put(room, user, "join")
    return {"room_id": id}


def summary(user, id):
    room = found(id)
    if room.members.get(user) not in ("join", "invite"):
        raise Refused(404, "M_NOT_FOUND", "Room not found or is not accessible")
    rules = room.content("m.room.join_rules")
    members = sum(1 for membership in room.members.values() if membership == "join")
    shown = {"room_id": id, "num_joined_members": members, "world_readable": False, "guest_can_join": False}
    shown["join_rule"] = rules["join_rule"]
    if "allow" in rules:
        shown["allowed_room_ids"] = [allow["room_id"] for allow in rules["allow"]]
    for field, content, name in (("name", room.content("m.room.name"), "name"), ("room_type", room.content("m.room.create"), "type")):
        if content and name in content:
            shown[field] = content[name]
    return shown


def sync(user):
    """Simplified sliding sync (MSC4186): all rooms of a user, with their state."""
    rooms = {}
    for stamp, room in enumerate(JOINED[user].values()):
        state = [room.event(kind, key, content) for (kind, key), content in room.state.items()]
        joined = sum(1 for membership in room.members.values() if membership == "join")
        rooms[room.id] = {"initial": True, "required_state": state, "joined_count": joined, "bump_stamp": stamp, "is_dm": room.direct}
    return {"pos": "1", "lists": {"all": {"count": len(rooms)}}, "rooms": rooms, "extensions": {}}


def state_of(user, id, kind, key, whole):
    room = found(id)
    if room.members.get(user) != "join":
        raise Refused(403, "M_FORBIDDEN", f"User {user} not in room {id}")
    content = room.content(kind, key)
    if content is None:
        raise Refused(404, "M_NOT_FOUND", "Event not found.")
    return room.event(kind, key, content) if whole else content


def is_admin(user):
    return user in ("@admin:test", SENDER)


def admin_api(user, path):
    match path:
        case ["v2", "users", of] if is_admin(user) or of == user:
            return {"name": of, "deactivated": False, "admin": is_admin(of), "creation_ts": 1}
        case ["v1", "users", _, "override_ratelimit"] if is_admin(user):
            return {"messages_per_second": 0, "burst_count": 0}
        case ["v1", "registration_tokens", *_] if is_admin(user):
            raise Refused(404, "M_NOT_FOUND", "No such registration token")
    raise Refused(403, "M_FORBIDDEN", "You are not a server admin")


def caller(token, query):
    if token == AS_TOKEN:
        return query.get("user_id", SENDER)
    if "." not in token:
        raise Refused(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
    return f"@{token.split('.', 1)[1]}:test"


def log_in(body):
    name = body.get("identifier", {}).get("user", "").removeprefix("@").removesuffix(":test")
    return {"user_id": f"@{name}:test", "access_token": f"session.{name}", "device_id": "DEVICE"}


def answer(method, path, query, token, body):
    match path:
        case ["_light", "record"]:
            return {"joins": [[room, user, times] for (room, user), times in JOINS.items()], "made": MADE}
        case ["_matrix", "client", _, "login"]:
            return {"flows": [{"type": "m.login.password"}]} if method == "GET" else log_in(body)
        case ["_matrix", "client", _, "profile", user]:
            return {"displayname": user[1:-5]}
        case ["_matrix", "client", _, "register"]:
            raise Refused(400, "M_USER_IN_USE", "User ID already taken.")
    user = caller(token, query)
    match path:
        case ["_synapse", "admin", *rest]:
            return admin_api(user, rest)
        case ["_matrix", "client", "unstable", "im.nheko.summary", "rooms", room, "summary"]:
            return summary(user, room)
        case ["_matrix", "client", "unstable", "org.matrix.simplified_msc3575", "sync"]:
            return sync(user)
        case ["_matrix", "client", _, "account", "whoami"]:
            return {"user_id": user, "is_guest": False}
        case ["_matrix", "client", _, "joined_rooms"]:
            return {"joined_rooms": list(JOINED[user])}
        case ["_matrix", "client", _, "createRoom"]:
            return create_room(user, body)
        case ["_matrix", "client", _, "rooms", room, "invite"]:
            return invite(user, room, body["user_id"])
        case ["_matrix", "client", _, "rooms", room, "join"]:
            return join(user, room)
        case ["_matrix", "client", _, "rooms", room, "state", kind, *key]:
            return state_of(user, room, kind, key[0] if key else "", query.get("format") == "event")
        case ["_matrix", "client", _, "user", of, "account_data", kind]:
            if method == "PUT":
                ACCOUNT_DATA[of, kind] = body
                return {}
            if (of, kind) not in ACCOUNT_DATA:
                raise Refused(404, "M_NOT_FOUND", "Account data not found")
            return ACCOUNT_DATA[of, kind]
    raise Refused(404, "M_UNRECOGNIZED", "Unrecognized request")


class Connection(asyncio.Protocol):
    """Serves one client. Implements only the HTTP that is needed: one request at a time, bodies with a Content-Length."""

    def __init__(self):
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            length = LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            # Requests for the record do not come from the service.
            if SLOW and method in ("POST", "PUT") and not target.startswith("/_light"):
                # A reference keeps the task from being garbage-collected before it ends.
                task = asyncio.ensure_future(self.slowly(method, target, head, body))
                TASKS.add(task)
                task.add_done_callback(TASKS.discard)
            else:
                self.send(self.done(method, target, head, body))

    async def slowly(self, method, target, head, body):
        await asyncio.sleep(random.expovariate(1000 / SLOW))
        done = self.done(method, target, head, body)
        await asyncio.sleep(random.expovariate(1000 / SLOW))
        self.send(done)

    def done(self, method, target, head, body):
        path, _, query = target.partition("?")
        token = TOKEN.search(head)
        try:
            parts = [unquote(part) for part in path.split("/")[1:]]
            token = token[1].decode() if token else ""
            return 200, answer(method, parts, dict(parse_qsl(query)), token, json.loads(body) if body else {})
        except Refused as refused:
            return refused.status, refused.body

    def send(self, done):
        status, body = done
        text = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + text)


TASKS = set()


async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", PORT, backlog=1024)
    await server.serve_forever()


asyncio.run(main())
