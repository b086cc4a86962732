"""Lighthouse for an invite's landing page, as a phone on a slow connection loads it: simulated throttling, the tool's default."""

import json
import os
import statistics
import subprocess

from house import ROOT, say
from load import create

ROUNDS = 5
GOALS = {"performance": 98, "accessibility": 100, "best-practices": 100}
# In seconds.
PAINTS = {"first-contentful-paint": 1.0, "largest-contentful-paint": 1.5}


def once(url, out):
    """Runs the tool once and returns its report."""
    flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
    command = [
        "lighthouse", url, "--quiet", f"--chrome-flags={flags}", f"--only-categories={','.join(GOALS)}",
        "--output=json", f"--output-path={out}",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=180)
    return json.loads(out.read_text())


def run(house, report, quick, _):
    report.heading("Lighthouse")
    folder = os.environ["LIGHTHOUSE_HOME"]
    os.environ["PATH"] = f"{folder}/node_modules/.bin:{os.environ['PATH']}"
    os.environ.setdefault("CHROME_PATH", "/usr/bin/chromium")
    homeserver = house.synapse("lighthouse")
    owner, admin = homeserver.person("anna"), homeserver.person("admin", True)
    service = house.service(
        "service", homeserver, f"sqlite:///{house.folder}/lighthouse.db", site_dir=None, generate_registration_token="true"
    )
    homeserver.trust_service(admin)
    code = create(service.url, owner, homeserver.rooms(owner, 4), create_dm=True)
    url = f"{service.url}/i/{code}"
    found = []
    for number in range(1 if quick else ROUNDS):
        say(f"Lighthouse, round {number + 1}")
        found.append(once(url, house.folder / "lighthouse.json"))
    report.text(f"The landing page of an invite that opens an account, signed out; median of {len(found)}; {found[0]['lighthouseVersion']}.")
    report.head("what", "found", "goal")
    for name, goal in GOALS.items():
        score = round(100 * statistics.median(one["categories"][name]["score"] for one in found))
        report.row(name, score, f"≥ {goal}")
        report.goal(score >= goal, f"Lighthouse, {name}: {score}, not {goal}")
    for name, goal in PAINTS.items():
        seconds = statistics.median(one["audits"][name]["numericValue"] for one in found) / 1000
        report.row(name, f"{seconds:.1f} s", f"≤ {goal} s")
        report.goal(seconds <= goal, f"Lighthouse, {name}: {seconds:.1f} s, not {goal} s")
    print()
    failed = {
        audit["title"]
        for one in found
        for name in GOALS
        for audit in (one["audits"][part["id"]] for part in one["categories"][name]["auditRefs"] if part["weight"])
        if audit["score"] is not None and audit["score"] < 0.9
    }
    for title in sorted(failed):
        report.text(f"Not passed: {title}.")
    house.empty()
