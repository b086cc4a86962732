"""packages.py ROOT DIR SYNAPSE_VERSION: whether the packages in contrib say the same. DIR has what scripts/packages has made of them, and gets
each configuration that is in them, in the folder `configurations`, with what the package adds to it.

packages.py --compose ROOT DIR: writes what contrib/compose/compose.yaml says to DIR, for scripts/compose-run: the service's variables to
compose.env, and Synapse's arguments to synapse.arguments.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

import kubernetes_validate
import yaml

ONLY_COMPOSE = sys.argv[1] == "--compose"
ROOT, DIR, *VERSION = sys.argv[2:] if ONLY_COMPOSE else sys.argv[1:]
ROOT, DIR = Path(ROOT), Path(DIR)
CONTRIB = ROOT / "contrib"
# Where the service runs as whom, and from where, differs.
PLACES = {"User", "Group", "DynamicUser", "ExecStart", "WorkingDirectory", "StateDirectory", "StateDirectoryMode", "LoadCredential"}
# Manifests for which there is no schema here, or that one applies by choice.
UNVALIDATED = {"Kustomization", "HTTPRoute", "ServiceMonitor"}
# How long the service takes to stop, in seconds, at most.
STOPS = 10
YUNOHOST_PLACES = {"ProtectHome", "BindPaths", "ReadWritePaths"}


def equal(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, wanted {wanted!r}")


def text(path):
    return (CONTRIB / path).read_text()


def configuration(name, keys):
    (DIR / "configurations" / name).write_text(yaml.safe_dump(keys))


def service_of(unit):
    """The section [Service] of a unit: what is set more than once is a list."""
    found = {}
    section = unit.split("[Service]\n")[1].split("\n[")[0]
    for line in section.splitlines():
        if line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found[key] = [*found[key], value] if key in found else [value]
    return {key: " | ".join(values) for key, values in found.items()}


def without(places, service):
    return {key: value for key, value in service.items() if key not in places}


def from_nix(value):
    match value:
        case True:
            return "yes"
        case list():
            return value
        case _:
            return str(value)


def units():
    """The role's container, the NixOS module and the app for YunoHost confine the service as the unit does."""
    unit = text("systemd/super-invites.service")
    service = service_of(unit)
    role = text("ansible/roles/custom/matrix-super-invites/templates/systemd/matrix-super-invites.service.j2")
    for container, ours in (
        ("--cap-drop=ALL", {"CapabilityBoundingSet": "", "NoNewPrivileges": "yes"}),
        ("--read-only", {"ProtectSystem": "strict", "StateDirectory": "super-invites"}),
        ("--user={{ matrix_super_invites_uid }}", {"User": "super-invites"}),
        ("Restart=always", {"Restart": "always"}),
    ):
        if container not in role:
            sys.exit(f"the role has no {container} any more: does the unit still confine the service as its container does?")
        equal(f"what stands for {container} of the role", {key: service.get(key) for key in ours}, ours)
    description = re.search("^Description=.*", unit, re.M)[0]
    equal("the description", description, re.search("^Description=.*", role, re.M)[0])

    nixos = json.loads((DIR / "nixos.json").read_text())
    made = {key: from_nix(value) for key, value in nixos["unit"]["serviceConfig"].items()}
    for several in ("SystemCallFilter", "Type"):
        made[several] = " | ".join(made[several])
    made["RestrictAddressFamilies"] = " ".join(made["RestrictAddressFamilies"])
    equal("the unit of the NixOS module", without(PLACES, made), without(PLACES, service))
    equal("what it starts after", f"After={' '.join(nixos['unit']['after'])}", re.search("^After=.*", unit, re.M)[0])
    configuration("nixos.yaml", nixos["settings"] | {"registration_file": "/keys/registration.yaml"})

    yunohost = without(PLACES | YUNOHOST_PLACES, service_of(text("yunohost/conf/systemd.service")))
    equal("the unit for YunoHost", yunohost, without(PLACES | YUNOHOST_PLACES, service))


