"""The measurements of scripts/bench. Arguments: a folder, perhaps --quick, then for each side a line of

    name homeserver_url service_url shared_secret homeserver_pid [service_pid]
"""

import hashlib
import hmac
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

FOLDER = sys.argv[1]
QUICK = "--quick" in sys.argv
SECONDS = 3 if QUICK else 8
API = "/_synapse/client/super_invites"
TICK = os.sysconf("SC_CLK_TCK")


class Side:
    def __init__(self, line):
        self.name, self.homeserver, self.service, self.secret, *pids = line.split()
        self.pids = [int(pid) for pid in pids]

    def ask(self, base, method, path, body=None, token=None, timeout=300):
        address = urllib.parse.urlsplit(base)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def person(self, name):
        path = "/_synapse/admin/v1/register"
        nonce = self.ask(self.homeserver, "GET", path)[1]["nonce"]
        mac = hmac.new(self.secret.encode(), "\0".join([nonce, name, "bench", "admin"]).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": "bench", "admin": True, "mac": mac}
        return self.ask(self.homeserver, "POST", path, body)[1]["access_token"]

    def rooms(self, token, count):
        path = "/_matrix/client/v3/createRoom"
        return [self.ask(self.homeserver, "POST", path, {"preset": "private_chat"}, token)[1]["room_id"] for _ in range(count)]

    def create(self, token, rooms, registration=False):
        body = {"rooms": rooms, "as_registration_token": registration}
        status, answer = self.ask(self.service, "POST", f"{API}/tokens", body, token)
        assert status == 200, answer
        return answer["token"]["token"]

    def cpu(self):
        """Seconds of CPU of the homeserver and, if it is a process of its own, the service."""
        def seconds(pid):
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / TICK
        return [seconds(pid) for pid in self.pids]

    def resident(self):
        """MiB of the process that does the work."""
        with open(f"/proc/{self.pids[-1]}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


class Bystander:
    """Somebody who uses the homeserver meanwhile."""

    def __init__(self, side, token):
        self.side, self.token, self.times, self.over = side, token, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        address = urllib.parse.urlsplit(self.side.homeserver)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=300)
        while not self.over.is_set():
            begin = time.perf_counter()
            connection.request("GET", "/_matrix/client/v3/account/whoami", headers={"Authorization": f"Bearer {self.token}"})
            connection.getresponse().read()
            self.times.append(time.perf_counter() - begin)
            self.over.wait(0.02)
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def median(self):
        return 1000 * statistics.median(self.times)


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))]


def milliseconds(text):
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if not found:
        return float("nan")
    value, unit = found.groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(side, clients, path, token, body=None):
    script = f"{FOLDER}/wrk.lua"
    with open(script, "w") as lua:
        lua.write(f'wrk.headers["Authorization"] = "Bearer {token}"\n')
        if body is not None:
            lua.write(f"wrk.method = 'POST'\nwrk.body = [[{json.dumps(body)}]]\n")
    command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--timeout", "60s", "--latency", "-s", script, side.service + path]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count = int(re.search(r"(\d+) requests in", text)[1])
    failed = sum(int(found) for found in re.findall(r"Non-2xx or 3xx responses: (\d+)|timeout (\d+)", text) for found in found if found)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    p50, p99 = (milliseconds(re.search(rf"{share}%\s+(\S+)", text)[1]) if count else float("nan") for share in (50, 99))
    # At the end of its time wrk leaves those in flight: none of them has failed, but a server without any answer has.
    return rate, p50, p99, failed + (clients if count == 0 else 0)


def redeem(side, clients, code, guests):
    times, failed = [], 0

    def one(guest):
        begin = time.perf_counter()
        try:
            status, _ = side.ask(side.service, "POST", f"{API}/redeem?token={code}", token=guest)
        except OSError:
            status = 0
        return time.perf_counter() - begin, status == 200

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for took, fine in pool.map(one, guests):
            times.append(took)
            failed += not fine
    rate = len(guests) / (time.perf_counter() - begin)
    return rate, 1000 * percentile(times, 0.5), 1000 * percentile(times, 0.99), failed


