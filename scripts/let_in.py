"""let_in.py HOMESERVER SERVICE PAGES SECRET [LINKS]: lets somebody into a room with an invite, at a real homeserver whose secret for registering
users is SECRET, and looks at what an operator is told to look at. LINKS is what share links begin with."""

import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.request

HOMESERVER, SERVICE, PAGES, SECRET = sys.argv[1:5]
API = f"{SERVICE}/_synapse/client/super_invites"


def ask(method, url, body=None, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def person(name):
    url = f"{HOMESERVER}/_synapse/admin/v1/register"
    nonce = ask("GET", url)["nonce"]
    mac = hmac.new(SECRET.encode(), "\0".join([nonce, name, "secret", "admin"]).encode(), hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": name, "password": "secret", "admin": True, "mac": mac}
    return ask("POST", url, body)["access_token"]


anna, ben = person("anna"), person("ben")
room = ask("POST", f"{HOMESERVER}/_matrix/client/v3/createRoom", {"preset": "private_chat"}, anna)["room_id"]
code = ask("POST", f"{API}/tokens", {"rooms": [room]}, anna)["token"]["token"]
came = ask("POST", f"{API}/redeem?token={code}", {}, ben)
joined = ask("GET", f"{HOMESERVER}/_matrix/client/v3/joined_rooms", None, ben)["joined_rooms"]
assert came == {"rooms": [room], "failed": []} and joined == [room], (came, joined)
for links in sys.argv[5:]:
    link = ask("PUT", f"{SERVICE}/_synapse/client/share_link/", {"type": "ref", "ref": "super-invite-token", "token": code}, anna)
    assert link["url"].startswith(links), link
try:
    ask("GET", f"{API}/tokens")
    sys.exit("it answers whom it does not know")
except urllib.error.HTTPError as refusal:
    assert refusal.code == 401 and json.load(refusal)["errcode"] == "M_MISSING_TOKEN"
with urllib.request.urlopen(f"{PAGES}/", timeout=60) as page:
    assert b"Super Invites" in page.read()
