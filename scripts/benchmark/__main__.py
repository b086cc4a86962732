"""scripts/bench: runs the requested measurements."""

import argparse
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path

import chaos
import compare
import lighthouse
import scale
import soak
from house import ROOT, House, say
from report import Report


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures the service; see the head of the script.")
    parser.add_argument("--compare", action="store_true", help="side by side with the Python module (also without a part)")
    parser.add_argument("--scale", action="store_true", help="many redemptions, many invites")
    parser.add_argument("--chaos", type=int, nargs="?", const=1000, metavar="N", help="N redemptions while instances are killed")
    parser.add_argument("--soak", type=float, nargs="?", const=10, metavar="MINUTES", help="a lasting load")
    parser.add_argument("--lighthouse", action="store_true", help="the page that a stranger opens, on a slow phone")
    parser.add_argument("--all", action="store_true", help="all of it")
    parser.add_argument("--quick", action="store_true", help="each part small, to see that it works")
    asked = parser.parse_args()
    if asked.all:
        asked.compare = asked.scale = asked.lighthouse = True
        asked.chaos, asked.soak = asked.chaos or (200 if asked.quick else 10_000), asked.soak or (0.5 if asked.quick else 10)
    if not (asked.scale or asked.chaos or asked.soak or asked.lighthouse):
        asked.compare = True
    return asked


def prepared(asked):
    """Installs the tools and builds a release of the service, or takes BENCH_BINARY as it is."""
    if not shutil.which("wrk"):
        sys.exit("error: wrk is needed for the load: install it (Debian: apt-get install wrk)")
    binary = os.environ.get("BENCH_BINARY")
    parts = [] if binary else ["build"]
    parts += ["module"] if asked.compare else ["synapse"]
    parts += ["postgres"] if asked.scale or asked.chaos else []
    parts += ["browser", "lighthouse"] if asked.lighthouse else []
    subprocess.run([ROOT / "scripts/setup", *parts], check=True)
    if not binary:
        say("building the service as it is shipped")
        subprocess.run([ROOT / "scripts/build", "--release"], cwd=ROOT, check=True)
        binary = Path(os.environ["CARGO_TARGET_DIR"]) / "release/super-invites"
    return binary


def machine(binary):
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    cores = len(os.sched_getaffinity(0))
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    now = datetime.now(timezone.utc)
    load = f"load average before {os.getloadavg()[0]:.1f}"
    return (
        f"{now:%Y-%m-%d %H:%M} UTC; {cores} cores ({cpu[1] if cpu else platform.machine()}), {memory:.0f} GiB of memory, {load}; "
        f"{commit}; `scripts/bench {' '.join(sys.argv[1:])}`"
    )


def main():
    asked = arguments()
    binary = prepared(asked)
    report, house = Report(), House(binary)

    def stop(number, _):
        house.interrupt()
        # An exception, so that everything that was started is stopped on the way.
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        report.text(machine(binary))
        parts = [(compare, asked.compare), (scale, asked.scale), (chaos, asked.chaos), (soak, asked.soak), (lighthouse, asked.lighthouse)]
        for part, wanted in parts:
            if wanted:
                try:
                    part.run(house, report, asked.quick, wanted)
                except Exception:
                    # The other parts still have figures.
                    traceback.print_exc()
                    report.goal(False, f"--{part.__name__} broke off")
                    house.empty()
        report.end()
    finally:
        house.close()


main()
