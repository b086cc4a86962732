"""The two ends of scripts/proxies.

proxies.py homeserver SLOW: stands before the homeserver of scripts/benchmark/light.py (port 8009) on port 8008, remembers for whom it was asked
under GET /_asked, and makes joining a room take SLOW seconds.
proxies.py through CA SLOW: asks the service through the proxy as people do, and fails if anything arrives differently.
"""

import http.client
import json
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = "/_synapse/client/super_invites"
PAGES, MATRIX = "invite.example.org", "matrix.example.org"
# Not the proxy's own address, which the service trusts.
OURS, INVENTED = "127.0.0.2", "203.0.113.9"


class Homeserver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked, slow = [], 0.0

    def log_message(self, *_):
        pass

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/_asked":
            status, answer = 200, json.dumps(self.asked).encode()
        else:
            self.asked.append([self.path, self.headers.get("host"), self.headers.get("x-forwarded-for")])
            if self.path.split("?")[0].endswith("/join"):
                time.sleep(self.slow)
            behind = http.client.HTTPConnection("127.0.0.1", 8009, timeout=10)
            headers = {"authorization": self.headers.get("authorization", "Bearer ")}
            behind.request(self.command, self.path, body, headers)
            response = behind.getresponse()
            status, answer = response.status, response.read()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = pass_on


class Through:
    """Somebody who reaches the service by the proxy alone."""

    def __init__(self, authority):
        self.context = ssl.create_default_context(cafile=authority)

    def send(self, method, host, path, body=None, headers=None, secure=True):
        source = (OURS, 0)
        if secure:
            line = http.client.HTTPSConnection(host, 443, timeout=100, source_address=source, context=self.context)
        else:
            line = http.client.HTTPConnection(host, 80, timeout=100, source_address=source)
        line.request(method, path, body, headers or {})
        return line.getresponse()

    def ask(self, method, host, path, body=None, token=None, **headers):
        """A request as apps make it: the status and the answer, which is JSON."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if isinstance(body, dict):
            body = json.dumps(body)
        answer = self.send(method, host, path, body, headers)
        text = answer.read().decode()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text


def equal(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, wanted {wanted!r}")
    print(f"    {what}", file=sys.stderr, flush=True)


def asked():
    line = http.client.HTTPConnection("127.0.0.1", 8008, timeout=10)
    line.request("GET", "/_asked")
    return json.load(line.getresponse())


def paths(people):
    """Which paths lead where."""
    found = people.ask("GET", MATRIX, f"{API}/tokens")
    equal("the API answers on the homeserver's host", (found[0], found[1].get("errcode")), (401, "M_MISSING_TOKEN"))
    found = people.ask("GET", PAGES, f"{API}/tokens")
    equal("and on the host of the pages", (found[0], found[1].get("errcode")), (401, "M_MISSING_TOKEN"))
    found = people.ask("PUT", MATRIX, "/_synapse/client/share_link/")
    equal("share links are made on the homeserver's host", (found[0], found[1].get("errcode")), (401, "M_MISSING_TOKEN"))
    for path in ("/_matrix/client/v3/rooms/%21a%2Fb%3Atest/state", "/_synapse/client/other", "/_synapse/client/share_link_too"):
        people.ask("GET", MATRIX, path)
        equal(f"{path} is the homeserver's, to the letter", asked()[-1], [path, MATRIX, OURS])
    page = people.send("GET", PAGES, "/")
    equal("the first page is there", (page.status, b"Super Invites" in page.read()), (200, True))
    for file, word in (("assetlinks.json", "org.example.app"), ("apple-app-site-association", "ABCDE12345.org.example.app")):
        found = people.ask("GET", PAGES, f"/.well-known/{file}")
        equal(f"/.well-known/{file} is the service's", (found[0], word in json.dumps(found[1])), (200, True))
    moved = people.send("GET", PAGES, "/i/abc", secure=False)
    encrypted = (moved.status in (301, 308), moved.headers["location"])
    equal("whoever types no https is led there", encrypted, (True, f"https://{PAGES}/i/abc"))


def about_the_request(people):
    """What the service is told about a request."""
    people.ask("GET", MATRIX, f"{API}/tokens", token="one.anna", x_forwarded_for=INVENTED, user_agent="Anna's phone")
    whoami = [entry for entry in asked() if "/whoami" in entry[0]][-1]
    equal("the service sees the person's address, not one that they made up", whoami[2], OURS)
    for host, path in ((PAGES, "/"), (MATRIX, f"{API}/")):
        page = people.send("GET", host, path, headers={"x-forwarded-proto": "http"})
        policy = page.headers["content-security-policy"]
        equal(f"a page at {host} knows its address, and that it is encrypted", f"https://{host}{API}/_assets/" in policy, True)
    # More than nginx has in memory, and more than the service reads.
    found = people.ask("POST", MATRIX, f"{API}/tokens", json.dumps({"label": "x" * 40_000}), token="one.anna")
    equal("a body of 40 kB arrives whole", (found[0], found[1]["errcode"]), (400, "M_INVALID_PARAM"))
    found = people.ask("POST", MATRIX, f"{API}/tokens", json.dumps({"label": "x" * 100_000}), token="one.anna")
    equal("of one that is too large the service says so", (found[0], found[1]["errcode"]), (413, "M_TOO_LARGE"))


def sign_in(people, name):
    """The cookie of somebody who signs in on the pages."""
    form = urllib.parse.urlencode({"_function": "sign_in", "user": f"@{name}:test", "password": "secret", "to": ""})
    headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    answer = people.send("POST", PAGES, "/sign-in", form, headers)
    cookie = answer.headers.get("set-cookie", "")
    equal("people sign in", (answer.status, cookie.startswith("__Host-super_invites=")), (303, True))
    return cookie.split(";")[0]


def redeem(people, slow):
    """A redemption that takes long, while somebody watches."""
    room = people.ask("POST", MATRIX, "/_matrix/client/v3/createRoom", {"preset": "private_chat"}, token="one.anna")[1]["room_id"]
    code = people.ask("POST", MATRIX, f"{API}/tokens", {"rooms": [room]}, token="one.anna")[1]["token"]["token"]
    cookie = sign_in(people, "ben")
    came = []
    begun = time.monotonic()
    redeeming = threading.Thread(
        target=lambda: came.append((people.ask("POST", MATRIX, f"{API}/redeem?token={code}", {}, token="two.ben"), time.monotonic() - begun))
    )
    redeeming.start()
    time.sleep(0.5)
    watch = people.send("GET", PAGES, f"{API}/_live/{code}", headers={"cookie": cookie, "accept": "text/event-stream"})
    equal("somebody watches", (watch.status, watch.headers["content-type"]), (200, "text/event-stream"))
    events = []
    while line := watch.readline():
        if line.startswith(b"event: "):
            events.append((line.strip().decode().removeprefix("event: "), time.monotonic() - begun))
    redeeming.join()
    (status, answer), took = came[0]
    equal(f"redeeming is answered after {slow} s", (status, answer, took >= slow), (200, {"rooms": [room], "failed": []}, True))
    equal("its progress is told at once", (events[0][0], events[0][1] < 1.5), ("progress", True))
    equal("and its end, by the same request", (events[-1][0], abs(events[-1][1] - took) < 1.5), ("end", True))


def main():
    if sys.argv[1] == "homeserver":
        Homeserver.slow = float(sys.argv[2])
        ThreadingHTTPServer(("127.0.0.1", 8008), Homeserver).serve_forever()
    people = Through(sys.argv[2])
    paths(people)
    about_the_request(people)
    redeem(people, int(sys.argv[3]))


main()
