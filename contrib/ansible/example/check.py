# SPDX-FileCopyrightText: 2026 Super Invites contributors
#
# SPDX-License-Identifier: AGPL-3.0-or-later
"""check.py FOLDER: whether what the role installed for the two example servers is what it should be."""

import json
import re
import stat
import sys
from pathlib import Path

import yaml

OUT = Path(sys.argv[1])
API = "(PathPrefix(`/_synapse/client/super_invites`) || PathPrefix(`/_synapse/client/share_link`))"
LONGEST_HOSTNAME = 253


def equal(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, wanted {wanted!r}")


def labels(server):
    """The container's labels. Docker reads one from each line that is neither empty nor a comment."""
    lines = (OUT / server / "matrix/super-invites/labels").read_text().splitlines()
    found = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    equal("the service's port", found["traefik.http.services.matrix-super-invites.loadbalancer.server.port"], "8090")
    equal("the network that Traefik is in", found["traefik.docker.network"], "traefik")
    return found


def routers(found):
    """The labels of each router, by name."""
    result = {}
    for name, value in found.items():
        if router := re.fullmatch(r"traefik\.http\.routers\.([^.]+)\.(.+)", name):
            result.setdefault(router[1], {})[router[2]] = value
    return result


def api_routers(found):
    """The two routers of the API, which are the same for every server."""
    public, internal = found["matrix-super-invites-public-client-api"], found["matrix-super-invites-internal-client-api"]
    equal("the public API's rule", public["rule"], f"Host(`matrix.example.com`) && {API}")
    equal("the public API's entrypoint", public["entrypoints"], "web-secure")
    equal("the public API's encryption", (public["tls"], public["tls.certResolver"]), ("true", "default"))
    equal("the internal API's rule", internal["rule"], API[1:-1])
    equal("the internal API's entrypoint", internal["entrypoints"], "matrix-internal-matrix-client-api")
    # A router without a priority has the length of its rule as one, as Synapse's has. Its name is as long as names get here.
    synapse = f"Host(`{'m' * LONGEST_HOSTNAME}`) && PathPrefix(`/_synapse/client`)"
    for router in public, internal:
        if int(router["priority"]) <= len(synapse):
            sys.exit(f"Synapse's router with a priority of {len(synapse)} would win over {router}")


def configuration(server, **wanted):
    found = yaml.safe_load((OUT / server / "matrix/super-invites/config/config.yaml").read_text())
    everywhere = {
        "acting": "appservice",
        "homeserver_public_url": "https://matrix.example.com",
        "homeserver_url": "http://matrix-synapse:8008",
        "element_web_url": "https://element.example.com",
        "registration_file": "/config/registration.yaml",
        "server_name": "example.com",
        "trusted_proxies": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
    }
    equal(f"the configuration of {server}", found, everywhere | wanted)


def registration(server):
    found = yaml.safe_load((OUT / server / "matrix/super-invites/config/registration.yaml").read_text())
    tokens = found.pop("as_token"), found.pop("hs_token")
    if tokens[0] == tokens[1] or not all(re.fullmatch(r"[0-9a-f-]{36}", token) for token in tokens):
        sys.exit(f"the tokens of {server} are no two different tokens: {tokens}")
    users = [{"exclusive": False, "regex": r"^@.*:example\.com$"}]
    equal(f"the registration of {server}", found, {
        "id": "super-invites", "url": None, "sender_localpart": "super-invites", "rate_limited": False,
        "namespaces": {"aliases": [], "rooms": [], "users": users},
    })


def unit(server, networks, services):
    text = (OUT / server / "systemd/matrix-super-invites.service").read_text()
    base = OUT / server / "matrix/super-invites"
    create = re.search(r"^ExecStartPre=/usr/bin/env docker create (.*?[^\\])\n", text, re.S | re.M)[1]
    arguments = re.sub(r"\\\n\s*", "", create).split(" ")
    equal(f"how {server} makes the container", arguments, [
        "--rm", "--name=matrix-super-invites", "--log-driver=none", "--user=991:991", "--cap-drop=ALL", "--read-only",
        "--network=matrix-addons", f"--env-file={base}/env", f"--label-file={base}/labels",
        "--mount", f"type=bind,src={base}/config,dst=/config,ro", "--mount", f"type=bind,src={base}/data,dst=/data",
        "ghcr.io/super-invites/super-invites:0.1.0",
    ])
    equal(f"the networks of {server}", re.findall(r"network connect (\S+) matrix-super-invites", text), networks)
    equal(f"what {server} requires", re.findall(r"^Requires=(.*)$", text, re.M), ["docker.service", *services])
    equal(f"what {server} wants", re.findall(r"^Wants=(.*)$", text, re.M), ["matrix-synapse.service", "matrix-traefik.service"])


def files(server, names):
    base = OUT / server / "matrix/super-invites"
    found = {str(path.relative_to(base)): stat.S_IMODE(path.stat().st_mode) for path in base.rglob("*") if path.is_file()}
    secret = dict.fromkeys(["config/config.yaml", "config/registration.yaml", "env", "labels", *names], 0o640)
    equal(f"the files of {server}", found, secret | {"bin/super-invites": 0o750})
    environment = (base / "env").read_text().split()
    equal(f"the environment of {server}", environment, ["SUPER_INVITES_CONFIG=/config/config.yaml", "SUPER_INVITES_LISTEN=0.0.0.0:8090"])
    script = (base / "bin/super-invites").read_text()
    equal(f"the script of {server}", script.splitlines()[0], "#!/bin/sh")


def wiring(server, databases, restart):
    found = json.loads((OUT / server / "wiring.json").read_text())
    source = OUT / server / "matrix/super-invites/config/registration.yaml"
    target = "/matrix-super-invites-registration.yaml"
    equal("what Synapse mounts", found["homeserver_arguments"], [f"--mount type=bind,src={source},dst={target},ro"])
    equal("what Synapse registers", found["homeserver_registrations"], [target])
    service = {"name": "matrix-super-invites.service", "priority": 2200, "restart_necessary": restart, "groups": ["matrix", "super-invites"]}
    equal("what the service manager starts", found["services"], [service])
    equal("what Postgres manages", found["databases"], databases)
    equal("whether the admin API is on the internal entrypoint", found["internal_admin_api"], False)


pages = labels("pages")
equal("the headers", pages["traefik.http.middlewares.matrix-super-invites-add-headers.headers.customresponseheaders.X-Robots-Tag"], "noindex")
pages = routers(pages)
equal("how many routers there are with pages", len(pages), 3)
equal("the pages' router", pages["matrix-super-invites"], {
    "rule": "Host(`invite.example.com`)", "service": "matrix-super-invites", "middlewares": "matrix-super-invites-add-headers",
    "entrypoints": "web-secure", "tls": "true", "tls.certResolver": "default",
})
api_routers(pages)
configuration(
    "pages", enable_web=True, generate_registration_token=True, public_url="https://invite.example.com",
    sql_url="postgresql://super_invites@matrix-postgres:5432/super_invites", sql_password_file="/config/database_password",
    share_link_generator={"url_prefix": "https://invite.example.com/p/"}, policy={"create": "admins", "max_uses": 50},
)
registration("pages")
unit("pages", ["matrix-homeserver", "matrix-postgres", "traefik"], ["matrix-postgres.service"])
files("pages", ["config/database_password"])
password = (OUT / "pages/matrix/super-invites/config/database_password").read_text()
equal("the length of the password, without an end of line", len(password), 36)
# The role has run twice here, and the second time there was nothing to restart for.
wiring("pages", [{"name": "super_invites", "username": "super_invites", "password": password}], restart=False)

api_only = routers(labels("api_only"))
equal("how many routers there are without pages", len(api_only), 2)
api_routers(api_only)
configuration("api_only", enable_web=False, generate_registration_token=False, sql_url="sqlite:////data/super_invites.db")
registration("api_only")
unit("api_only", ["matrix-homeserver", "traefik"], [])
files("api_only", [])
wiring("api_only", [], restart=True)
