"""Fills a throw-away homeserver with the people, rooms and invite of the demo, and says how it went.

Usage: seed.py HOMESERVER_URL SHARED_SECRET SERVICE_URL
"""

import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

HOMESERVER, SECRET, SERVICE = sys.argv[1:4]
PASSWORD = "demo"


def ask(method, url, body=None, token=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def person(name, display_name, admin=False):
    """Registers somebody with the homeserver's shared secret (Synapse admin API), or logs them in."""
    url = f"{HOMESERVER}/_synapse/admin/v1/register"
    nonce = ask("GET", url)["nonce"]
    parts = [nonce, name, PASSWORD, "admin" if admin else "notadmin"]
    mac = hmac.new(SECRET.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": name, "displayname": display_name, "password": PASSWORD, "admin": admin, "mac": mac}
    try:
        return ask("POST", url, body)["access_token"], True
    except urllib.error.HTTPError:
        identifier = {"type": "m.id.user", "user": name}
        body = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        return ask("POST", f"{HOMESERVER}/_matrix/client/v3/login", body)["access_token"], False


def room(token, name, topic, **more):
    body = {"preset": "private_chat", "name": name, "topic": topic, **more}
    return ask("POST", f"{HOMESERVER}/_matrix/client/v3/createRoom", body, token)["room_id"]


admin, new = person("admin", "Ada Admin", admin=True)
anna, _ = person("anna", "Anna Ahlgren")
ben, _ = person("ben", "Ben Bakker")
cleo, _ = person("cleo", "Cleo Costa")
service_user = "@super-invites:test"
ask("PUT", f"{HOMESERVER}/_synapse/admin/v1/users/{service_user}/admin", {"admin": True}, admin)

if new:
    space = room(anna, "Garden Collective", "Everything about our garden", creation_content={"type": "m.space"})
    names = [("General", "Hello and how are you"), ("Compost", "Hot or not"), ("Seeds", "Swap and sow"), ("Market", "Saturdays at nine")]
    rooms = [space]
    for name, topic in names:
        made = room(anna, name, topic)
        rooms.append(made)
        path = f"/_matrix/client/v3/rooms/{urllib.parse.quote(space)}/state/m.space.child/{urllib.parse.quote(made)}"
        ask("PUT", HOMESERVER + path, {"via": ["test"]}, anna)
    invite = {"token": "garden-2026", "create_dm": True, "rooms": rooms}
    ask("POST", f"{SERVICE}/_synapse/client/super_invites/tokens", invite, anna)

    # Cleo redeems it, and her own client says where she is.
    answer = ask("POST", f"{SERVICE}/_synapse/client/super_invites/redeem?token=garden-2026", None, cleo)
    joined = ask("GET", f"{HOMESERVER}/_matrix/client/v3/joined_rooms", None, cleo)["joined_rooms"]
    if answer["failed"] or set(joined) != set(answer["rooms"]) or len(joined) != len(rooms) + 1:
        sys.exit(f"the redemption went wrong: {answer}, but Cleo is in {joined}")

redeem = f"{SERVICE}/_synapse/client/super_invites/redeem?token=garden-2026"
print(f"""
  The homeserver  {HOMESERVER}  (server name: test)
  The service     {SERVICE}

  Log-ins         anna, ben, cleo, admin; the password of each is: {PASSWORD}
  Anna's invite   garden-2026, for a space, its four rooms and a direct chat. It opens an account, too.
                  Cleo has redeemed it, and her own client finds her in all six.

  Redeem it as Ben:

    curl -X POST -H 'Authorization: Bearer {ben}' '{redeem}'

  Then see where he is:

    curl -H 'Authorization: Bearer {ben}' '{HOMESERVER}/_matrix/client/v3/joined_rooms'
""")