def recovered(side, token):
    """Until the homeserver answers again."""
    side.ask(side.homeserver, "GET", "/_matrix/client/v3/account/whoami", token=token)


def measure(side, token, clients, work):
    before = side.cpu()
    begin = time.perf_counter()
    with Bystander(side, token) as bystander:
        rate, p50, p99, failed = work(clients)
        took = time.perf_counter() - begin
    cpu = [100 * (after - before) / took for before, after in zip(before, side.cpu())]
    recovered(side, token)
    return {"rate": rate, "p50": p50, "p99": p99, "failed": failed, "bystander": bystander.median(), "cpu": cpu}


def main():
    sides = [Side(line) for line in sys.argv if " " in line]
    time.sleep(2)
    results, people = {}, {}
    print("| idle | bystander's whoami, median ms | resident MiB of the process with the API |\n|---|---|---|")
    for side in sides:
        people[side.name] = token = side.person("bystander")
        with Bystander(side, token) as bystander:
            time.sleep(2)
        side.idle = bystander.median()
        print(f"| {side.name} | {side.idle:.2f} | {side.resident():.0f} |", flush=True)
    print("\n| call | clients | side | req/s | p50 ms | p99 ms | failed | bystander ms (idle ×) | CPU % homeserver + service |")
    print("|---|---|---|---|---|---|---|---|---|")

    for side in reversed(sides):
        token = people[side.name]
        lists = {}
        for count in (1, 50, 1000):
            lists[count] = owner = side.person(f"owner{count}")
            rooms = side.rooms(owner, 5)
            for _ in range(count):
                side.create(owner, rooms)
        host = side.person("host")
        rooms = side.rooms(host, 5)
        few_code, many_code = side.create(host, rooms), side.create(host, side.rooms(host, 50))

        def report(call, clients, work):
            found = measure(side, token, clients, work)
            results[side.name, call, clients] = found
            cpu = " + ".join(f"{share:.0f}" for share in found["cpu"])
            print(
                f"| {call} | {clients} | {side.name} | {found['rate']:.1f} | {found['p50']:.2f} | {found['p99']:.1f} | {found['failed']} "
                f"| {found['bystander']:.2f} ({found['bystander'] / side.idle:.1f}) | {cpu} |",
                flush=True,
            )

        for clients in (1, 8) if QUICK else (1, 8, 16):
            for count, owner in lists.items():
                report(f"list({count})", clients, lambda c: wrk(side, c, f"{API}/tokens", owner))
            for registration in (False, True):
                body = {"rooms": rooms, "as_registration_token": registration}
                name = "create, 5 rooms" + (", registration" if registration else "")
                report(name, clients, lambda c: wrk(side, c, f"{API}/tokens", host, body))
            report("info", clients, lambda c: wrk(side, c, f"{API}/info?token={few_code}", token))
            for count, redeemed in ((5, few_code), (50, many_code)):
                guests = [side.person(f"guest-{count}-{clients}-{number}") for number in range(max(2, clients))]
                report(f"redeem({count})", clients, lambda c: redeem(side, c, redeemed, guests))
        if side.name == "service":
            guests = [side.person(f"guest-64-{number}") for number in range(64)]
            report("info", 64, lambda c: wrk(side, c, f"{API}/info?token={few_code}", token))
            report("redeem(5)", 64, lambda c: redeem(side, c, few_code, guests))
        print(f"| (after all) | | {side.name} | | | | | | {side.resident():.0f} MiB resident |", flush=True)

    print("\n| call | clients | requests per second, service ÷ module |\n|---|---|---|")
    for (name, call, clients), found in results.items():
        if name == "module":
            service = results["service", call, clients]["rate"]
            ratio = f"{service / found['rate']:.1f}" if found["rate"] else "∞"
            print(f"| {call} | {clients} | {ratio} |")


main()