def compose_services():
    """The services of compose.yaml, and the service's variables, with the names in .env.example."""
    names = dict(line.split("=", 1) for line in text("compose/.env.example").splitlines() if line and not line.startswith("#"))
    whole = yaml.safe_load(text("compose/compose.yaml"))
    filled = re.compile(r"\$\{(\w+)[^}]*\}")
    environment = whole["services"]["super-invites"]["environment"]
    return whole, {key: filled.sub(lambda name: names[name[1]], value) for key, value in environment.items()}


def sboms():
    """The lists name what is in the server, in the programs for browsers and in the style, with versions and licences, and nothing that only tests."""
    locked = {(crate["name"], crate["version"]) for crate in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for file in sorted(DIR.glob("*.cdx.json")):
        bom = json.loads(file.read_text())
        equal("the format", (bom["bomFormat"], bom["specVersion"]), ("CycloneDX", "1.6"))
        found = {one["name"]: one for one in bom["components"]}
        for name, part in (("axum", "server"), ("sqlx", "server"), ("libsqlite3-sys", "server"), ("leptos", "browser"), ("daisyui", "style")):
            if part not in {entry["value"] for entry in found.get(name, {"properties": []})["properties"]}:
                sys.exit(f"{file.name}: {name} is not in the part {part}")
        for one in bom["components"]:
            if not one["version"] or not one["licenses"]:
                sys.exit(f"{file.name}: {one['name']} has no version, or no licence")
            if one["purl"].startswith("pkg:cargo/") and (one["name"], one["version"]) not in locked:
                sys.exit(f"{file.name}: {one['name']} {one['version']} is not in Cargo.lock")
        for name in "bolero", "insta", "proptest", "rqrr":
            if name in found:
                sys.exit(f"{file.name}: {name} is only for tests")
        known = {one["bom-ref"] for one in [bom["metadata"]["component"], *bom["components"]]}
        if unknown := {ref for one in bom["dependencies"] for ref in [one["ref"], *one["dependsOn"]]} - known:
            sys.exit(f"{file.name}: nobody knows {unknown}")


def write_compose():
    whole, variables = compose_services()
    (DIR / "compose.env").write_text("".join(f"{key}={value}\n" for key, value in variables.items()))
    run, *arguments = whole["services"]["synapse"]["command"]
    equal("what Synapse's image is told", run, "run")
    (DIR / "synapse.arguments").write_text("".join(f"{argument}\n" for argument in arguments))


def compose():
    whole, variables = compose_services()
    keys = yaml.safe_load(text("compose/super-invites.yaml"))
    named = {key.removeprefix("SUPER_INVITES_").lower(): value for key, value in variables.items() if not key.endswith("_CONFIG")}
    configuration("compose.yaml", keys | named)
    equal("the proxies that are trusted", keys["trusted_proxies"], [whole["networks"]["default"]["ipam"]["config"][0]["subnet"]])
    equal("Synapse's version", whole["services"]["synapse"]["image"].rsplit(":", 1)[1], f"v{VERSION[0]}")
    for name, secret in whole["secrets"].items():
        equal(f"the file of the secret {name}", secret, {"file": f"secrets/{name}"})

    def forwards(path, upstream):
        blocks = re.findall(r"^\(super_invites\) \{.*?^\}|^\t@super_invites .*?^\t\}", text(path), re.M | re.S)
        return [block.replace(upstream, "UPSTREAM") for block in blocks]

    theirs = forwards("compose/Caddyfile", "super-invites:8090")
    equal("what the Caddyfile says about the service", theirs, forwards("proxies/Caddyfile", "127.0.0.1:8090"))
    equal("in how many places", len(theirs), 2)


def kubernetes():
    newest = kubernetes_validate.latest_version()
    found = {}
    for file in (CONTRIB / "kubernetes").glob("*.yaml"):
        manifest = yaml.safe_load(file.read_text())
        found[manifest["kind"]] = manifest
        if manifest["kind"] not in UNVALIDATED:
            kubernetes_validate.validate(manifest, newest, strict=True)
    configuration("kubernetes.yaml", yaml.safe_load(found["ConfigMap"]["data"]["super-invites.yaml"]))
    pod = found["Deployment"]["spec"]["template"]
    equal("the links to services", pod["spec"]["enableServiceLinks"], False)
    for kind, selector in (
        ("Deployment", found["Deployment"]["spec"]["selector"]["matchLabels"]),
        ("Service", found["Service"]["spec"]["selector"]),
        ("PodDisruptionBudget", found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]),
    ):
        if not selector.items() <= pod["metadata"]["labels"].items():
            sys.exit(f"the {kind} selects no pod: {selector}")
    [container] = pod["spec"]["containers"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    equal("what is mounted", mounted, {volume["name"] for volume in pod["spec"]["volumes"]})
    several(found, pod["spec"], container)
    resources = {yaml.safe_load(text(f"kubernetes/{name}"))["kind"] for name in found["Kustomization"]["resources"]}
    equal("what is applied", resources, set(found) - UNVALIDATED)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    internal = yaml.safe_load(found["ConfigMap"]["data"]["super-invites.yaml"])["internal_listen"]
    equal("the port of the probes", ports["internal"], int(internal.rsplit(":", 1)[1]))
    for probe in "startupProbe", "livenessProbe", "readinessProbe":
        equal(f"the port of the {probe}", container[probe]["httpGet"]["port"], "internal")
    for endpoint in found["ServiceMonitor"]["spec"]["endpoints"]:
        if endpoint["port"] not in {port["name"] for port in found["Service"]["spec"]["ports"]}:
            sys.exit(f"the ServiceMonitor names a port that the Service does not have: {endpoint['port']}")
    labels = found["Service"]["metadata"]["labels"]
    if not found["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items() <= labels.items():
        sys.exit("the ServiceMonitor selects no Service")


def several(found, pod, container):
    """There is always an instance that answers, also while they are replaced, and each has the time to end what it has begun."""
    deployment, budget = found["Deployment"]["spec"], found["PodDisruptionBudget"]["spec"]
    if not 1 <= budget["minAvailable"] < deployment["replicas"]:
        sys.exit(f"of {deployment['replicas']} instances {budget['minAvailable']} have to stay: then none may leave, or all")
    equal("how many may be missing during an update", deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0)
    paths = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    wanted = {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
    equal("what the probes ask", paths, wanted)
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    if pod["terminationGracePeriodSeconds"] < waits + STOPS:
        sys.exit(f"after {waits} s of preStop less than {STOPS} s are left to end what was begun")


def yunohost():
    manifest = tomllib.loads(text("yunohost/manifest.toml"))
    equal("the port", manifest["resources"]["ports"]["main"]["default"], 8090)
    # From the manifest, from the helpers, and from scripts/_common.sh.
    given = {"app", "domain", "port", "install_dir", "data_dir", "synapse_instance", *re.findall(r"^  (\w+)=\$", text("yunohost/scripts/_common.sh"), re.M)}
    for file in (CONTRIB / "yunohost/conf").iterdir():
        wanted = {name.lower() for name in re.findall(r"__([A-Z_]+?)__", file.read_text())}
        if not wanted <= given:
            sys.exit(f"{file.name}: nobody sets {wanted - given}")
    filled = re.sub(r"__PORT(_SYNAPSE)?__", "8090", text("yunohost/conf/super-invites.yaml"))
    configuration("yunohost.yaml", yaml.safe_load(re.sub(r"__([A-Z_]+?)__", "example", filled)))


def traefik():
    http = yaml.safe_load(text("proxies/traefik.yml"))["http"]
    for name, router in http["routers"].items():
        if router["service"] not in http["services"]:
            sys.exit(f"{name}: there is no such service")
    for name, service in http["services"].items():
        if service["loadBalancer"]["serversTransport"] not in http["serversTransports"]:
            sys.exit(f"{name}: there is no such transport")


def marked():
    """Whatever no test runs says so at its top, and why."""
    for folder in ("kubernetes", "nixos", "yunohost"):
        for file in (CONTRIB / folder).rglob("*"):
            if file.is_file() and file.name != "check.nix" and "ot run by a test, because" not in " ".join(file.read_text().split()[:130]):
                sys.exit(f"{file.relative_to(ROOT)} does not say that no test runs it")


if ONLY_COMPOSE:
    write_compose()
    sys.exit()
sboms()
units()
compose()
kubernetes()
yunohost()
traefik()
marked()
