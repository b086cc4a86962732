"""Homeservers: their people and rooms, and their records of who has joined which room."""

import hashlib
import hmac
import http.client
import json
import sqlite3
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

PASSWORD = "bench"
SENDER = "@super-invites:test"


def ask(base, method, path, body=None, token=None, headers=None, timeout=300):
    """One request on a connection of its own: the status and the response."""
    address = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.getheader("content-type", "").split(";")[0] == "application/json":
            return answer.status, json.loads(text)
        return answer.status, answer
    finally:
        connection.close()


class Homeserver:
    """What all homeservers have in common."""

    def __init__(self, url, process):
        self.url, self.process = url, process

    def ask(self, method, path, body=None, token=None):
        status, answer = ask(self.url, method, path, body, token)
        assert status == 200, (method, path, status, answer)
        return answer

    def people(self, names):
        """Creates people and returns their access tokens, in the order of their names."""
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(self.person, names))

    def room(self, token, **more):
        body = {"preset": "private_chat", **more}
        return self.ask("POST", "/_matrix/client/v3/createRoom", body, token)["room_id"]

    def rooms(self, token, count):
        return [self.room(token) for _ in range(count)]

    def space(self, token, count):
        """A space, and rooms that its members may join."""
        space = self.room(token, name="Space", creation_content={"type": "m.space"})
        allow = [{"type": "m.room_membership", "room_id": space}]
        rule = {"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "restricted", "allow": allow}}
        return [space, *(self.room(token, initial_state=[rule]) for _ in range(count))]

    def is_up(self, token):
        """Waits until it has carried out earlier requests."""
        self.ask("GET", "/_matrix/client/v3/account/whoami", token=token)


class Synapse(Homeserver):
    """A real one, from `scripts/synapse`."""

    def __init__(self, url, folder, process):
        super().__init__(url, process)
        self.folder = folder
        self.secret = (folder / "shared_secret").read_text().strip()

    def person(self, name, admin=False):
        path = "/_synapse/admin/v1/register"
        nonce = self.ask("GET", path)["nonce"]
        words = [nonce, name, PASSWORD, "admin" if admin else "notadmin"]
        mac = hmac.new(self.secret.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": admin, "mac": mac}
        return self.ask("POST", path, body)["access_token"]

    def trust_service(self, admin):
        """Allows the service to query accounts, as `super-invites check` advises. It creates its own user at start-up."""
        path = f"/_synapse/admin/v1/users/{SENDER}/admin"
        while ask(self.url, "PUT", path, {"admin": True}, admin)[0] == 404:
            time.sleep(0.1)

    def record(self):
        """How often each person has joined each room, and how many rooms each has created, according to its own database."""
        with sqlite3.connect(f"file:{self.folder}/homeserver.db?mode=ro", uri=True) as database:
            joins = "SELECT room_id, user_id, COUNT(*) FROM room_memberships WHERE membership = 'join' GROUP BY 1, 2"
            joins = {(room, user): times for room, user, times in database.execute(joins)}
            made = dict(database.execute("SELECT creator, COUNT(*) FROM rooms GROUP BY 1"))
        return joins, Counter(made)


class Light(Homeserver):
    """The in-memory one, `light.py`: every user exists."""

    def person(self, name, admin=False):
        return f"token.{name}"

    def people(self, names):
        return [self.person(name) for name in names]

    def trust_service(self, admin):
        pass

    def record(self):
        """Like `Synapse.record`, from its own record."""
        record = self.ask("GET", "/_light/record")
        return {(room, user): times for room, user, times in record["joins"]}, Counter(record["made"])
