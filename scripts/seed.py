"""Fills a throw-away homeserver with the people, rooms and invites of the demo, and prints how to use them.

Usage: seed.py HOMESERVER_URL SHARED_SECRET SERVICE_URL [module]

With `module`, SERVICE_URL is that of a homeserver with the Python module inside, which is filled for the service to take over.
"""

import hashlib
import hmac
import http.cookiejar
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HOMESERVER, SECRET, SERVICE = sys.argv[1:4]
BY_MODULE = sys.argv[4:] == ["module"]
API = f"{SERVICE}/_synapse/client/super_invites"
PASSWORD = "demo"


def ask(method, url, body=None, token=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            # The homeserver has its default rate limits.
            if refusal.code != 429:
                raise
            time.sleep(json.load(refusal)["retry_after_ms"] / 1000)


def person(name, display_name, admin=False):
    """Registers a person with the homeserver's shared secret (Synapse admin API), or logs them in."""
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


def in_room(token, room_id, action, **body):
    return ask("POST", f"{HOMESERVER}/_matrix/client/v3/rooms/{urllib.parse.quote(room_id)}/{action}", body, token)


def state(token, room_id, kind, key, content):
    path = f"/_matrix/client/v3/rooms/{urllib.parse.quote(room_id)}/state/{kind}/{urllib.parse.quote(key)}"
    return ask("PUT", HOMESERVER + path, content, token)


class Pages:
    """A person's browser: it keeps its cookie, and posts forms as a page of the same site."""

    def __init__(self, user):
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.send("/sign-in", "sign_in", [("user", user), ("password", PASSWORD)])

    def send(self, page, function, fields):
        body = urllib.parse.urlencode([("_function", function), *fields]).encode()
        with self.opener.open(urllib.request.Request(SERVICE + page, body, {"Origin": SERVICE})) as answer:
            return answer.geturl()

    def invite(self, label, rooms, **more):
        fields = [("form[label]", label), *(("form[rooms][]", room) for room in rooms)]
        fields += [(f"form[{name}]", value) for name, value in more.items()]
        return self.send("/new", "save", fields).split("/")[-1].split("?")[0]


admin, new = person("admin", "Ada Admin", admin=True)
anna, _ = person("anna", "Anna Ahlgren")
ben, _ = person("ben", "Ben Bakker")
cleo, _ = person("cleo", "Cleo Costa")
person("dora", "Dora Dahl")
if not BY_MODULE:
    # The service has created its own user at start-up.
    ask("PUT", f"{HOMESERVER}/_synapse/admin/v1/users/@super-invites:test/admin", {"admin": True}, admin)

if new:
    space = room(anna, "Garden Collective", "Everything about our garden", creation_content={"type": "m.space"})
    names = [("General", "Hello and how are you"), ("Compost", "Hot or not"), ("Seeds", "Swap and sow"), ("Market", "Saturdays at nine")]
    rooms = [space]
    for name, topic in names:
        made = room(anna, name, topic)
        rooms.append(made)
        state(anna, space, "m.space.child", made, {"via": ["test"]})
    general, compost, seeds, market = rooms[1:]
    kitchen = room(anna, "Kitchen", "What to cook")
    invite = {"token": "garden-2026", "create_dm": True, "rooms": rooms}
    ask("POST", f"{API}/tokens", invite, anna)

    if BY_MODULE:
        # When it meets the homeserver's rate limits, the module leaves people out of rooms; that is imported as well.
        for who in [cleo, ben]:
            ask("POST", f"{API}/redeem?token=garden-2026", None, who)
        for code, made in [("Sommerfest ä", [general, market]), ("spring-2026", [kitchen]), (None, ["#kitchen:test"])]:
            body = {"rooms": made} if code is None else {"token": code, "rooms": made}
            ask("POST", f"{API}/tokens", body, anna)
        path = f"/_matrix/client/v3/directory/room/{urllib.parse.quote('#kitchen:test')}"
        ask("PUT", HOMESERVER + path, {"room_id": kitchen}, anna)
        ask("DELETE", f"{API}/tokens?token=spring-2026", None, anna)
        sys.exit()

    # Cleo redeems it, and her own client shows the rooms that she is in.
    answer = ask("POST", f"{API}/redeem?token=garden-2026", None, cleo)
    joined = ask("GET", f"{HOMESERVER}/_matrix/client/v3/joined_rooms", None, cleo)["joined_rooms"]
    if answer["failed"] or set(joined) != set(answer["rooms"]) or len(joined) != len(rooms) + 1:
        sys.exit(f"the redemption went wrong: {answer}, but Cleo is in {joined}")

    # Invites in other states: with a name, with rooms shown to everybody, with a room that cannot be joined, with none that can, deleted.
    pages = Pages("anna")
    pages.send("/invites/garden-2026/edit", "save", [
        ("form[editing]", "garden-2026"), ("form[label]", "New gardeners"), ("form[chat]", "true"),
        ("form[show_rooms]", "true"), ("form[welcome]", "We swap seeds, lend tools and drown in courgettes. Say hello in General!"),
        *(("form[rooms][]", made) for made in rooms), ("form[asks_registration]", "true"), ("form[registration]", "true")])
    pages.invite("Summer party", [general, market], code="summer-party", show_rooms="true", chat="true")
    in_room(anna, market, "ban", user_id="@dora:test")
    Pages("dora").send("/i/summer-party", "redeem", [("code", "summer-party")])
    club = room(cleo, "Reading club", "One book a month", power_level_content_override={"invite": 0})
    in_room(cleo, club, "invite", user_id="@anna:test")
    ask("POST", f"{HOMESERVER}/_matrix/client/v3/join/{urllib.parse.quote(club)}", {}, anna)
    pages.invite("Readers", [club, kitchen], code="readers")
    state(cleo, club, "m.room.power_levels", "", {"invite": 50})
    pages.invite("", [kitchen])
    pages.invite("", [kitchen], code="spring-2026")
    pages.send("/invites/spring-2026/delete", "delete", [("code", "spring-2026")])

    # Invites with limits, or that do not work now; and one of Ben's that Anna blocks in her kitchen.
    def limited(token, who, made, **more):
        body = {"token": token, "rooms": made, **more}
        return ask("POST", f"{API}/tokens", body, who)["token"]["created_at"]

    now = limited("workshop", anna, [compost], label="Compost workshop", max_uses=12, welcome="Boots on!\nWe start at ten, at the gate.")
    limited("workshop", anna, [compost], expires_at=now + 9 * 86_400_000)
    limited("harvest", anna, [general], label="Harvest, next spring", not_before=now + 120 * 86_400_000)
    limited("helpers", anna, [market], label="Market helpers", max_uses=1)
    Pages("cleo").send("/i/helpers", "redeem", [("code", "helpers")])
    limited("cellar", anna, [kitchen], label="Cellar keys", paused=True)
    in_room(anna, kitchen, "invite", user_id="@ben:test")
    ask("POST", f"{HOMESERVER}/_matrix/client/v3/join/{urllib.parse.quote(kitchen)}", {}, ben)
    limited("bens-friends", ben, [kitchen])
    rooms_api = f"{API}/rooms"
    into = ask("GET", f"{rooms_api}?room={urllib.parse.quote(kitchen)}", None, anna)["invites"]
    number = next(one["invite"] for one in into if one["owner"]["user_id"] == "@ben:test")
    ask("POST", rooms_api, {"room": kitchen, "invite": number, "blocked": True, "reason": "Please ask me first."}, anna)

if new:
    anna_has = """Anna has invites in several states, and keeps one of Ben's out of her kitchen. Sign in as her and look at
                  them. Admin sees everybody's."""
    came = """Cleo has redeemed it, and her own
                  client finds her in all six. Open it as Ben."""
else:
    anna_has = "Anna has the invites that the module has left, one with an odd code and one with a room's alias."
    came = "Cleo and Ben have redeemed it with the module."
redeem = f"{API}/redeem?token=garden-2026"
print(f"""
  Open            {SERVICE}

  Log-ins         anna, ben, cleo, dora, admin; the password of each is: {PASSWORD}
                  {anna_has}
  Her best        {SERVICE}/i/garden-2026
                  for a space, its four rooms and a direct chat. Signed out, it lets you create an
                  account and join. {came}
  Its picture     {SERVICE}/i/garden-2026/preview.png, as chats show it beside the link
  A deleted one   {SERVICE}/i/spring-2026

  The homeserver  {HOMESERVER}  (server name: test)

  Or redeem it as Ben by hand, and see where he is:

    curl -X POST -H 'Authorization: Bearer {ben}' '{redeem}'
    curl -H 'Authorization: Bearer {ben}' '{HOMESERVER}/_matrix/client/v3/joined_rooms'
""")
